"""Predictors of naturalness by their own packages: NISQA, UTMOS, SCOREQ and SQUIM. None of them is reimplemented here.

Each needs its package, and its weights in a local folder. DNSMOS, whose package brings the weights, is always measured.
"""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from sottovoce.codec.evaluation.metrics import Figures, Metric
from sottovoce.codec.evaluation.peers.base import RATE, Wave
from sottovoce.codec.evaluation.peers.neural import need, tensor_of, weights
from sottovoce.codec.evaluation.peers.settings import PeerSettings

Score = Callable[[Wave], Figures]
"""Predicts figures of a recording of 16 kHz."""


@dataclass(frozen=True)
class Predictor:
    """A predictor.

    Parameters
    ----------
    name : str
        As the command line calls it, and the folder of its weights.
    metrics : dict of str to Metric
        What it predicts.
    package, module, install : str
        Distribution, the module that is imported, and the command that installs it.
    files : tuple of str
        Its weights.
    source : str
        Where they are published.
    load : callable
        Returns the predictor that has its weights in a folder.
    """

    name: str
    metrics: dict[str, Metric]
    package: str
    module: str
    install: str
    files: tuple[str, ...]
    source: str
    load: Callable[[Path], Score]

    def folder(self, settings: PeerSettings) -> Path:
        """Return the folder of its weights.

        Raises
        ------
        MissingProgram
            When its package or weights are missing.
        """
        need(self.package, self.module, self.install)
        return weights(settings, self.name, *self.files, source=self.source)

    def identity(self, settings: PeerSettings) -> str:
        """Return version of the package and sizes of the weights."""
        sizes = [(self.folder(settings) / name).stat().st_size for name in self.files]
        return f"{self.name} {metadata.version(self.package)} {sizes}"


def _nisqa(folder: Path) -> Score:
    from torchmetrics.functional.audio import nisqa

    nisqa.NISQA_DIR = str(folder)  # where it looks before it downloads

    def score(wave: Wave) -> Figures:
        return {"nisqa": float(nisqa.non_intrusive_speech_quality_assessment(tensor_of(wave), RATE)[0])}

    return score


def _utmos(folder: Path) -> Score:
    from utmos_pytorch import UTMOSScoreScripted

    model = UTMOSScoreScripted(str(folder / UTMOS_FILE))

    def score(wave: Wave) -> Figures:
        return {"utmos": float(model.score(tensor_of(wave)[None]).mean())}

    return score


def _scoreq(folder: Path) -> Score:
    from scoreq import Scoreq
    from scoreq.scoreq import dynamic_pad

    class Local(Scoreq):
        """SCOREQ with weights of a folder, and without a download."""

        def _download_model(self, filename: str, url: str, cache_dir_name: str) -> str:
            return str(folder / filename)

    with contextlib.redirect_stdout(io.StringIO()):  # it prints where it runs
        model: Any = Local(data_domain="natural", mode="nr")
    name = model.session.get_inputs()[0].name

    def score(wave: Wave) -> Figures:
        return {"scoreq": model.session.run(None, {name: dynamic_pad(tensor_of(wave)[None]).numpy()})[0].item()}

    return score


def _squim(folder: Path) -> Score:
    import torch
    from torchaudio.models import squim_objective_base

    model = squim_objective_base()
    model.load_state_dict(torch.load(folder / SQUIM_FILE, map_location="cpu", weights_only=True))
    model.eval()

    def score(wave: Wave) -> Figures:
        with torch.inference_mode():
            stoi, pesq, sdr = (float(value) for value in model(tensor_of(wave)[None]))
        return {"squim_stoi": stoi, "squim_pesq": pesq, "squim_sdr": sdr}

    return score


UTMOS_FILE = "utmos_scripted.pt"
SQUIM_FILE = "squim_objective_dns2020.pth"

PREDICTORS = {
    one.name: one
    for one in (
        Predictor(
            "nisqa",
            {"nisqa": Metric("NISQA", 2, True)},
            "torchmetrics",
            "torchmetrics",
            "pip install torchmetrics librosa requests",
            ("nisqa.tar",),
            "NISQA v2.0",
            _nisqa,
        ),
        Predictor(
            "utmos",
            {"utmos": Metric("UTMOS", 2, True)},
            "utmos-pytorch",
            "utmos_pytorch",
            "pip install utmos-pytorch",
            (UTMOS_FILE,),
            "the scripted UTMOS strong learner that utmos-pytorch downloads",
            _utmos,
        ),
        Predictor(
            "scoreq",
            {"scoreq": Metric("SCOREQ", 2, True)},
            "scoreq",
            "scoreq",
            "pip install scoreq",
            ("adapt_nr_telephone.onnx",),
            "the SCOREQ models for ONNX",
            _scoreq,
        ),
        Predictor(
            "squim",
            {
                "squim_stoi": Metric("SQUIM STOI", 3, True),
                "squim_pesq": Metric("SQUIM PESQ", 2, True),
                "squim_sdr": Metric("SQUIM SI-SDR, dB", 1, True),
            },
            "torchaudio",
            "torchaudio",
            "pip install torchaudio",
            (SQUIM_FILE,),
            "torchaudio's SQUIM_OBJECTIVE",
            _squim,
        ),
    )
}
"""All predictors by name."""


@cache
def loaded(name: str, folder: Path) -> Score:
    """Return a predictor; each process loads it once."""
    return PREDICTORS[name].load(folder)


def predict(name: str, folder: Path, wave: Wave) -> Figures:
    """Return what a predictor says of a recording; None for figures that are not finite.

    Parameters
    ----------
    name : str
        One of `PREDICTORS`.
    folder : Path
        Of its weights.
    wave : ndarray of float32 [shape=(n,)]
        The recording at 16 kHz.
    """
    scores = loaded(name, folder)(wave)
    return {key: round(value, 5) if value is not None and np.isfinite(value) else None for key, value in scores.items()}
