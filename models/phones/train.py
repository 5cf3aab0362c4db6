"""Training of the phone recogniser: objective, batches, and phone error rate on held-out speakers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sottovoce.models.features import HOP
from sottovoce.models.phones.augment import SPEEDS, degrade, spec_augment_masks, uniform
from sottovoce.models.phones.ctc import ctc_loss
from sottovoce.models.phones.data import PhoneCorpus, Segments
from sottovoce.models.phones.distance import edit_distance
from sottovoce.models.phones.labels import BLANK, collapse
from sottovoce.models.phones.network import STRIDE, PhoneNetwork, recogniser_input
from sottovoce.models.training.loop import LOOP_DEFAULTS, Experiment
from sottovoce.models.training.tasks import Batch, Objective

DEFAULTS: dict[str, Any] = LOOP_DEFAULTS | {
    "seconds": 4.0,  # maximum length of a segment
    "max_phones": 64,  # maximum number of phones in a segment
    "check_batch": 32,
}


class Phones(Objective):
    """CTC objective: the phones of a segment, without their positions."""

    def __init__(self, recogniser: PhoneNetwork):
        self.recogniser = recogniser

    @property
    def trained(self) -> nn.Module:
        """The recogniser."""
        return self.recogniser

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Nats per phone of a batch, also as a figure to log."""
        with torch.autocast(batch["wave"].device.type, enabled=False):
            mel, mask = recogniser_input(batch["wave"], batch["samples"])
        scores = self.recogniser(mel * batch["bands"] * batch["times"], mask).float().log_softmax(-1)
        steps = -(-batch["samples"] // (HOP * STRIDE))
        nll = ctc_loss(scores, batch["phones"], steps, batch["count"], BLANK)
        loss = nll.sum() / batch["count"].sum().clamp_min(1)
        return loss, {"nats_per_phone": loss}


def sample_batch(settings: dict[str, Any], corpus: PhoneCorpus, step: int) -> Batch:
    """Random batch of a training step, a function of seed and step (dropout is separate)."""
    generator = torch.Generator(corpus.device).manual_seed(settings["seed"] * 1_000_003 + step)
    batch, frames = settings["batch"], round(settings["seconds"] * 100)
    speed = uniform(generator, (batch,), *SPEEDS)
    found = corpus.sample_segments(generator, batch, frames, settings["max_phones"], speed)
    bands, times = spec_augment_masks(batch, frames, generator)
    return {
        "wave": degrade(found.wave, generator),
        "samples": found.samples,
        "phones": found.phones,
        "count": found.count,
        "bands": bands,
        "times": times,
    }


@torch.no_grad()
def recognise(model: PhoneNetwork, segments: Segments) -> list[list[int]]:
    """Phones of each segment by greedy decoding."""
    logits = model(*recogniser_input(segments.wave, segments.samples))
    best = logits.argmax(-1).tolist()
    steps = (-(-segments.samples // (HOP * STRIDE))).tolist()
    return [collapse(classes[:count]) for classes, count in zip(best, steps, strict=True)]


def error_rate(model: PhoneNetwork, utterances: list[Segments]) -> float:
    """Phone error rate over all utterances, in percent."""
    wrong = total = 0
    for segments in utterances:
        reference = [
            phones[:count] for phones, count in zip(segments.phones.tolist(), segments.count.tolist(), strict=True)
        ]
        wrong += sum(map(edit_distance, recognise(model, segments), reference))
        total += sum(map(len, reference))
    return 100 * wrong / max(1, total)


def phone_experiment(config: dict[str, Any], settings: dict[str, Any], device: torch.device) -> Experiment:
    """Experiment that trains the recogniser of a config."""
    model = PhoneNetwork(config).to(device)
    corpus = PhoneCorpus(settings["shards"], device)
    utterances = PhoneCorpus(settings["shards"], device, "dev").utterances(settings["check_batch"])

    def validate() -> dict[str, Tensor]:
        model.eval()
        rate = error_rate(model, utterances)
        model.train()
        return {"dev_phone_error": torch.tensor(rate)}

    return Experiment(model, Phones(model), lambda step: sample_batch(settings, corpus, step), validate)
