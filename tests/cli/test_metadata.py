"""Metadata goes with the speech: from the recording to the .sotto file, and from there to the decoded recording."""

import os
import struct
import sys
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from helpers.sounds import speech
from mutagen.id3 import APIC, COMM, TCON, TIT2, TPE1, TXXX

import sottovoce

TAGS = {"TITLE": ["Über uns"], "ARTIST": ["Ann", "Bob"], "DATE": ["2020-01-02"]}
FORMATS = {"flac": {}, "ogg": {}, "mp3": {}, "wav": {}, "aiff": {}, "opus": {"format": "OGG", "subtype": "OPUS"}}


def tagged(suffix: str) -> str:
    name = f"talk.{suffix}"
    soundfile.write(name, speech(1.0), 16000, **FORMATS[suffix])
    recording = mutagen.File(name)
    if suffix in ("flac", "ogg", "opus"):
        recording.update(title="Über uns", artist=["Ann", "Bob"], date="2020-01-02", encoder="lame", lyrics="la")
        recording.save()
        return name
    recording.add_tags()
    frames = [
        TIT2(text="Über uns"),
        TPE1(text=["Ann", "Bob"]),
        mutagen.id3.TDRC(text="2020-01-02"),
        APIC(mime="image/png", data=b"1234"),
        COMM(lang="eng", desc="iTunNORM", text="0000"),
    ]
    for frame in frames:
        recording.tags.add(frame)
    recording.save()
    return name


def file_tags(name: str) -> dict[str, list[str]]:
    return sottovoce.info(Path(name).read_bytes()).tags


@pytest.mark.parametrize("suffix", FORMATS)
def test_encode_carries_metadata_over(sotto, suffix):
    assert sotto("encode", tagged(suffix), "-o", "talk.sotto")[0] == 0
    assert file_tags("talk.sotto") == TAGS
    assert sotto("encode", f"talk.{suffix}", "-o", "bare.sotto", "--no-tags")[0] == 0
    assert file_tags("bare.sotto") == {}
    sotto("encode", f"talk.{suffix}", "-o", "own.sotto", "--tag", "title=Mine", "--tag", "X=y")
    assert file_tags("own.sotto") == {"ARTIST": ["Ann", "Bob"], "DATE": ["2020-01-02"], "title": ["Mine"], "X": ["y"]}
    assert sottovoce.read_tags(f"talk.{suffix}") == TAGS


def test_what_programs_write_by_themselves_is_left_out(sotto):
    assert sottovoce.read_tags(Path(__file__).parents[2] / "samples" / "rms-44k-stereo.flac") == {}


