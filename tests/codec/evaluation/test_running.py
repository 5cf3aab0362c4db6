"""The whole evaluation, with quick codecs and metrics; tests/cli/test_evaluate.py has the real ones."""

import copy
import csv
import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import loudness, measuring, metrics, page, peers, running, transcribing
from sottovoce.codec.evaluation.conditions import conditions
from sottovoce.codec.evaluation.options import EvaluationOptions
from sottovoce.codec.evaluation.peers import MissingProgram
from sottovoce.codec.evaluation.peers.base import floats, integers
from sottovoce.codec.evaluation.predictors import PREDICTORS
from sottovoce.codec.evaluation.recogniser import RecogniserModel
from sottovoce.codec.evaluation.waves import read, read_flac

LATE = 40


class Late:
    """Samples again, late, at another level and a little wrong."""

    title, family, bit_rate = "late", "fake", 256000.0

    def __init__(self, name, done):
        self.name, self.identity, self.done = name, f"{name} {done['version']}", done

    def encode(self, wave):
        self.done["coded"] += 1
        return integers(0.5 * np.pad(wave, (LATE, 0))).tobytes()

    def decode(self, data):
        return floats(data) + np.float32(0.001 if self.name == "fake:rough" else 0)

    def commands(self):
        return None


class Console:
    def __init__(self):
        self.warned, self.phases = [], []

    def progress(self, what):
        self.phases.append(what)
        return nullcontext()

    def advance(self, done, total):
        assert 0 < done <= total

    def warn(self, *what):
        self.warned.append(what)


@pytest.fixture
def done(toy, wav, monkeypatch):
    """Three recordings, two quick codecs beside the original, and a missing one; counts what is done."""
    for number, seconds in enumerate((0.5, 0.9, 0.7)):
        wav(f"talks/{number}.wav", seconds=seconds)
    Path("talks/list.csv").write_text("path,speaker,gender,age\n0.wav,a,f,9\n1.wav,a,f,9\n2.wav,b,m,30\n")
    done = {"coded": 0, "measured": 0, "version": 1}

    def peer(name, settings):
        if name == "fake:missing":
            raise MissingProgram("apt install fake")
        return Late(name, done)

    def measure(reference, decoded, output, keys=metrics.METRICS):
        done["measured"] += 1
        error = 1e6 * float(np.mean((reference.wave - decoded) ** 2))
        level = loudness.level_error(reference.wave, output)
        figures = dict.fromkeys(metrics.METRICS, error) | {"per": None, "level": level}
        return {key: figures[key] for key in keys}

    monkeypatch.setattr(peers, "names", lambda against, presets, settings: ["fake:fine", "fake:rough", "fake:missing"])
    monkeypatch.setattr(peers, "peer", peer)
    monkeypatch.setattr(metrics, "versions", lambda: {"metrics": done["version"]})
    monkeypatch.setattr(measuring, "measure", measure)
    monkeypatch.setattr(page, "build", lambda report, folder: f"<html>{len(report['codecs'])}")
    return done


def evaluate(output="out", each=map, watcher=None, source="talks/list.csv", **options):
    return running.evaluate(source, output, EvaluationOptions(**options), each=each, watcher=watcher or Console())


def without_costs(report):
    report = copy.deepcopy(report)
    for codec in report["codecs"]:
        for key in ("encode_rtf", "decode_rtf", "encode_memory", "decode_memory"):
            codec.pop(key)
    return report


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*.flac")}


