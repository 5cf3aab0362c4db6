from pathlib import Path

import pytest
from safetensors.numpy import load_file

from sottovoce.cli.app import run
from sottovoce.codec import Codec
from sottovoce.codec.bits.context import ContextModel

pytest.importorskip("torch")
SAMPLES = Path(__file__).parents[2] / "samples"


def test_tables_of_a_model_are_learnt_from_recordings(tmp_path, capsys):
    output = tmp_path / "context.safetensors"
    (tmp_path / "list.csv").write_text("path\n" + f"{SAMPLES / 'slt-16k-mono.wav'}\n" * 10)
    assert run(["train-context", "default", str(tmp_path / "list.csv"), "-o", str(output), "--minutes", "0.01"]) == 0
    assert capsys.readouterr().out.strip() == str(output)
    codec = Codec.load("max")
    books = [codec.model.weights[f"books.{k}"] for k in range(codec.preset.books)]
    assert ContextModel(load_file(output), books).coder(codec.preset.index, codec.preset.books).encode


def test_too_little_speech_is_one_line(tmp_path, capsys):
    (tmp_path / "list.csv").write_text(f"path\n{SAMPLES / 'slt-16k-mono.wav'}\n")
    output = tmp_path / "context.safetensors"
    assert run(["train-context", "default", str(tmp_path / "list.csv"), "-o", str(output)]) == 2
    assert "too little speech" in capsys.readouterr().err
    assert not output.exists()


def test_outputs_name_is_checked(tmp_path, capsys):
    assert run(["train-context", "default", str(tmp_path), "-o", str(tmp_path / "context.bin")]) == 2
    assert "ends in .safetensors" in capsys.readouterr().err