def test_m4a(sotto):
    av = pytest.importorskip("av")
    with av.open("talk.m4a", "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(speech(1.0)[None], format="fltp", layout="mono")
        frame.sample_rate = 16000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    recording = mutagen.File("talk.m4a")
    recording["\xa9nam"], recording["trkn"], recording["\xa9cmt"] = ["T"], [(3, 9)], ["two\nlines"]
    recording["----:com.apple.iTunes:ISBN"] = [b"978"]
    recording.save()
    sotto("encode", "talk.m4a", "-o", "talk.sotto")
    assert file_tags("talk.sotto") == {
        "TITLE": ["T"],
        "TRACKNUMBER": ["3/9"],
        "COMMENT": ["two lines"],
        "ISBN": ["978"],
    }


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3"])
def test_decode_writes_metadata(sotto, wav, suffix):
    tags = [("TITLE", "Über uns"), ("COMMENT", "c"), ("DATE", "2020-01-02"), ("GENRE", "Speech")]
    sotto("encode", wav(), "-o", "talk.sotto", *(word for key, value in tags for word in ("--tag", f"{key}={value}")))
    assert sotto("decode", "talk.sotto", "-o", f"back.{suffix}")[0] == 0
    assert sottovoce.read_tags(f"back.{suffix}") == {key: [value] for key, value in tags}
    assert sotto("decode", "talk.sotto", "-o", f"bare.{suffix}", "--no-tags")[0] == 0
    assert sottovoce.read_tags(f"bare.{suffix}") == {}
    (with_tags, _), (bare, _) = soundfile.read(f"back.{suffix}"), soundfile.read(f"bare.{suffix}")
    assert np.array_equal(with_tags, bare)


@pytest.mark.parametrize("suffix", ["flac", "mp3"])
def test_unknown_keys_are_written_where_the_format_holds_them(sotto, wav, suffix):
    sotto("encode", wav(), "-o", "talk.sotto", "--tag", "ISBN=978", "--tag", "ARTIST=a", "--tag", "ARTIST=b")
    sotto("decode", "talk.sotto", "-o", f"back.{suffix}")
    assert sottovoce.read_tags(f"back.{suffix}") == {"ISBN": ["978"], "ARTIST": ["a", "b"]}


def test_a_wav_with_tags_is_well_formed(sotto, wav):
    sotto("encode", wav(), "-o", "talk.sotto", "--tag", "TITLE=odd")
    sotto("decode", "talk.sotto", "-o", "back.wav")
    data = Path("back.wav").read_bytes()
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    assert data[-12:] == b"INAM\x04\0\0\0odd\0"
    assert sotto("encode", "back.wav", "-o", "again.sotto") == sotto("encode", "back.wav", "-f", "-o", "again.sotto")
    assert file_tags("again.sotto") == {"TITLE": ["odd"]}


def test_info_list_of_other_programs(sotto, wav):
    data = Path(wav()).read_bytes()
    text = "Köln".encode("cp1252") + b"\0"
    fields = struct.pack("<4sI", b"INAM", len(text)) + text + b"\0" + struct.pack("<4sI", b"ISFT", 2) + b"x\0"
    chunk = struct.pack("<4sI", b"LIST", 4 + len(fields)) + b"INFO" + fields
    Path("other.wav").write_bytes(data[:12] + chunk + data[12:])  # before the samples, as FFmpeg writes it
    assert sottovoce.read_tags("other.wav") == {"TITLE": ["Köln"]}


def test_join_merges(sotto, wav):
    for name, extra in (("a", "B=1"), ("b", "B=2")):
        sotto("encode", wav(), "-o", f"{name}.sotto", "--tag", "TITLE=t", "--tag", extra)
    assert sotto("join", "a.sotto", "b.sotto", "-o", "both.sotto")[0] == 0
    assert file_tags("both.sotto") == {"TITLE": ["t"], "B": ["1", "2"]}


def test_tags_that_are_too_long_are_left_out(sotto, wav):
    soundfile.write("talk.flac", speech(1.0), 16000)
    recording = mutagen.File("talk.flac")
    recording.update(title="t", comment="x" * 70000)
    recording.save()
    status, _, err = sotto("encode", "talk.flac")
    assert status == 0
    assert "the tag COMMENT is too long, and left out" in err
    assert file_tags("talk.sotto") == {"TITLE": ["t"]}


def test_broken_tags_are_no_reason_to_stop(sotto, wav):
    tagged("mp3")
    data = bytearray(Path("talk.mp3").read_bytes())
    data[10:30] = b"\xff" * 20
    Path("talk.mp3").write_bytes(data)
    assert sotto("encode", "talk.mp3")[0] == 0


def test_without_mutagen(sotto, monkeypatch):
    tagged("flac")
    monkeypatch.setitem(sys.modules, "mutagen", None)
    status, _, err = sotto("encode", "talk.flac", "--tag", "A=b")
    assert status == 0
    assert "talk.flac: its tags are not carried over without mutagen: pip install 'sottovoce[formats]'" in err
    status, _, err = sotto("decode", "talk.sotto", "-o", "back.flac")
    assert status == 0
    assert "its tags are not written without mutagen" in err
    assert os.path.getsize("back.flac")


def test_genre_numbers_become_words(sotto, wav):
    tagged("mp3")
    recording = mutagen.File("talk.mp3")
    recording.tags.add(TCON(text="(101)"))
    recording.tags.add(TXXX(desc="replaygain_track_gain", text="1 dB"))
    recording.save()
    assert sottovoce.read_tags("talk.mp3") == {**TAGS, "GENRE": ["Speech"]}