def test_report(done):
    console = Console()
    report = evaluate(watcher=console)
    assert console.warned == [("fake:missing", "not measured; to have it, apt install fake")]
    assert console.phases == ["reading", "coding", "aligning", "measuring"]
    assert report["missing"] == {"fake:missing": "apt install fake"}
    assert [codec["name"] for codec in report["codecs"]] == ["fake:fine", "fake:rough", "original"]
    assert [one["seconds"] for one in report["recordings"]] == [0.5, 0.9, 0.7]
    fine, rough, original = report["codecs"]
    assert (fine["delay"], original["delay"]) == (LATE, 0)
    assert original["means"]["lsd"]["mean"] == 0
    assert fine["means"]["lsd"]["mean"] < rough["means"]["lsd"]["mean"]
    assert fine["means"]["per"] is None
    assert fine["means"]["level"]["mean"] == pytest.approx(6.02, abs=0.01)  # measured before it is matched
    assert original["means"]["level"]["mean"] == 0
    assert fine["file_bit_rate"] == pytest.approx(256000 * (2.1 + 3 * LATE / 16000) / 2.1, abs=0.1)
    assert set(rough["groups"]) == {"corpus", "gender", "age"}
    assert rough["groups"]["corpus"] == {}
    assert rough["groups"]["age"]["children"]["lsd"]["count"] == 2
    assert json.loads(Path("out/report.json").read_text()) == report
    assert Path("out/report.html").read_text() == "<html>3"
    rows = list(csv.DictReader(Path("out/report.csv").read_text().splitlines()))
    assert len(rows) == 9
    assert rows[4]["codec"] == "fake:rough"
    assert rows[4]["path"] == "1.wav"
    assert float(rows[4]["lsd"]) == rough["recordings"][1]["lsd"]
    assert rows[4]["per"] == ""


def test_what_was_measured_can_be_heard(done):
    report = evaluate()
    wave, heard = read(Path("talks/1.wav")), read_flac(Path("out/decoded/fake-fine/0001.flac"))
    assert 1e6 * np.mean((wave - heard) ** 2) == pytest.approx(report["codecs"][0]["recordings"][1]["lsd"])
    np.testing.assert_array_equal(read_flac(Path("out/decoded/original/0001.flac")), wave)


def interrupted_after(parts):
    """As map, but Ctrl-C comes after some parts."""
    left = iter(range(parts))

    def each(work, tasks):
        for task in tasks:
            if next(left, None) is None:
                raise KeyboardInterrupt
            yield work(task)

    return each


@pytest.mark.parametrize("parts", [0, 1, 5, 9, 11, 12, 14])
def test_what_is_interrupted_goes_on(done, parts):
    whole = evaluate("whole")
    assert (done["coded"], done["measured"]) == (6, 9)
    with pytest.raises(KeyboardInterrupt):
        evaluate("out", interrupted_after(parts))
    assert not Path("out/report.json").exists()
    resumed = evaluate("out")
    assert without_costs(resumed) == without_costs(whole)
    assert files("out") == files("whole")
    assert (done["coded"], done["measured"]) == (12, 18)  # nothing twice


def test_an_interrupted_recording_keeps_the_codecs_that_were_measured(done, monkeypatch):
    measure = measuring.measure

    def third_time_never(*pair):
        if done["measured"] == 2:
            raise KeyboardInterrupt
        return measure(*pair)

    monkeypatch.setattr(measuring, "measure", third_time_never)
    with pytest.raises(KeyboardInterrupt):
        evaluate()
    monkeypatch.setattr(measuring, "measure", measure)
    evaluate()
    assert done["measured"] == 9


def test_nothing_is_done_twice(done):
    first, console = evaluate(), Console()
    assert evaluate(watcher=console) == first
    assert console.phases == ["reading"]
    assert (done["coded"], done["measured"]) == (6, 9)


def test_other_recordings_are_other_results(done, wav):
    evaluate()
    wav("talks/1.wav", seconds=0.8)
    report = evaluate()
    assert report["recordings"][1]["seconds"] == 0.8
    assert done["coded"] == 6 + 2
    assert done["measured"] == 9 + 3


def test_other_programs_and_metrics_are_other_results(done):
    evaluate()
    done["version"] = 2
    evaluate()
    assert (done["coded"], done["measured"]) == (12, 18)


@pytest.mark.parametrize("lost", ["parts/fake-fine/0001.flac", "decoded/fake-fine/0001.flac", "report.json"])
def test_what_was_lost_is_made_again(done, lost):
    first = evaluate()
    Path("out", lost).unlink()
    assert without_costs(evaluate()) == without_costs(first)
    assert Path("out", lost).exists()


