import json

import pytest
from helpers.stub_families import SAMPLES, found

from sottovoce.codec.evaluation.families.rows import GROUPS, TIERS, assemble, bits_per_level
from sottovoce.models.families.kinds import KINDS


def named(report, name):
    return next(row for row in report["families"] if row["name"] == name)


def order_of(heard, *families):
    return assemble(families, heard, [], {})["order"]


def test_every_kind_has_its_group_and_tiers_are_of_kinds():
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(KINDS)
    assert {kind for _, kinds in TIERS for kind in kinds} <= set(KINDS)


def test_rows_stand_in_the_tutorial_s_order_the_best_of_a_group_last(report):
    assert [(row["group"], row["name"]) for row in report["families"]] == [
        ("counts and linear", "ngram"),
        ("neural autoregressive", "window <64>"),
        ("neural autoregressive", "gru"),
        ("neural autoregressive", "wavenet"),
        ("pictures", "pixelcnn-b"),
        ("pictures", "pixelcnn-a"),
        ("latent variable", "vae"),
        ("latent variable", "vae, 32 draws"),
        ("flows", "waveglow + pixelcnn-a"),
        ("flows", "waveglow"),
    ]


def test_a_row_says_what_was_found(report):
    row = named(report, "gru")
    assert row["recordings"] == pytest.approx([4.45, 4.475, 4.5, 4.525, 4.55])
    assert row["bits"]["mean"] == pytest.approx(4.5)
    assert 4.45 <= row["bits"]["low"] < 4.5 < row["bits"]["high"] <= 4.55
    assert (row["of"], row["exact"]) == ("waveform", True)
    assert row["training"] == [{"device": "CPU, 1 threads", "minutes": 1.5, "steps": 10}]
    assert row["lossless"]["excess"] == pytest.approx(0.5)  # 128,640 bits for 128,000
    assert row["latent_bit_rate"] is None
    json.dumps(report, allow_nan=False)


def test_latents_and_both_bounds(report):
    elbo, tighter = named(report, "vae"), named(report, "vae, 32 draws")
    assert elbo["latent_bit_rate"] == 1600
    assert (elbo["bits"]["mean"], tighter["bits"]["mean"]) == pytest.approx((6.0, 5.5))
    assert (elbo["evaluating"], tighter["evaluating"]) == (0.25, 3.0)
    assert not tighter["exact"]


def test_a_picture_and_the_waveform_given_it_are_a_bound_for_the_waveform(report):
    assert named(report, "waveglow")["of"] == "given picture"
    assert bits_per_level(named(report, "pixelcnn-a")) == pytest.approx(1.0)
    row = named(report, "waveglow + pixelcnn-a")
    assert (row["of"], row["exact"], row["parameters"], row["bytes"]) == ("waveform", False, 1300, 5000)
    assert row["bits"]["mean"] == pytest.approx(4.5)
    assert row["recordings"] == pytest.approx([4.4, 4.45, 4.5, 4.55, 4.6])
    assert (row["evaluating"], row["sampling"], row["training"]) == (0.5, 16.0, [])


def test_without_pictures_there_is_no_total(heard):
    report = assemble([found("waveglow", 4.0, conditional="mel", exact=False)], heard, [], {})
    assert [row["name"] for row in report["families"]] == ["waveglow"]


def test_exceptions_from_the_expected_order_are_told(report, heard):
    assert [tier["families"] for tier in report["order"]["tiers"]] == [["ngram"], ["window <64>"], ["wavenet", "gru"]]
    (exception,) = report["order"]["exceptions"]
    assert (exception["simple"], exception["rich"]) == ("window <64>", "gru")
    assert exception["fewer"]["mean"] == 0
    order = order_of(heard, found("fir", 4.0), found("window", 4.2), found("lstm", 4.1))
    assert {(one["simple"], one["rich"], round(one["fewer"]["mean"], 3)) for one in order["exceptions"]} == {
        ("fir", "window", 0.2),
        ("fir", "lstm", 0.1),
    }


def test_the_expected_order(heard):
    assert order_of(heard, found("lstm", 4.1), found("ngram", 5), found("window", 4.2))["exceptions"] == []
    assert order_of(heard, found("lstm", 4.1), found("gru", 5)) is None


def test_a_single_recording(heard):
    one = found("gru", 4.0)
    one.measured["bits"] = one.measured["bits"][:1]
    row = assemble([one], heard[:1], [0], {})["families"][0]
    assert row["bits"]["count"] == 1
    assert row["recordings"] == pytest.approx([3.95])
    assert SAMPLES[0] == heard[0][1]
