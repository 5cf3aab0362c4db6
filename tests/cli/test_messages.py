"""Messages, as one types them."""

import json
import os
from pathlib import Path

import pytest
import soundfile
from helpers import coded_toy


@pytest.fixture(autouse=True)
def coded(sotto, monkeypatch):
    coded_toy.in_messages(monkeypatch)
    monkeypatch.delenv("SOTTO_KEY", raising=False)


def test_a_message_is_read_like_a_file(sotto, wav):
    status, out, err = sotto("encode", "--message", wav())
    assert (status, err) == (0, "")
    size = Path("talk.sotto").stat().st_size
    assert f"{size} bytes" in out
    out = sotto("info", "talk.sotto")[1]
    assert "message   whole, in the clear" in out and "3.00 s" in out and "recorded" not in out
    assert sotto("verify", "talk.sotto")[1].startswith("whole")
    assert sotto("decode", "talk.sotto", "-o", "back.wav")[0] == 0
    assert soundfile.info("back.wav").frames == 48000
    assert sotto("encode", wav(), "-o", "file.sotto")[0] == 0
    assert size < Path("file.sotto").stat().st_size - 20


def test_packets_in_one_file(sotto, wav):
    status, out, _ = sotto("encode", "--message", "--mtu", "60", wav(), "--json")
    document = json.loads(out)
    assert status == 0 and document["packets"] > 3
    assert f"message   {document['packets']} packets" in sotto("info", "talk.sotto")[1]
    assert sotto("decode", "talk.sotto", "-o", "back.wav")[::2] == (0, "")


def test_a_file_for_each_packet(sotto, wav):
    assert sotto("encode", "--message", "--mtu", "60", wav(), "-o", "packet.%d.sotto")[0] == 0
    names = sorted(map(str, Path().glob("packet.*.sotto")))
    assert len(names) > 3 and all(Path(name).stat().st_size <= 60 for name in names)
    assert sotto("decode", names[1], "-o", "part.wav")[0] == 0 and soundfile.info("part.wav").frames < 48000
    assert sotto("join", names[2], names[0], "-o", "two.sotto")[0] == 0
    assert sotto("verify", "two.sotto")[:2][0] == 1
    status, _, err = sotto("decode", "two.sotto", "-o", "back.wav")
    assert status == 0 and "damaged, concealed" in err and soundfile.info("back.wav").frames == 48000


def test_encrypted(sotto, wav, monkeypatch):
    pytest.importorskip("cryptography")
    assert sotto("key", "-o", "a.key")[0] == 0 and sotto("key", "-o", "b.key")[0] == 0
    if os.name == "posix":
        assert Path("a.key").stat().st_mode & 0o777 == 0o600
    assert sotto("key", "-o", "a.key")[0] == 2
    assert sotto("encode", "--message", "--key", "a.key", wav())[0] == 0
    status, _, err = sotto("decode", "talk.sotto", "-o", "back.wav")
    assert status == 2 and err == "sotto: talk.sotto: the message is encrypted; give its key with --key FILE\n"
    assert "another key" in sotto("info", "talk.sotto", "--key", "b.key")[2]
    assert not Path("back.wav").exists()
    assert "message   whole, encrypted" in sotto("info", "talk.sotto", "--key", "a.key")[1]
    assert sotto("verify", "talk.sotto", "--key", "a.key")[0] == 0
    monkeypatch.setenv("SOTTO_KEY", "a.key")
    assert sotto("decode", "talk.sotto", "-o", "back.wav")[0] == 0
    Path("a.key").write_text("nonsense")
    status, _, err = sotto("decode", "talk.sotto", "-o", "again.wav")
    assert (status, err) == (2, "sotto: a.key: not a key; make one with `sotto key -o FILE`\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--mtu", "60"], "--mtu needs --message"),
        (["--speaker-codes", "1"], "--speaker-codes needs --message"),
        (["--short-tag"], "--short-tag needs --message"),
        (["--message", "--tag", "A=b"], "--tag can't be used with --message"),
        (["--message", "--protect", "1"], "--protect can't be used with --message"),
    ],
)
def test_options_that_do_not_fit(sotto, wav, arguments, error):
    status, _, err = sotto("encode", wav(), *arguments)
    assert status == 2 and error in err


def test_damage_is_for_files(sotto, wav):
    sotto("encode", "--message", wav())
    status, _, err = sotto("damage", "talk.sotto", "-o", "bad.sotto", "--loss", "10")
    assert status == 2 and "a message, which has no blocks" in err


def test_too_long(sotto, wav):
    status, _, err = sotto("encode", "--message", wav(seconds=62))
    assert status == 2 and "too long for a message of 60 s" in err and not Path("talk.sotto").exists()


def test_from_pipe_to_pipe(sotto_process, wav):
    """The codec in another process has no context model here: one line says so."""
    done = sotto_process("encode", "--message", "-", "-", input=Path(wav()).read_bytes())
    assert done.returncode == 2 and b"has no context model, which messages need" in done.stderr