@pytest.mark.parametrize("lost", ["parts/fake-fine/0001.flac", "decoded/fake-fine/0001.flac"])
@pytest.mark.parametrize("rest", [0, 100, 2000])
def test_what_was_damaged_is_made_again(done, lost, rest):
    first, path = evaluate(), Path("out", lost)
    whole = path.read_bytes()
    assert len(whole) > rest
    path.write_bytes(whole[:rest])
    assert without_costs(evaluate()) == without_costs(first)
    assert path.read_bytes() == whole


def test_a_report_among_the_recordings(done):
    first = evaluate("talks/report", source="talks")
    assert len(first["recordings"]) == 3
    assert evaluate("talks/report", source="talks") == first


def test_bad_input_is_noticed_before_any_work(done):
    Path("talks/2.wav").write_text("no sound")
    with pytest.raises(SottoError, match=r"^talks/2\.wav: no sound"):
        evaluate()
    Path("talks/2.wav").unlink()
    with pytest.raises(SottoError, match=r"^talks/2\.wav: no such file"):
        evaluate()
    Path("file").touch()
    with pytest.raises(SottoError, match=r"^file: is a file; name a folder for the report"):
        evaluate("file")
    assert not Path("out").exists()
    assert done["coded"] == 0


def test_a_codec_that_fails_is_named(done, monkeypatch):
    def fail(self, data):
        raise SottoError("fakedec failed", "see what it does by hand")

    monkeypatch.setattr(Late, "decode", fail)
    with pytest.raises(SottoError, match=r"^fake:fine, 0\.wav: fakedec failed"):
        evaluate()


class Parrot:
    """A recogniser that counts its work: it misses a word of what is rough."""

    def __init__(self, originals):
        self.transcribed, self.originals = 0, originals

    def transcribe(self, wave, language):
        self.transcribed += 1
        if language == "nl":
            return None
        same = any(np.array_equal(wave, one) for one in self.originals)
        return "he may come home" if same else "he may come"


@pytest.fixture
def parrot(done, monkeypatch):
    pytest.importorskip("whisper_normalizer", reason="whisper_normalizer isn't installed")
    Path("talks/list.csv").write_text("path,speaker,language,text\n0.wav,a,en,He may!\n1.wav,b,,\n2.wav,c,nl,een\n")
    parrot = Parrot([read(Path(f"talks/{number}.wav")) for number in range(3)])
    model = RecogniserModel("tiny.en", "models/tiny.en", "ab" * 32, "1.2.1")
    monkeypatch.setattr(running, "find_model", lambda name: model)
    monkeypatch.setattr(transcribing, "recogniser", lambda folder: parrot)
    return parrot


def test_word_error_rates(parrot):
    console = Console()
    report = evaluate(asr="tiny.en", watcher=console)
    assert console.phases[-1] == "transcribing"
    _, rough, original = report["codecs"]
    assert original["means"]["dwer"] == {"mean": 0, "low": 0, "high": 0, "count": 2}
    assert rough["means"]["dwer"]["mean"] == 25
    assert rough["means"]["wer"] == {"mean": 50, "low": 50, "high": 50, "count": 1}
    assert rough["recordings"][0]["transcript"] == "he may come"
    assert "transcript" not in rough["recordings"][2]  # in a language that the recogniser does not know
    assert report["recogniser"] == {"name": "tiny.en", "sha256": "ab" * 32, "faster-whisper": "1.2.1"}
    assert "Whisper `tiny.en` (SHA-256 abababababababab" in Path("out/report.md").read_text()
    assert parrot.transcribed == 9
    assert evaluate(asr="tiny.en") == report
    assert parrot.transcribed == 9  # nothing twice
    assert "wer" not in evaluate()["codecs"][0]["means"]
    evaluate(asr="tiny.en", language="nl")
    assert parrot.transcribed == 12  # of the recordings whose language is not known


