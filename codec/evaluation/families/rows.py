"""The figures of all families put together: rows in the tutorial's order, totals, and which models beat which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sottovoce.codec.evaluation.families.measuring import Lossless, Measured
from sottovoce.codec.evaluation.references import ReferenceRecording
from sottovoce.codec.evaluation.statistics import interval
from sottovoce.models.features import BANDS, HOP, SAMPLE_RATE

FORMAT = 1

GROUPS = {
    "counts and linear": ("ngram", "fir", "adaptive-fir"),
    "neural autoregressive": ("window", "rnn", "lstm", "gru", "wavenet", "transformer"),
    "pictures": ("pixelcnn",),
    "latent variable": ("vae",),
    "flows": ("nice", "realnvp", "glow", "waveglow"),
    "autoregressive given latents": ("latent-wavenet",),
}
"""The tutorial's, and which kinds of families are in each."""

OTHERS = "others"

TIERS = (
    ("counts and linear prediction", ("ngram", "fir", "adaptive-fir")),
    ("neural language model", ("window",)),
    ("recurrent, dilated and attending networks", ("lstm", "gru", "wavenet", "transformer")),
)
"""What the field expects: each kind of a tier needs fewer bits than all kinds of the tiers before it."""

Row = dict[str, Any]


@dataclass(frozen=True)
class FamilyResult:
    """A family and what was found of it.

    Parameters
    ----------
    name : str
        As the report calls it.
    about : mapping
        What store.load tells of it.
    bytes : int
        Of its file.
    sha256 : str
        Of its file.
    measured : Measured
    """

    name: str
    about: Mapping[str, Any]
    bytes: int
    sha256: str
    measured: Measured


def assemble(
    found: Sequence[FamilyResult],
    heard: Sequence[tuple[ReferenceRecording, int]],
    told: Sequence[int],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Put together what compare.json holds.

    Parameters
    ----------
    found : sequence of FamilyResult
        The families.
    heard : sequence of (ReferenceRecording, int)
        The recordings and their samples.
    told : sequence of int
        Which of the recordings are prompts.
    versions : mapping
        Of what measured.
    """
    speakers = [one.who for one, _ in heard]
    rows = [row for one in found for row in _rows(one, [count for _, count in heard], speakers)]
    rows += _totals(rows, speakers)
    places = [*GROUPS, OTHERS]
    rows.sort(key=lambda row: (places.index(row["group"]), -row["bits"]["mean"]))
    return {
        "format": FORMAT,
        "versions": dict(versions),
        "recordings": [
            {
                "path": one.path,
                "corpus": one.corpus,
                "speaker": one.speaker,
                "seconds": round(samples / SAMPLE_RATE, 3),
            }
            for one, samples in heard
        ],
        "prompts": list(told),
        "families": rows,
        "order": order(rows, speakers),
    }


def _rows(one: FamilyResult, samples: Sequence[int], speakers: Sequence[str]) -> Iterator[Row]:
    measured, kind = one.measured, one.about["family"]["kind"]
    latent = measured["latent_bits"]
    row: Row = {
        "name": one.name,
        "kind": kind,
        "group": next((group for group, kinds in GROUPS.items() if kind in kinds), OTHERS),
        "of": "picture" if measured["domain"] == "mel" else "given picture" if measured["conditional"] else "waveform",
        "exact": measured["exact"],
        **_costs(measured["bits"], samples, speakers),
        "parameters": measured["parameters"],
        "bytes": one.bytes,
        "evaluating": measured["evaluating"],
        "sampling": measured["sampling"],
        "latents": measured["latents"],
        "latent_bit_rate": None if latent is None else round(sum(latent) * SAMPLE_RATE / sum(samples), 1),
        "control": measured["control"],
        "training": list(_training(one.about)),
        "lossless": _excess(measured["lossless"]),
        "sha256": one.sha256,
    }
    yield row
    if tighter := measured["tighter"]:
        name = f"{one.name}, {tighter['draws']} draws"
        yield {**row, "name": name, **_costs(tighter["bits"], samples, speakers), "evaluating": tighter["evaluating"]}


def _training(about: Mapping[str, Any]) -> Iterator[Row]:
    """The runs that made a family, the first one first."""
    if "after" in about:
        yield from _training(about["after"])
    if "seconds" in about:
        yield {"device": about["device"], "minutes": round(about["seconds"] / 60, 2), "steps": about["steps"]}


def _costs(bits: Sequence[float], samples: Sequence[int], speakers: Sequence[str]) -> Row:
    """What each recording and all of them cost, in bits a sample of the waveform."""
    each = [round(cost / count, 4) for cost, count in zip(bits, samples, strict=True)]
    return {"bits": interval(each, speakers), "recordings": each}


def _excess(files: Lossless | None) -> dict[str, Any] | None:
    """Lossless files, and how much longer than they should be, in percent."""
    if files is None:
        return None
    return {**files, "bits": round(files["bits"], 1), "excess": round(800 * files["bytes"] / files["bits"] - 100, 3)}


def bits_per_level(row: Mapping[str, Any]) -> float:
    """What a level costs of a family of pictures, whose bits are told for each sample of the waveform they show."""
    return float(row["bits"]["mean"] * HOP / BANDS)


def _totals(rows: Sequence[Row], speakers: Sequence[str]) -> Iterator[Row]:
    """The waveform given its picture, and the best family of pictures for that: together a bound for the waveform.

    p(x) >= p(picture of x) p(x | picture of x), as other pictures might give the same x a chance as well.
    """
    pictures = [row for row in rows if row["of"] == "picture"]
    for row in rows:
        if not pictures or row["of"] != "given picture":
            continue
        best = min(pictures, key=lambda picture: picture["bits"]["mean"])
        each = [round(one + other, 4) for one, other in zip(row["recordings"], best["recordings"], strict=True)]
        yield {
            **row,
            "name": f"{row['name']} + {best['name']}",
            "of": "waveform",
            "exact": False,
            "bits": interval(each, speakers),
            "recordings": each,
            **{key: row[key] + best[key] for key in ("parameters", "bytes", "evaluating", "sampling")},
            "training": [],
        }


def order(rows: Sequence[Row], speakers: Sequence[str]) -> dict[str, Any] | None:
    """Compare the families of each tier with all of the tiers before it.

    Returns
    -------
    dict or None
        `tiers`: title and names, best first, of those that are there; `exceptions`: pairs (`simple`, `rich`) in which
        the former needs no more bits, and the mean and interval of how many fewer. None of fewer than two tiers.
    """
    tiers = []
    for title, kinds in TIERS:
        members = sorted((row for row in rows if row["kind"] in kinds), key=lambda row: row["bits"]["mean"])
        if members:
            tiers.append((title, members))
    if len(tiers) < 2:
        return None
    exceptions = []
    for place, (_, members) in enumerate(tiers):
        for simple in (row for _, before in tiers[:place] for row in before):
            for rich in members:
                fewer = [b - a for a, b in zip(simple["recordings"], rich["recordings"], strict=True)]
                gap = interval(fewer, speakers)
                if gap and gap["mean"] >= 0:
                    exceptions.append({"simple": simple["name"], "rich": rich["name"], "fewer": gap})
    return {
        "tiers": [{"title": title, "families": [row["name"] for row in members]} for title, members in tiers],
        "exceptions": exceptions,
    }
