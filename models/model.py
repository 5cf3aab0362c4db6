"""The whole network as its config describes it: wave -> latents -> c -> p(next sample)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.bottleneck import RVQ, BottleneckOutput, make_bottleneck
from sottovoce.models.features import INPUTS, SAMPLE_RATE
from sottovoce.models.linear_core import LinearCoreConditioner, LinearCoreEncoder
from sottovoce.models.speaker import SpeakerEncoder
from sottovoce.models.strided_conditioner import StridedConditioner
from sottovoce.models.strided_encoder import StridedEncoder
from sottovoce.models.wavenet.heads import make_head
from sottovoce.models.wavenet.network import WaveNet


class Adapter(nn.Module):
    """c and the speaker, brought to the WaveNet's conditioning, frame by frame."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, c: Tensor, speaker: Tensor) -> Tensor:
        """Map c (B, C, F), speaker (B, S) -> (B, F, outputs)."""
        x = torch.cat((c, speaker[:, :, None].expand(-1, -1, c.shape[2])), 1).transpose(1, 2)
        return F.relu(self.out(F.relu(self.hidden(x))))


class SpeechModel(nn.Module):
    """Encoder, bottleneck, speaker encoder, conditioner and WaveNet.

    Parameters
    ----------
    config : dict
        The tables `model`, `encoder`, `bottleneck`, `speaker`, `conditioner`, `wavenet` and `presets` of a config. The
        key `spectrum` of `model` names the kind of stage 1: 'strided' convolutions (the default) or a 'linear-core'.

    Raises
    ------
    ValueError
        When there is no such kind of stage 1, or its inputs don't begin with log-mel where they have to.
    """

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        model, wavenet = config["model"], dict(config["wavenet"])
        self.inputs, self.rate = model["inputs"], model["rate"]
        self.order = wavenet.pop("order")  # of the linear predictor; 0: the WaveNet models mu-law samples themselves
        self.head = make_head(wavenet.pop("head"))
        self.encoder_latent = latent = config["bottleneck"]["size"]
        speaker = config["speaker"]["size"]
        inputs = INPUTS[self.inputs][1]
        encoder, conditioner = _tuples(config["encoder"]), _tuples(config["conditioner"])
        # without presets every book is always used
        self.preset_books = [p["books"] for p in config.get("presets", [])] or [
            len(config["bottleneck"].get("bits", [0]))
        ]
        self.spectrum = model.get("spectrum", "strided")
        self.encoder: StridedEncoder | LinearCoreEncoder
        self.conditioner: StridedConditioner | LinearCoreConditioner
        if self.spectrum == "linear-core":
            if not self.inputs.startswith("logmel"):
                raise ValueError(f"a linear core transforms log-mel, which inputs {self.inputs!r} don't have")
            presets = len(self.preset_books)
            self.encoder = LinearCoreEncoder(inputs, latent, presets, self.rate, **encoder)
            self.conditioner = LinearCoreConditioner(latent, speaker, presets, self.rate, **conditioner)
        elif self.spectrum == "strided":
            self.encoder = StridedEncoder(inputs, latent, self.rate, **encoder)
            self.conditioner = StridedConditioner(latent, speaker, self.rate, **conditioner)
        else:
            raise ValueError(f"model.spectrum {self.spectrum!r}: choose strided or linear-core")
        self.bottleneck = make_bottleneck(**config["bottleneck"])
        self.speaker = SpeakerEncoder(speaker)
        self.speaker_code = RVQ(speaker, config["speaker"]["bits"])
        condition = wavenet["condition"]
        self.adapter = Adapter(self.conditioner.size + speaker, wavenet.pop("adapter", condition), condition)
        self.wavenet = WaveNet(**wavenet, outputs=self.head.outputs)

    @property
    def step(self) -> int:
        """Samples a latent step."""
        return SAMPLE_RATE // self.rate

    def embed_speaker(self, mel: Tensor) -> tuple[Tensor, BottleneckOutput]:
        """Log-mel of a reference (B, 80, F) -> quantised speaker vectors (B, S), and what their coding cost."""
        coded = self.speaker_code(self.speaker(mel)[:, :, None])
        return coded.latents[:, :, 0], coded

    def front(self) -> nn.ModuleList:
        """What the first training stage trains."""
        return nn.ModuleList([self.encoder, self.bottleneck, self.speaker, self.speaker_code, self.conditioner])

    def back(self) -> nn.ModuleList:
        """What the second training stage trains."""
        return nn.ModuleList([self.adapter, self.wavenet])


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
