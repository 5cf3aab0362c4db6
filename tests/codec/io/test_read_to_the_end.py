"""Recordings are read to their end, whatever their headers say; what is missing is named."""

import io
import os
import struct
import threading

import numpy as np
import pytest
import soundfile
from helpers.sounds import speech

from sottovoce.codec.errors import SottoError
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.io.wav_pipe import piped_wav
from sottovoce.models.audio.reader import AudioReader

ONE = speech(1)
PCM = np.rint(ONE * 32767).astype("<i2").tobytes()


def read(data: bytes) -> tuple[np.ndarray, AudioReader]:
    with open("input", "wb") as file:
        file.write(data)
    with open_sound("input", 16000) as sound:
        return np.concatenate(list(sound)), sound


def encoded(kind: str, seconds: float = 1.0, rate: int = 16000, channels: int = 1, subtype: str | None = None) -> bytes:
    """A recording with some noise, so that its bit rate is an ordinary one."""
    file = io.BytesIO()
    wave = speech(seconds, rate, channels)
    wave = wave + np.random.default_rng(0).normal(0, 0.01, wave.shape).astype(np.float32)
    soundfile.write(file, wave, rate, format=kind, subtype=subtype)
    return file.getvalue()


def chunk(name: bytes, body: bytes, size: int | None = None, order: str = "<") -> bytes:
    return name + struct.pack(order + "I", len(body) if size is None else size) + body


def form(order: str = "<") -> bytes:
    return chunk(b"fmt ", struct.pack(order + "HHIIHH", 1, 1, 16000, 32000, 2, 16), order=order)


def riff(*chunks: bytes, size: int = 0, magic: bytes = b"RIFF") -> bytes:
    return magic + struct.pack("<I", size) + b"WAVE" + b"".join(chunks)


def ds64(*sizes: int) -> bytes:
    return chunk(b"ds64", struct.pack("<QQQI", *sizes, 0))


HEADERS = {
    "of no samples, as Python's wave begins": riff(form(), chunk(b"data", PCM, 0), size=36),
    "of nothing": riff(form(), chunk(b"data", PCM, 0)),
    "of AVAudioFile": riff(chunk(b"JUNK", bytes(28)), form(), chunk(b"FLLR", bytes(4008)), chunk(b"data", PCM, 0)),
    "of the largest size": riff(form(), chunk(b"data", PCM, 0xFFFF_FFFF), size=0xFFFF_FFFF),
    "of arecord": riff(form(), chunk(b"data", PCM, 0x8000_0000), size=0x8000_0024),
    "with the word data in it": riff(
        form(), chunk(b"LIST", b"INFOICMT\x0e\0\0\0new mic  data\0"), chunk(b"data", PCM, 0)
    ),
    "with a long description": riff(form(), chunk(b"iXML", b"a" * 100_000), chunk(b"data", PCM, 0)),
    "RF64 of unknown sizes": riff(ds64(0, 0, 0), form(), chunk(b"data", PCM, 0xFFFF_FFFF), magic=b"RF64"),
    "RF64": riff(ds64(32080, 32000, 16000), form(), chunk(b"data", PCM, 0xFFFF_FFFF), magic=b"RF64"),
    "BW64": riff(ds64(32080, 32000, 16000), form(), chunk(b"data", PCM, 0xFFFF_FFFF), magic=b"BW64"),
    "with odd chunks": riff(chunk(b"note", b"hello\0", 5), form(), chunk(b"data", PCM)),
    "with odd chunks that are not padded": riff(chunk(b"note", b"hello"), form(), chunk(b"data", PCM)),
}
BIG_ENDIAN = np.frombuffer(PCM, "<i2").astype(">i2").tobytes()
HEADERS["RIFX"] = riff(form(">"), chunk(b"data", BIG_ENDIAN, 0, ">"), magic=b"RIFX")


@pytest.mark.parametrize("name", HEADERS)
def test_wav_headers(in_folder, name):
    samples, sound = read(HEADERS[name])
    assert len(samples) == sound.samples == 16000
    assert np.abs(samples - ONE).max() < 1e-3
    assert not sound.warnings


