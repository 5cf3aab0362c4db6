"""How the recogniser is trained: its task in the training loop, what it is fed, and its error on held-out speakers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sottovoce.models.features import HOP
from sottovoce.models.phones.augment import SPEEDS, degraded, masks, uniform
from sottovoce.models.phones.ctc import ctc_loss
from sottovoce.models.phones.data import PhoneCorpus, Stretches
from sottovoce.models.phones.distance import edits
from sottovoce.models.phones.labels import BLANK, collapse
from sottovoce.models.phones.network import STRIDE, PhoneNetwork, heard
from sottovoce.models.training.loop import LOOP_DEFAULTS, Experiment
from sottovoce.models.training.tasks import Batch, Objective

DEFAULTS: dict[str, Any] = LOOP_DEFAULTS | {
    "seconds": 4.0,  # the longest stretch
    "most_phones": 64,  # in a stretch
    "check_batch": 32,
}


class Phones(Objective):
    """The recogniser learns the phones of a stretch of speech, not where they are."""

    def __init__(self, recogniser: PhoneNetwork):
        self.recogniser = recogniser

    @property
    def trained(self) -> nn.Module:
        return self.recogniser

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        with torch.autocast(batch["wave"].device.type, enabled=False):
            mel, mask = heard(batch["wave"], batch["samples"])
        scores = self.recogniser(mel * batch["bands"] * batch["times"], mask).float().log_softmax(-1)
        steps = -(-batch["samples"] // (HOP * STRIDE))
        nll = ctc_loss(scores, batch["phones"], steps, batch["count"], BLANK)
        loss = nll.sum() / batch["count"].sum().clamp_min(1)
        return loss, {"nats_per_phone": loss}


def draw(settings: dict[str, Any], corpus: PhoneCorpus, step: int) -> Batch:
    """All that is random in a training step but dropout, as a function of seed and step."""
    generator = torch.Generator(corpus.device).manual_seed(settings["seed"] * 1_000_003 + step)
    batch, frames = settings["batch"], round(settings["seconds"] * 100)
    speed = uniform(generator, (batch,), *SPEEDS)
    found = corpus.draw(generator, batch, frames, settings["most_phones"], speed)
    bands, times = masks(batch, frames, generator)
    return {
        "wave": degraded(found.wave, generator),
        "samples": found.samples,
        "phones": found.phones,
        "count": found.count,
        "bands": bands,
        "times": times,
    }


@torch.no_grad()
def recognise(model: PhoneNetwork, stretches: Stretches) -> list[list[int]]:
    """The best phones of each stretch, greedily."""
    logits = model(*heard(stretches.wave, stretches.samples))
    best = logits.argmax(-1).tolist()
    steps = (-(-stretches.samples // (HOP * STRIDE))).tolist()
    return [collapse(classes[:count]) for classes, count in zip(best, steps, strict=True)]


def error_rate(model: PhoneNetwork, utterances: list[Stretches]) -> float:
    """Phone errors in all the utterances, in percent of their phones."""
    wrong = total = 0
    for stretches in utterances:
        truth = [
            phones[:count] for phones, count in zip(stretches.phones.tolist(), stretches.count.tolist(), strict=True)
        ]
        wrong += sum(map(edits, recognise(model, stretches), truth))
        total += sum(map(len, truth))
    return 100 * wrong / max(1, total)


def phones(config: dict[str, Any], settings: dict[str, Any], device: torch.device) -> Experiment:
    """What the training loop needs to train the recogniser of a config."""
    model = PhoneNetwork(config).to(device)
    corpus = PhoneCorpus(settings["shards"], device)
    utterances = PhoneCorpus(settings["shards"], device, "dev").utterances(settings["check_batch"])

    def check() -> dict[str, Tensor]:
        model.eval()
        rate = error_rate(model, utterances)
        model.train()
        return {"dev_phone_error": torch.tensor(rate)}

    return Experiment(model, Phones(model), lambda step: draw(settings, corpus, step), check)
