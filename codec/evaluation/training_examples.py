"""What a model that is being trained makes of held-out speech: pictures of log-mels, and sound."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sottovoce.codec.api import Codec
from sottovoce.codec.io.audio import WavWriter
from sottovoce.models.features import SAMPLE_RATE
from sottovoce.models.model import SpeechModel
from sottovoce.models.training import spectra
from sottovoce.models.training.export import export
from sottovoce.models.training.record import read_record
from sottovoce.models.training.run import load_weights
from sottovoce.models.training.settings import DEFAULTS
from sottovoce.models.training.shards import load_split
from sottovoce.models.training.tasks import SpectrumObjective

COUNT = 2
"""Recordings of which examples are made."""
SECONDS = 4
"""Longest example."""


def write_examples(run: Path) -> list[Path]:
    """Write examples into the folder `examples` of a run that trained the codec.

    For some held-out recordings these are the original, the decoded sound, and a picture of both log-mels. After
    stage 1 the sound is that of Griffin-Lim from the decoded log-mel, after the others that of the decoder, in the
    integers in which `sotto` decodes.

    Returns
    -------
    list of path
        What was written. There are no pictures without matplotlib, and no sound of stage 1 without librosa.
    """
    record = read_record(run)
    if record is None:
        return []
    config = record["config"]
    settings = DEFAULTS | config["stage"][record["stage"]]
    model = SpeechModel(config)
    load_weights(model, run)
    model.eval()
    waves = _held_out(Path(settings["shards"]), model.step)
    codec = None if settings["task"] == "spectrum" else _exported(config, run, Path(settings["shards"]))
    folder = run / "examples"
    folder.mkdir(exist_ok=True)
    written = []
    for number, wave in enumerate(waves, 1):
        true, decoded = _log_mels(model, settings, wave)
        sounds = {"original": wave, "decoded": _sound(codec, wave, decoded)}
        for name, sound in sounds.items():
            if sound is not None:
                written.append(folder / f"{number}-{name}.wav")
                _write_wav(written[-1], sound)
        if picture := _draw(folder / f"{number}.png", true, decoded):
            written.append(picture)
    return written


def _held_out(shards: Path, step: int) -> list[NDArray[np.float32]]:
    """Return the beginnings of some held-out recordings, of different speakers if there are some."""
    utterances, tensors = load_split(shards, "dev")
    by_speaker = {str(one["speaker"]): one for one in reversed(utterances)}
    chosen = (list(by_speaker.values()) if len(by_speaker) >= COUNT else utterances)[:COUNT]
    waves = []
    for one in chosen:
        wave = tensors["wave"][one["start"] :][: min(one["samples"], SECONDS * SAMPLE_RATE)]
        waves.append((wave[: len(wave) // step * step] / 32768).astype(np.float32))
    return [wave for wave in waves if len(wave)]


def _exported(config: dict[str, Any], run: Path, shards: Path) -> Codec:
    """Return the codec that the run would be exported to."""
    with tempfile.TemporaryDirectory() as folder:
        export(config, run, shards, Path(folder) / "run")
        presets = [preset["name"] for preset in config["presets"]]
        preset = "default" if "default" in presets else presets[-1]
        return Codec.load(model=str(Path(folder) / "run.safetensors"), preset=preset)


def _log_mels(
    model: SpeechModel, settings: dict[str, Any], wave: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the log-mel of a wave, and what stage 1 makes of it, with all codebooks [shape=(frames, 80)]."""
    x = torch.from_numpy(wave)[None]
    steps = len(wave) // model.step
    batch = {
        "wave": x,
        "reference": x,
        "preset": torch.tensor([len(model.preset_books) - 1]),
        "moves": torch.zeros(1, steps, dtype=torch.long),
        "latent_noise": torch.zeros(1, model.encoder_latent, steps),
    }
    with torch.no_grad():
        true = spectra.log_mel(spectra.frames(x))[0]
        c, *_ = SpectrumObjective(model, settings).encode(batch)
        decoded = model.conditioner.decoded(c)[0][0].T
    return true.numpy(), decoded.numpy()


def _sound(codec: Codec | None, wave: NDArray[np.float32], mel: NDArray[np.float32]) -> NDArray[np.float32] | None:
    if codec is not None:
        return codec.decode(codec.encode(wave, codec.sample_rate))
    try:
        from sottovoce.codec.evaluation.peers.griffin_lim import griffin_lim

        return griffin_lim(np.ascontiguousarray(mel, np.float32))[: len(wave)]
    except ImportError:
        return None


def _write_wav(path: Path, wave: NDArray[np.float32]) -> None:
    with open(path, "wb") as file, WavWriter(file, SAMPLE_RATE, len(wave)) as writer:
        writer.write(np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16))


def _draw(path: Path, true: NDArray[np.float32], decoded: NDArray[np.float32]) -> Path | None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(8, 4.5), layout="constrained", dpi=100)
    low, high = np.percentile(true, (2, 99.5))
    for place, (title, mel) in enumerate((("original", true), ("decoded log-mel", decoded)), 1):
        axes = figure.add_subplot(2, 1, place)
        extent = (0, len(mel) / 100, 0, mel.shape[1])
        axes.imshow(mel.T, origin="lower", aspect="auto", extent=extent, vmin=low, vmax=high, cmap="magma")
        axes.set_title(title, fontsize=10)
        axes.set_ylabel("mel band", fontsize=8)
        axes.tick_params(labelsize=8)
    axes.set_xlabel("seconds", fontsize=8)
    figure.savefig(path)
    return path