@pytest.mark.parametrize("name", HEADERS)
def test_wav_headers_in_a_pipe(name):
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as file:
        writer = threading.Thread(target=lambda: (os.write(theirs, HEADERS[name][:40_000]), finish()))

        def finish() -> None:
            with os.fdopen(theirs, "wb") as rest:
                rest.write(HEADERS[name][40_000:])

        writer.start()
        start = os.read(ours, 12)
        with piped_wav(file, start, 16000) as wav:
            samples = np.concatenate(list(wav))
        writer.join()
    assert len(samples) == 16000
    assert np.abs(samples - ONE).max() < 1e-3
    assert not wav.warnings


def test_a_size_that_is_too_small(in_folder):
    """As where a recording of more than 4 GB wrapped its 32 bits."""
    samples, sound = read(riff(form(), chunk(b"data", PCM, 3200), size=3236))
    assert len(samples) == 16000
    assert sound.warnings == ["its header gives 0.10 s, but there are 1.00 s; all of it was read"]


def test_more_than_four_gigabytes(in_folder):
    """Sparse; the header is read, the samples are not."""
    from sottovoce.models.audio.containers import find_links

    size = (1 << 32) + 5 * 32000
    with open("wrapped.wav", "w+b") as file:
        file.write(riff(form(), chunk(b"data", b"", size & 0xFFFF_FFFF), size=(size + 36) & 0xFFFF_FFFF))
        file.truncate(44 + size)
        found = find_links(file)
    assert found.links[0].pieces[1] == (44, 44 + size)
    assert "all of it was read" in found.warnings[0]


@pytest.mark.parametrize("tail", [chunk(b"LIST", b"INFO"), b"TAG" + b"x" * 125, bytes(100), b"\0"])
def test_what_follows_the_samples_is_not_sound(in_folder, tail):
    samples, sound = read(riff(form(), chunk(b"data", PCM)) + tail)
    assert len(samples) == 16000
    assert not sound.warnings


def test_no_samples_before_other_chunks(in_folder):
    with pytest.raises(SottoError, match="no samples"):
        read(riff(form(), chunk(b"data", b""), chunk(b"LIST", b"INFO")))


def test_bytes_after_the_samples_of_a_pipe_are_taken():
    """So that the program that writes them is not killed by SIGPIPE."""
    ours, theirs = os.pipe()
    taken = []

    def write() -> None:
        with os.fdopen(theirs, "wb") as pipe:
            pipe.write(riff(form(), chunk(b"data", PCM)) + chunk(b"LIST", bytes(1 << 20)))
        taken.append(True)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(ours, "rb") as file, piped_wav(file, os.read(ours, 12), 16000) as wav:
        assert sum(map(len, wav)) == 16000
    writer.join()
    assert taken


CHAINABLE = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None), ("FLAC", None), ("WAV", None)]


@pytest.mark.parametrize(("kind", "subtype"), CHAINABLE)
@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (48000, 2)])
def test_files_one_behind_the_other(in_folder, kind, subtype, rate, channels):
    parts = encoded(kind, 2, subtype=subtype), encoded(kind, 3, rate, channels, subtype=subtype)
    samples, sound = read(b"".join(parts))
    alone = [len(read(part)[0]) for part in parts]
    assert alone == pytest.approx([32000, 48000], abs=2500)
    assert len(samples) == sound.samples == sum(alone)
    assert not sound.warnings


def frames(data: bytes) -> bytes:
    """An MP3 without its Xing header."""
    start = data.index(b"\xff\xf3")
    return data[data.index(b"\xff\xf3", start + 4) :]


def test_a_variable_bit_rate_without_a_header(in_folder):
    file = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    wave = np.concatenate((noise, np.zeros(10 * 16000, np.float32), noise))
    soundfile.write(file, wave, 16000, format="MP3", bitrate_mode="VARIABLE", compression_level=0.5)
    samples, sound = read(frames(file.getvalue()))
    assert len(samples) == pytest.approx(12 * 16000, abs=2500)
    assert np.abs(samples[-16000:]).max() > 0.1
    assert not sound.warnings