def test_conditions(parrot, done):
    done["measured"] = 0
    wanted = conditions(noise=["pink"], snr=[10, 5], tandem=[2], loss=[10], burst=3)
    report = evaluate(asr="tiny.en", conditions=wanted)
    assert [one["key"] for one in report["conditions"]] == [
        "noise-pink-5",
        "noise-pink-10",
        "loss-10-burst-3",
        "tandem-2",
    ]
    five, ten, loss, tandem = report["conditions"]
    assert loss["codecs"] == []  # none of these conceals losses
    assert [codec["name"] for codec in five["codecs"]] == ["fake:fine", "fake:rough", "original"]
    uncoded = five["codecs"][2]
    assert uncoded["degraded"]["estoi"]["mean"] == 0  # the same samples
    assert uncoded["means"]["estoi"]["mean"] > ten["codecs"][2]["means"]["estoi"]["mean"] > 0
    assert set(uncoded["means"]) == {*metrics.CONDITION_METRICS, "wer", "dwer"}
    assert set(uncoded["degraded"]) == {*metrics.DEGRADED_METRICS, "dwer"}
    assert uncoded["means"]["dwer"]["mean"] == 25  # one word of four, which the noise hides
    assert uncoded["degraded"]["dwer"]["mean"] == 0
    assert tandem["codecs"][0]["degraded"] == {}
    assert tandem["codecs"][0]["means"]["estoi"]["mean"] < 1  # its delay counts once for each generation
    assert read_flac(Path("out/conditions/noise-pink-5/input/0001.flac")).any()
    text = Path("out/report.md").read_text()
    assert "## Pink noise" in text
    assert "| ESTOI ↑ | none | pink noise, 5 dB | pink noise, 10 dB |" in text
    counts = dict(done), parrot.transcribed
    assert without_costs(evaluate(asr="tiny.en", conditions=wanted)) == without_costs(report)
    assert (dict(done), parrot.transcribed) == counts  # nothing twice


def test_a_report_with_conditions_among_the_recordings(done):
    first = evaluate("talks/report", source="talks", conditions=conditions(band=["telephone"]))
    assert len(first["recordings"]) == 3
    assert evaluate("talks/report", source="talks", conditions=conditions(band=["telephone"])) == first


def test_predictors(done, monkeypatch, tmp_path):
    asked = []

    def load(folder):
        assert folder == tmp_path / "squim"
        return lambda wave: asked.append(len(wave)) or {"squim_stoi": float(np.std(wave)), "squim_pesq": float("nan")}

    squim = replace(
        PREDICTORS["squim"],
        package="numpy",
        module="numpy",
        load=load,
        metrics={key: PREDICTORS["squim"].metrics[key] for key in ("squim_stoi", "squim_pesq")},
    )
    monkeypatch.setitem(PREDICTORS, "squim", squim)
    monkeypatch.setitem(PREDICTORS, "utmos", replace(PREDICTORS["utmos"], module="no_such_module"))
    console = Console()
    report = evaluate(predictors=["squim", "utmos"], weights=str(tmp_path), watcher=console)
    assert {"squim", "utmos"} <= set(report["missing"])
    assert ("utmos", "not measured; to have it, pip install utmos-pytorch") in console.warned
    assert report["missing"]["squim"].startswith("put squim_objective_dns2020.pth of torchaudio's SQUIM_OBJECTIVE into")
    (tmp_path / "squim").mkdir()
    (tmp_path / "squim" / "squim_objective_dns2020.pth").write_bytes(b"weights")
    report = evaluate(predictors=["squim"], weights=str(tmp_path))
    assert len(asked) == 9
    mean = report["codecs"][2]["means"]["squim_stoi"]["mean"]
    assert mean == pytest.approx(np.mean([np.std(read(Path(f"talks/{number}.wav"))) for number in range(3)]), abs=1e-4)
    assert report["codecs"][0]["means"]["squim_pesq"] is None
    assert {"key": "squim_stoi", "title": "SQUIM STOI", "digits": 3, "better": "more"} in report["metrics"]
    assert evaluate(predictors=["squim"], weights=str(tmp_path)) == report
    assert len(asked) == 9  # nothing twice
