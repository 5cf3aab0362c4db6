"""Any file name, in every locale; folders that are linked or forbidden; what is no file; closed streams."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.commands import SOTTO
from helpers.processes import LIMIT

from sottovoce.cli.support.streams import settle
from sottovoce.cli.support.text import as_json, one_line
from sottovoce.codec.offline.info import info

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names and streams of POSIX")

LATIN_1 = b"Ren\xe9.wav"
NAMES = (
    LATIN_1,
    "über.wav".encode(),
    "漢".encode() * 80 + b".wav",
    b"a\nsotto: b.wav",
    b"\x1b[31mred.wav",
    "\u202egpj.wav".encode(),
    b" .wav",
    b"--json.wav",
)


@pytest.fixture
def named(wav):
    data = Path(wav()).read_bytes()
    os.mkdir("names")
    for name in NAMES:
        Path("names", os.fsdecode(name)).write_bytes(data)


@pytest.mark.parametrize("encoding", ["utf-8", "euc-jp", "iso-8859-1"])
def test_names_in_every_locale(sotto, named, monkeypatch, encoding):
    """Standard output is strict in all locales but C."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding, "strict", write_through=True))
    settle()
    status, _, err = sotto("encode", "names", "-o", "coded", "-j", "1")
    assert (status, err) == (0, "")
    lines = written.getvalue().decode(encoding)
    assert len(lines.splitlines()) == len(NAMES) + 2
    assert r"Ren\xe9.wav" in lines and r"a\nsotto: b.wav" in lines and r"\x1b[31mred" in lines and r"\u202egpj" in lines
    assert sorted(os.listdir(b"coded")) == sorted(name.removesuffix(b".wav") + b".sotto" for name in NAMES)
    written.truncate(0)
    written.seek(0)
    assert sotto("decode", "coded", "-o", "back", "-j", "1", "--json")[0] == 0
    *documents, _ = [json.loads(line) for line in written.getvalue().decode("utf-8").splitlines()]
    found = {document["output"].encode("utf-8", "surrogateescape") for document in documents}
    assert found == {b"back/" + name for name in NAMES}


def test_names_read_in_another_locale():
    """In C, without Python's UTF-8 mode, each byte of a name is a surrogate."""
    name = "über".encode().decode("ascii", "surrogateescape")
    assert one_line(name) == "über"
    assert as_json({"file": name}) == '{"file": "über"}\n'.encode()
    assert as_json("\udce9") == b'"\\udce9"\n'


def test_names_too_long_for_the_output(sotto, wav):
    name = "x" * 251
    wav(f"{name}.wav")
    status, _, err = sotto("encode", f"{name}.wav")
    assert (status, err) == (
        2,
        f"sotto: {name}.sotto: its name is too long for the file system; choose a shorter one\n",
    )


def test_linked_folders_are_followed_once(sotto, wav):
    for name in ("talks/real/a.wav", "talks/deep/b.wav", "elsewhere/c.wav"):
        wav(name)
    os.symlink("../real", "talks/deep/again")
    os.symlink("..", "talks/real/loop")
    os.symlink("../elsewhere", "talks/out")
    status, _, err = sotto("encode", "talks", "-r", "-o", "coded", "-j", "1")
    assert (status, err) == (0, "")
    assert sorted(str(path) for path in Path("coded").rglob("*.sotto")) == [
        "coded/deep/b.sotto",
        "coded/out/c.sotto",
        "coded/real/a.sotto",
    ]


def test_pipes_in_folders_do_not_hang(sotto, wav):
    wav("talks/a.wav")
    os.mkfifo("talks/b.wav")
    status, out, err = sotto("encode", "talks", "-o", "coded", "-j", "1")
    assert (status, err) == (0, "")
    assert "1 ignored (1 pipe, socket or device)" in out
    assert os.listdir("coded") == ["a.sotto"]


def test_a_named_pipe_is_read(toy, wav):
    data = Path(wav()).read_bytes()
    os.mkfifo("pipe.wav")
    with subprocess.Popen([*SOTTO, "encode", "pipe.wav", "-o", "x.sotto"], stdout=subprocess.PIPE) as process:
        Path("pipe.wav").write_bytes(data)
        assert process.wait(LIMIT) == 0
    assert os.path.getsize("x.sotto") > 30


@pytest.mark.skipif(sys.platform != "linux", reason="has other devices")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/null"])
@pytest.mark.parametrize("command", ["encode", "decode", "info"])
def test_devices(sotto, device, command):
    output = () if command == "info" else ("-o", "x.sotto" if command == "encode" else "x.wav")
    status, _, err = sotto(command, device, *output)
    assert status == 2
    assert err.count("\n") == 1 and err.startswith(f"sotto: {device}: ")
    assert not os.listdir()


@pytest.mark.parametrize("command", ["encode", "info", "verify"])
def test_folders_that_cannot_be_read(sotto, wav, monkeypatch, command):
    """The tests may run as root, for whom nothing is forbidden."""
    wav("talks/a.wav")
    if command != "encode":
        sotto("encode", "talks/a.wav")
    os.mkdir("talks/closed")
    scandir = os.scandir

    def forbidding(path):
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidding)
    status, out, err = sotto(command, "talks", "-r")
    assert status == 1
    assert err == "sotto: talks/closed: permission denied; check its permissions\n"
    assert "talks/a." in out


@pytest.mark.parametrize("redirection", ["<&- >&-", "<&- >&- 2>&-"])
def test_closed_streams(toy, wav, redirection):
    wav("talks/a.wav")
    wav("talks/b.wav")
    python = f"exec {sys.executable} -c '{SOTTO[2]}' encode talks -o coded -j 2 {redirection}"
    assert subprocess.run(["sh", "-c", python], capture_output=True, timeout=LIMIT).returncode == 0
    assert sorted(os.listdir("coded")) == ["a.sotto", "b.sotto"]
    assert all(info(Path("coded", name).read_bytes()).complete for name in ("a.sotto", "b.sotto"))


@pytest.mark.parametrize(
    ("arguments", "stream"),
    [("- -o x.sotto <&-", "input"), ("talk.wav -o - >&-", "output"), ("- - <&- >&-", "input")],
)
def test_closed_streams_that_are_needed(toy, wav, arguments, stream):
    wav()
    command = f"exec {sys.executable} -c '{SOTTO[2]}' encode {arguments}"
    result = subprocess.run(["sh", "-c", command], capture_output=True, timeout=LIMIT)
    assert result.returncode == 2
    assert result.stderr.startswith(f"sotto: standard {stream}: is closed; give ".encode())
    assert os.listdir() == ["talk.wav"]


def test_tags_imitate_no_other_lines(sotto, wav, monkeypatch):
    """`sotto encode` does not store such tags, but others may."""
    tags = ["size     =1 bytes", "TITLE=abc\u202egpj.exe\u2028x", "A=\ufeff"]
    monkeypatch.setattr("sottovoce.cli.encode.pack", lambda given: "\n".join(tags).encode())
    sotto("encode", wav())
    _, out, _ = sotto("info", "talk.sotto")
    assert out.splitlines()[-3:] == [
        "  tag       size     =1 bytes",
        r"  tag       TITLE=abc\u202egpj.exe\u2028x",
        r"  tag       A=\ufeff",
    ]
    os.rename("talk.sotto", "=1.sotto")
    _, out, _ = sotto("info", "--csv", "=1.sotto")
    assert out.splitlines()[1].startswith("'=1.sotto,")
