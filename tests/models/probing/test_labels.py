"""What tables say of recordings, step by step."""

from pathlib import Path

import pytest
from helpers import talkers

from sottovoce.models.errors import SottoError
from sottovoce.models.phones.labels import PHONE_IDS, PHONES
from sottovoce.models.probing.labels import (
    UNKNOWN,
    LabelledRecording,
    phone_labels,
    read_recordings,
    select_recordings,
    speaker_labels,
)


def recording(
    name: str = "a.wav", speaker: str = "here:her", phones: str = "AH0:0:3 SIL:3:6 T:6:8"
) -> LabelledRecording:
    return LabelledRecording(Path(name), speaker, "f", True, phones)


def test_the_phone_in_the_middle_of_a_step():
    ah, t, silence = PHONE_IDS["AH"], PHONE_IDS["T"], len(PHONES)
    assert phone_labels(recording(), 8, 1).tolist() == [ah] * 3 + [silence] * 3 + [t] * 2
    assert phone_labels(recording(), 5, 2).tolist() == [ah, silence, silence, t, UNKNOWN]  # frames 1, 3, 5, 7, 9
    assert phone_labels(recording(), 1, 4).tolist() == [ah]
    assert phone_labels(recording(phones=""), 3, 2).tolist() == [UNKNOWN] * 3


def test_who_is_silent_cannot_be_told_from_others():
    phones = phone_labels(recording(), 5, 2)
    assert speaker_labels(recording(), 7, phones).tolist() == [7, UNKNOWN, UNKNOWN, 7, UNKNOWN]
    nothing = recording(phones="")
    assert speaker_labels(nothing, 7, phone_labels(nothing, 3, 2)).tolist() == [7] * 3


def test_some_are_of_all_speakers_and_of_known_phones():
    many = [recording(f"{i}.wav", "here:much", "") for i in range(50)]
    few = [recording(f"{name}{i}.wav", name) for name in ("a", "b", "c") for i in range(5)]
    few += [recording("d.wav", "d", "")]
    chosen = select_recordings(many + few, 10)
    spoken = [one.speaker for one in chosen]
    assert len(set(chosen)) == 10
    assert sorted(spoken.count(name) for name in ("a", "b", "c", "d", "here:much")) == [1, 2, 2, 2, 3]
    assert (spoken.count("d"), spoken.count("here:much")) == (1, 2)
    assert chosen == select_recordings(many + few, 10) != select_recordings(many + few, 10, seed=1)
    known = select_recordings(
        [*(recording(f"{i}.wav", phones="") for i in range(9)), *(recording(f"{i}p.wav") for i in range(3))], 3
    )
    assert all(one.phones for one in known)


def test_tables(talking: Path):
    found = read_recordings(talking, "train")
    assert len(found) == 16
    assert found[0] == LabelledRecording((talking / "train/0/0.wav").resolve(), "here:train0", "f", True, "")
    assert (found[9].gender, found[9].adult, found[9].speaker) == ("f", False, "here:train2")
    assert found[1].phones.startswith("SIL:0:")


def test_nobody_in_particular(tmp_path: Path):
    talkers.write_table(
        tmp_path / "train.csv", [talkers.COLUMNS, *(("c", n, "", "", "a.wav") for n in ("", "unknown"))]
    )
    talkers.write_table(tmp_path / "alignments.csv", [("path", "phones"), ("a.wav", "T:0:9")])
    assert [one.speaker for one in read_recordings(tmp_path, "train")] == ["", ""]


def test_what_is_wrong_with_tables(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_recordings(tmp_path, "train")
    table, row = tmp_path / "train.csv", ("c", "s", "f", "", "a.wav")
    talkers.write_table(table, [talkers.COLUMNS, row])
    with pytest.raises(ValueError, match=r"alignments\.csv"):
        read_recordings(tmp_path, "train")
    talkers.write_table(table, [("path", "speaker", "corpus"), ("a.wav", "s", "c")])
    with pytest.raises(SottoError, match="'gender'"):
        read_recordings(tmp_path, "train")
    talkers.write_table(table, [talkers.COLUMNS, (*row[:3], "old", "a.wav")])
    with pytest.raises(ValueError, match="'old'"):
        read_recordings(tmp_path, "train")
    for phones in ("T:0", "BANG:0:3", "T:a:b"):
        with pytest.raises(ValueError, match=r"a\.wav"):
            phone_labels(recording(phones=phones), 4, 2)