def test_rubbish_before_an_mp3(in_folder):
    rubbish = np.random.default_rng(3).bytes(6000)
    samples, sound = read(rubbish + encoded("MP3", 2))
    assert len(samples) == len(read(encoded("MP3", 2))[0])
    assert sound.warnings == ["6000 bytes in it are not sound and were skipped"]


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None), ("FLAC", None), ("WAV", None), ("CAF", None)],
)
def test_cut_files_are_read_to_the_cut(in_folder, kind, subtype):
    whole = encoded(kind, 20, subtype=subtype)
    samples, sound = read(whole[: len(whole) // 2])
    assert 0.25 * 320_000 < len(samples) < 0.75 * 320_000
    assert any(word in " ".join(sound.warnings) for word in ("cut off", "damaged after"))


def test_a_caf_of_unknown_size(in_folder):
    data = encoded("CAF")
    at = data.index(b"data") + 4
    samples, sound = read(data[:at] + b"\xff" * 8 + data[at + 8 :])
    assert len(samples) == pytest.approx(16000, abs=8) and not sound.warnings


def unknown_length(data: bytes) -> bytes:
    """A FLAC file as it is written to a pipe."""
    return data[:21] + bytes([data[21] & 0xF0]) + bytes(4) + data[26:]


def test_a_flac_of_unknown_length(in_folder):
    samples, sound = read(unknown_length(encoded("FLAC", 3)))
    assert len(samples) == 48000 and not sound.warnings


def pages(data: bytes) -> bytes:
    """A FLAC file in pages of Ogg, of which nobody here checks the checksums."""
    bodies = [b"\x7fFLAC\x01\0\0\x01" + data[:42]]
    bodies += [data[at : at + 60_000] for at in range(42, len(data), 60_000)]
    out = b""
    for number, body in enumerate(bodies):
        flags = (2 if not number else 0) | (4 if number == len(bodies) - 1 else 0)
        laces = bytes([255] * (len(body) // 255) + [len(body) % 255])
        out += b"OggS\0" + bytes([flags]) + bytes(8) + struct.pack("<III", 7, number, 0)
        out += bytes([len(laces)]) + laces + body
    return out


def test_flac_in_ogg(in_folder):
    samples, sound = read(pages(encoded("FLAC", 3)))
    assert len(samples) == 48000 and not sound.warnings


def test_a_tag_before_a_flac_or_mp3(in_folder):
    tag = b"ID3\x04\0\0\0\0\x08\0" + bytes(1024)
    for kind in ("FLAC", "MP3"):
        assert len(read(tag + encoded(kind, 2))[0]) == pytest.approx(32000, abs=2500)


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [
        ("a.m4a", "ipod", "aac"),
        ("a.aac", "adts", "aac"),
        ("a.webm", "webm", "libopus"),
        ("a.mp4", "mp4", "aac"),
        ("a.mov", "mov", "pcm_s16le"),
        ("a.wma", "asf", "wmav2"),
    ],
)
def test_other_formats(in_folder, name, container, codec):
    av = pytest.importorskip("av")
    wave = np.rint(speech(3, 48000, 2) * 32767).astype(np.int16)
    with av.open(name, "w", format=container) as file:
        stream = file.add_stream(codec, rate=48000, layout="stereo")
        stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), "s16", "stereo")
        frame.rate = 48000
        stream.codec_context.open()
        convert = av.AudioResampler(stream.format, stream.layout, 48000, stream.codec_context.frame_size or 4096)
        for piece in (*convert.resample(frame), *convert.resample(None)):
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    with open_sound(name, 16000) as sound:
        samples = np.concatenate(list(sound))
    assert (sound.rate, sound.channels) == (48000, 2)
    assert len(samples) == pytest.approx(48000, abs=2500)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(speech(3) ** 2)), rel=0.1)
    assert not sound.warnings


def test_without_pyav_a_line_says_what_to_install(in_folder, monkeypatch):
    import builtins

    real = builtins.__import__

    def refuse(name, *rest):
        if name == "av":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SottoError, match=r"^input: .*PyAV.*; pip install 'sottovoce\[formats\]', or convert it"):
        read(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(100))
