import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sottovoce.codec.evaluation import places
from sottovoce.codec.evaluation.page import examples
from sottovoce.codec.evaluation.page.examples import choose, gather, read_clip


def recording(path, corpus="a", speaker="1", gender="f", age="", seconds=4.0):
    who = {"corpus": corpus, "speaker": speaker, "gender": gender, "age": age, "language": "en"}
    return {"id": path, "path": path, "seconds": seconds, **who}


def test_examples_differ_in_corpus_age_gender_and_speaker():
    recordings = [
        recording("a/1", "a", "1", "f", "30"),
        recording("a/2", "a", "1", "f", "30"),
        recording("a/3", "a", "2", "m", "30"),
        recording("a/4", "a", "3", "f", "8"),
        recording("b/1", "b", "4", "m", ""),
    ]
    assert choose(recordings, 4) == [0, 4, 3, 2]  # another corpus and gender, then a child, then the other man


def test_among_equals_the_best_length_then_the_path_decides():
    recordings = [recording("c", seconds=9.0), recording("b", seconds=4.1), recording("a", seconds=4.1)]
    assert choose(recordings) == [2, 1, 0]
    assert choose(recordings[::-1]) == [0, 1, 2]


def test_an_unknown_age_is_neither_a_childs_nor_an_adults():
    recordings = [
        recording("1", speaker="1", age="16"),
        recording("2", speaker="2", age="40"),
        recording("3", speaker="3", age=""),
        recording("4", speaker="4", age="15"),
    ]
    assert choose(recordings, 3) == [0, 2, 3]


def test_an_unknown_speaker_is_somebody_else_every_time():
    recordings = [
        recording("1", speaker="1"),
        recording("2", speaker="1", gender="m"),
        recording("3", speaker=""),
        recording("4", speaker=""),
    ]
    assert choose(recordings, 3) == [0, 2, 3]


def test_all_sound_comes_along_while_there_is_room(report, folder):
    gathered = gather(report, folder, 10_000_000)
    assert sorted(gathered.recordings) == [0, 1, 2, 3, 4, 5]
    assert len(gathered.clips) == 6 * len(report["codecs"])
    assert gathered.left_out == []


def test_what_is_too_much_goes_in_the_stated_order(report, folder):
    whole = gather(report, folder, 10_000_000)
    less = gather(report, folder, whole.size // 2)
    assert less.recordings == whole.recordings[:3]
    assert less.left_out == ["example 6", "example 5", "example 4"]
    few = gather(report, folder, less.size - 1)
    assert few.left_out == [*less.left_out, "codes of default, Griffin-Lim"]
    least = gather(report, folder, 0)
    codecs = ["codes of default, Griffin-Lim", "Opus 6 kbit/s", "Codec 2 700C", "Codec 2 3200"]
    assert least.left_out == [*less.left_out, *codecs, "example 3", "example 2"]
    assert {codec for _, codec in least.clips} == {"sotto:low", "sotto:default", "original", "pcm8k"}
    assert few.size <= less.size - 1


def test_recordings_without_sound_are_not_chosen(report, folder, tmp_path):
    assert gather(report, tmp_path, 10_000_000).recordings == []
    one = places.clip(tmp_path, "original", "0002")
    one.parent.mkdir(parents=True)
    one.write_bytes(places.clip(folder, "original", "0002").read_bytes())
    assert list(gather(report, tmp_path, 10_000_000).clips) == [(2, "original")]


@pytest.mark.parametrize(("seconds", "kept"), [(5.0, 5.0), (6.0, 6.0), (9.0, examples.LONGEST)])
def test_long_recordings_fade_out_after_six_seconds(tmp_path: Path, seconds, kept):
    wave = np.full(round(16000 * seconds), 0.25, np.float32)
    soundfile.write(tmp_path / "long.flac", wave, 16000, subtype="PCM_16")
    clip, rate = soundfile.read(io.BytesIO(read_clip(tmp_path / "long.flac")))
    assert (len(clip), rate) == (16000 * kept, 16000)
    assert (clip[-1] == 0) == (seconds > kept)
    assert clip[-1000] == 0.25
