"""The whole network as its config describes it: wave -> latents -> c -> p(next sample)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.bottleneck import RVQ, BottleneckOutput, make_bottleneck
from sottovoce.models.conditioner import Conditioner
from sottovoce.models.encoder import Encoder
from sottovoce.models.features import INPUTS, SAMPLE_RATE
from sottovoce.models.speaker import SpeakerEncoder
from sottovoce.models.wavenet.heads import make_head
from sottovoce.models.wavenet.network import WaveNet


class Adapter(nn.Module):
    """c and the speaker, brought to the WaveNet's conditioning, frame by frame."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.hidden = nn.Linear(inputs, outputs)
        self.out = nn.Linear(outputs, outputs)

    def forward(self, c: Tensor, speaker: Tensor) -> Tensor:
        """c (B, C, F), speaker (B, S) -> (B, F, outputs)."""
        x = torch.cat((c, speaker[:, :, None].expand(-1, -1, c.shape[2])), 1).transpose(1, 2)
        return F.relu(self.out(F.relu(self.hidden(x))))


class SpeechModel(nn.Module):
    """Encoder, bottleneck, speaker encoder, conditioner and WaveNet.

    Parameters
    ----------
    config : dict
        The tables `model`, `encoder`, `bottleneck`, `speaker`, `conditioner` and `wavenet` of a config.
    """

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        model, wavenet = config["model"], dict(config["wavenet"])
        self.inputs, self.rate = model["inputs"], model["rate"]
        self.order = wavenet.pop("order")  # of the linear predictor; 0: the WaveNet models mu-law samples themselves
        self.head = make_head(wavenet.pop("head"))
        self.encoder_latent = latent = config["bottleneck"]["size"]
        speaker = config["speaker"]["size"]
        self.encoder = Encoder(INPUTS[self.inputs][1], latent, self.rate, **_tuples(config["encoder"]))
        self.bottleneck = make_bottleneck(**config["bottleneck"])
        self.speaker = SpeakerEncoder(speaker)
        self.speaker_code = RVQ(speaker, config["speaker"]["bits"])
        self.conditioner = Conditioner(latent, speaker, self.rate, **_tuples(config["conditioner"]))
        self.adapter = Adapter(self.conditioner.size + speaker, wavenet["condition"])
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
