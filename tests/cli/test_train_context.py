from pathlib import Path

import numpy as np
import pytest
from helpers.speakers import real_speech

from sottovoce.cli.app import run
from sottovoce.codec import Codec
from sottovoce.codec.models import context_coder
from sottovoce.codec.stream import StreamDecoder, StreamEncoder
from sottovoce.codec.voice.tracker import voice_of

pytest.importorskip("torch")
SAMPLES = Path(__file__).parents[2] / "samples"


def test_a_model_learns_what_is_likely_and_sounds_the_same(tmp_path, capsys):
    output = tmp_path / "smaller"
    (tmp_path / "list.csv").write_text("path\n" + f"{SAMPLES / 'slt-16k-mono.wav'}\n" * 10)
    assert run(["train-context", "default", str(tmp_path / "list.csv"), "-o", str(output), "--minutes", "0.01"]) == 0
    assert capsys.readouterr().out.strip() == f"{output}.safetensors"
    speech, before = real_speech(3), Codec.load()
    after = Codec.load(model=f"{output}.safetensors", preset="default")
    assert all(context_coder(after.model, preset) for preset in after.model.presets.values())
    data = after.encode(speech, 16000)
    assert data[5] & 1  # entropy coded
    heard = after.decode(data)
    np.testing.assert_array_equal(heard, before.decode(before.encode(speech, 16000)))
    # Files of the model before are still understood, entropy coded ones with the tables they were coded with.
    np.testing.assert_array_equal(after.decode(before.encode(speech, 16000)), heard)
    stream = StreamEncoder(before.model, before.preset, voice_of(speech, before.model))
    listener = StreamDecoder(stream.header, known=after.model)
    packets = stream.push(speech) + stream.finish()
    live = np.concatenate([*(listener.push(packet) for packet in packets), listener.finish()])[: len(speech)]
    np.testing.assert_array_equal(live / np.float32(32768), heard)


def test_too_little_speech_is_one_line(tmp_path, capsys):
    (tmp_path / "list.csv").write_text(f"path\n{SAMPLES / 'slt-16k-mono.wav'}\n")
    assert run(["train-context", "default", str(tmp_path / "list.csv"), "-o", str(tmp_path / "smaller")]) == 2
    assert "too little speech" in capsys.readouterr().err
    assert not list(tmp_path.glob("smaller*"))
