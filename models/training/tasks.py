"""Objectives of training: the two stages of the codec, and joint training."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.models.features import HOP, SAMPLE_RATE
from sottovoce.models.jitter import jitter, sample_moves
from sottovoce.models.lpc import pre_emphasise, predictor
from sottovoce.models.model import SpeechModel
from sottovoce.models.training import modulation, spectra
from sottovoce.models.training.data import Corpus
from sottovoce.models.training.processes import averaged
from sottovoce.models.wavenet.excitation import RANGE, teacher_forcing

Batch = dict[str, Tensor]
PITCH_REFERENCE = 150.0
PERIODS = (27, 400)  # samples: 600 to 40 Hz


def sample_batch(
    settings: dict[str, Any], model: SpeechModel, corpus: Corpus, step: int, batch: int, augment: bool
) -> Batch:
    """Sample a training batch, as a function of seed and step alone.

    The crops have `context` latent steps before, and two after, the `steps_per_crop` that are scored: past of the
    encoder, and look-ahead of encoder and conditioner.

    Parameters
    ----------
    settings : dict
        Settings of the stage.
    model : SpeechModel
    corpus : Corpus
    step : int
        Number of the training step.
    batch : int
        Examples.
    augment : bool
        Whether speech is varied in speed, level and channel.

    Returns
    -------
    dict of str to Tensor
    """
    device = corpus.device
    generator = torch.Generator(device).manual_seed(settings["seed"] * 1_000_003 + step)
    steps = settings["context"] + settings["steps_per_crop"] + 2
    per_step = model.step // HOP
    crop = corpus.crop(
        generator, batch, steps * per_step, settings["reference_frames"], settings["reference_by_speaker"], augment
    )
    chances = torch.tensor(settings["preset_chances"] or [1.0] * len(model.preset_books), device=device)
    return {
        "wave": crop.wave,
        "f0": crop.f0,
        "reference": crop.reference,
        "preset": torch.multinomial(chances, batch, True, generator=generator),
        "moves": sample_moves((batch, steps), settings["jitter"], generator),
        "latent_noise": torch.randn(batch, model.encoder_latent, steps, generator=generator, device=device),
        "past_noise": torch.randn(crop.wave.shape, generator=generator, device=device)
        * (torch.rand((batch, 1), generator=generator, device=device) * settings["past_noise"]),
    }


def for_preset(batch: Batch, preset: int) -> Batch:
    """Return the batch with one preset for all examples."""
    return batch | {"preset": torch.full_like(batch["preset"], preset)}


class Objective:
    """A trainable part of the model and its loss on a batch."""

    def __init__(self, model: SpeechModel, settings: dict[str, Any]):
        self.model, self.settings = model, settings

    @property
    def trained(self) -> nn.Module:
        """The modules whose parameters are trained."""
        raise NotImplementedError

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the scalar loss, and figures to log."""
        raise NotImplementedError

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
        """Return c (B, C, F), speaker vectors (B, S), bottleneck losses and figures to log."""
        # Half precision would choose other codes than the runtime.
        with torch.autocast(batch["wave"].device.type, enabled=False):
            return self._encode(batch)

    def _encode(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
        model = self.model
        x = spectra.encoder_input(model.inputs, spectra.frames(batch["wave"]))
        preset = batch["preset"]
        books = torch.tensor(model.preset_books, device=preset.device)[preset]
        coded = model.bottleneck(model.encoder(x, preset), batch["latent_noise"], books)
        reference = spectra.log_mel(spectra.frames(batch["reference"])).transpose(1, 2)
        speaker, speaker_coded = model.embed_speaker(reference)
        c = model.conditioner(jitter(coded.latents, batch["moves"]), speaker, preset)
        log = {"bits_per_step": coded.bits, **{f"latent/{k}": v for k, v in coded.log.items()}}
        log |= {f"speaker/{k}": v for k, v in speaker_coded.log.items()}
        return c, speaker, coded.loss + speaker_coded.loss, log


class SpectrumObjective(Objective):
    """Stage 1: encoder, bottleneck, speaker encoder and conditioner are trained on log-mel, log-F0 and voicing."""

    @property
    def trained(self) -> nn.Module:
        """Encoder, bottleneck, speaker encoder and conditioner."""
        return self.model.front()

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return weighted errors of log-mel, pitch and voicing, and figures to log."""
        c, _, extra, log = self.encode(batch)
        mel, pitch, voicing = self.model.conditioner.decoded(c)
        true_mel = spectra.log_mel(spectra.frames(batch["wave"])).transpose(1, 2)
        voiced = (batch["f0"] > 0).float()
        true_pitch = torch.log2(batch["f0"].clamp_min(50) / PITCH_REFERENCE)
        # The first steps have no past and the last no future, as in a file.
        difference = mel - true_mel
        # Speech has a larger weight than the noise floor between words.
        weight = 0.25 + torch.sigmoid((true_mel + 4) / 1.5)
        weight = weight / averaged(weight.mean())
        l1, l2 = (weight * difference.abs()).mean(), (weight * difference**2).mean()
        pitch_error = (pitch - true_pitch).abs() * voiced
        pitch_loss = pitch_error.sum() / averaged(voiced.sum()).clamp_min(1)
        voicing_loss = F.binary_cross_entropy_with_logits(voicing, voiced)
        together = modulation.correlation(mel, true_mel)
        weights = self.settings["weights"]
        loss = l1 + 0.5 * l2 + weights["pitch"] * pitch_loss + weights["voicing"] * voicing_loss + extra
        loss = loss + weights["modulation"] * (1 - together)
        wrong = ((voicing > 0) != (voiced > 0)).float().mean()
        return loss, log | {
            "mel_l1": l1,
            "mel_rmse_db": (difference**2).mean().sqrt() * (10 / math.log(10)),
            "modulation": together,
            "pitch_semitones": pitch_loss * 12,
            "voicing_error": wrong,
        }


class DecoderObjective(Objective):
    """Stage 2: the WaveNet is trained by likelihood, conditioned on the output of stage 1.

    With the setting `adapter_only` the WaveNet is fixed, and only the adapter is trained.
    """

    def __init__(self, model: SpeechModel, settings: dict[str, Any]):
        super().__init__(model, settings)
        self.model.wavenet.requires_grad_(not settings["adapter_only"])

    @property
    def trained(self) -> nn.Module:
        """Adapter and WaveNet, or the adapter alone."""
        return self.model.adapter if self.settings["adapter_only"] else self.model.back()

    def condition(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
        """Encode a batch with the fixed stage 1."""
        with torch.no_grad():
            return self.encode(batch)

    def excitation(self, batch: Batch, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return teacher-forced indices and targets of the whole crop."""
        model = self.model
        frames = c.shape[2]
        s, noise = pre_emphasise(batch["wave"]), batch["past_noise"]
        # Half precision would predict differently from the runtime.
        with torch.no_grad(), torch.autocast(s.device.type, enabled=False):
            mel, pitch, voicing = model.conditioner.decoded(c)
            if model.order:
                lpc, gain = predictor(mel.transpose(1, 2), self.settings["gain_scale"], model.order)
                period = torch.round(SAMPLE_RATE / (PITCH_REFERENCE * 2**pitch)).clamp(*PERIODS).long()
                voiced = voicing > 0
            else:
                lpc, gain = s.new_zeros(len(s), frames, 0), s.new_full((len(s), frames), 1 / RANGE)
                period = torch.full((len(s), frames), PERIODS[1], device=s.device)
                voiced = torch.zeros_like(period, dtype=torch.bool)
            return teacher_forcing(s, lpc, gain, period, voiced, noise)

    def nll(self, batch: Batch, c: Tensor, speaker: Tensor, indices: Tensor, target: Tensor) -> Tensor:
        """Return the negative log-likelihood in bits of the scored samples, (B, T)."""
        model, settings = self.model, self.settings
        per_step = model.step // HOP
        first = settings["context"] * per_step
        last = first + settings["steps_per_crop"] * per_step
        raw = model.wavenet(
            indices[:, first * HOP : last * HOP], model.adapter(c[:, :, first:last].float(), speaker.float())
        )
        warm = settings["unscored_samples"]
        return model.head.nll(raw[:, warm:], target[:, first * HOP + warm : last * HOP]) / math.log(2)

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the negative log-likelihood in bits per sample, and figures to log."""
        c, speaker, _, log = self.condition(batch)
        indices, target = self.excitation(batch, c.float())
        bits = self.nll(batch, c, speaker, indices, target).mean()
        return bits, log | {"bits_per_sample": bits}

    @torch.no_grad()
    def latent_gap(self, batch: Batch) -> dict[str, Tensor]:
        """Return bits per sample with the right latents, and how many more with those of another utterance."""
        c, speaker, _, _ = self.condition(batch)
        indices, target = self.excitation(batch, c.float())
        right = self.nll(batch, c, speaker, indices, target).mean()
        wrong = self.nll(batch, c.roll(1, 0), speaker, indices, target).mean()
        return {"dev_bits": right, "latent_gap": wrong - right}


class JointObjective(DecoderObjective):
    """Joint training by likelihood alone, as in the VQ-VAE paper (arXiv 1711.00937, eq. 3)."""

    @property
    def trained(self) -> nn.Module:
        """The whole model."""
        return self.model

    def condition(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
        """Encode a batch with gradients."""
        return self.encode(batch)

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return likelihood and bottleneck losses, and figures to log."""
        c, speaker, extra, log = self.condition(batch)
        indices, target = self.excitation(batch, c.detach().float())
        bits = self.nll(batch, c, speaker, indices, target).mean()
        return bits + extra, log | {"bits_per_sample": bits}


TASKS: dict[str, type[Objective]] = {
    "spectrum": SpectrumObjective,
    "decoder": DecoderObjective,
    "joint": JointObjective,
}
