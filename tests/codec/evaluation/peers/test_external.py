"""Codecs that are given by command lines and by entry points."""

import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import peers
from sottovoce.codec.evaluation.peers import external, plugins
from sottovoce.codec.evaluation.peers.anchors import MuLaw
from sottovoce.codec.evaluation.peers.base import with_paths
from sottovoce.codec.evaluation.peers.settings import PeerSettings

COPY = (
    f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' {{in}} {{bits}} && "
    f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' {{bits}} {{out}}"
)
HALF_RATE = (
    f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' {{in}} {{bits}} && {sys.executable} -c "
    "'import sys, soundfile; w, r = soundfile.read(sys.argv[1]); soundfile.write(sys.argv[2][6:], w[::2], r // 2)' "
    "{bits} --out={out}"
)


def test_a_codec_by_its_commands(talk):
    settings = PeerSettings(commands=(f"copy:16k: {COPY}",))
    assert peers.names("none", ["low"], settings) == ["sotto:low", "copy:16k", "pcm8k", "mulaw", "griffin-lim"]
    codec = peers.peer("copy:16k", settings)
    assert (codec.name, codec.title, codec.family, codec.bit_rate) == ("copy:16k", "copy:16k", "copy", None)
    data = codec.encode(talk)
    assert data[:4] == b"RIFF"
    np.testing.assert_allclose(codec.decode(data), talk, atol=1e-4)
    assert codec.identity == peers.peer("copy:16k", settings).identity


def test_its_sound_may_have_another_rate_and_paths_may_be_in_words(talk):
    codec = external.CommandPeer(external.parse(f"half: {HALF_RATE}"))
    decoded = codec.decode(codec.encode(talk))
    assert abs(len(decoded) - len(talk)) <= 2


def test_words_keep_their_quotes(tmp_path):
    codec = external.parse("x: 'my encoder' -o {bits} {in} && dec {bits} -o={out}")
    assert codec.encoder == ("my encoder", "-o", "{output}", "{input}")
    command = with_paths(codec.decoder, tmp_path / "a", tmp_path / "b")
    assert command == ["dec", str(tmp_path / "a"), f"-o={tmp_path / 'b'}"]


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("enc {in} {bits} && dec {bits} {out}", "is incomplete; give it as 'name: ENCODER"),
        ("x: enc {in} {bits}", "is incomplete"),
        ("x: enc {in} && dec {bits} {out}", r"is without \{bits\}"),
        ("x: enc {in} {bits} && dec {bits}", r"is without \{out\}"),
        ("x: enc '{in} {bits} && dec {bits} {out}", "can't be read"),
    ],
)
def test_incomplete_templates(template, says):
    with pytest.raises(SottoError, match=says):
        peers.names("none", [], PeerSettings(commands=(template,)))


@pytest.mark.parametrize("name", ["codec2", "opus:12", "mimi:8", "original", "sotto:low"])
def test_names_that_are_taken(name):
    with pytest.raises(SottoError, match="is there already; give the external one another name"):
        peers.names("none", [], PeerSettings(commands=(f"{name}: enc {{in}} {{bits}} && dec {{bits}} {{out}}",)))


def test_a_program_that_is_not_installed():
    settings = PeerSettings(commands=("x: no-such-encoder {in} {bits} && dec {bits} {out}",))
    with pytest.raises(peers.MissingProgram, match="install no-such-encoder, or give its path"):
        peers.peer("x", settings)


def test_a_decoder_that_writes_no_sound(talk):
    codec = external.CommandPeer(external.parse(f"x: {COPY}"))
    with pytest.raises(SottoError, match="the decoder wrote no sound"):
        codec.decode(b"nothing")


# ---------------------------------------------------------------- entry points
class Plugged(MuLaw):
    name = "plugged:8"


def test_a_codec_of_another_package(talk, monkeypatch):
    point = EntryPoint("plugged:8", f"{__name__}:Plugged", plugins.GROUP)
    monkeypatch.setattr(point.__class__, "load", lambda self: Plugged)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    assert "plugged:8" in peers.names("plugged", [])
    assert "plugged:8" in peers.names("plugged:8", [])
    codec = peers.peer("plugged:8")
    assert len(codec.encode(talk)) == len(talk)


def test_a_codec_of_a_package_that_is_broken(monkeypatch):
    point = EntryPoint("broken", "no_such_module:peer", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    with pytest.raises(SottoError, match="the codec broken can't be loaded"):
        peers.peer("broken")
