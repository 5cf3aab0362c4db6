"""The tokenizer as a torch module: batches of waves to codes, and codes to log-mel, on any device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sottovoce.codec.loaded import LoadedModel
from sottovoce.codec.voice.level import level_to_byte, measure_level_byte, normalising_gain
from sottovoce.codec.voice.tracker import HEAD_SECONDS
from sottovoce.models.bottleneck.rvq import RVQ
from sottovoce.models.bottleneck.vq import Codebook
from sottovoce.models.features import HOP
from sottovoce.models.runtime.quantizer import BEAM
from sottovoce.models.training.restore import restore
from sottovoce.models.training.spectra import encoder_input, frames

PADDING = -1
"""Code of the steps after the end of a recording in a batch."""

ROWS = 1024
"""Latents that are searched at a time."""


class Tokenizer(nn.Module):
    """Encodes batches of recordings to codes, and decodes codes to log-mel.

    The codes are those of `Codec.codes` except where float rounding decides between entries that are equally near. The
    weights are frozen; gradients flow through `log_mel` to latents.

    Parameters
    ----------
    model, preset : str
        As for `Codec.load`.

    Attributes
    ----------
    sample_rate : int [Hz]
        Of the waves.
    frame_rate : float [Hz]
        Steps per second.
    num_codebooks : int
        Codes per step.
    codebook_sizes : tuple of int
        Entries of each codebook.

    Raises
    ------
    SottoError
        When there is no such model or preset.

    Examples
    --------
    >>> import torch
    >>> from sottovoce.torch import Tokenizer
    >>> tokenizer = Tokenizer()
    >>> codes = tokenizer.encode(torch.randn(2, 16000) / 10)
    >>> codes.shape == (2, tokenizer.num_codebooks, 25)
    True
    >>> tokenizer.decode(codes).shape
    torch.Size([2, 80, 100])
    """

    nobody: Tensor

    def __init__(self, *, model: str = "default", preset: str = "default") -> None:
        super().__init__()
        loaded = LoadedModel.load(model=model, preset=preset)
        self.sample_rate, self.frame_rate = loaded.sample_rate, loaded.frame_rate
        self.num_codebooks, self.codebook_sizes = loaded.num_codebooks, loaded.codebook_sizes
        self._step, self._preset = loaded.model.step, loaded.preset.index
        network = restore(loaded.model)
        self._inputs = network.inputs
        self.encoder, self.conditioner = network.encoder, network.conditioner
        assert isinstance(network.bottleneck, RVQ)  # as every released model has it
        self.bottleneck, self.speaker_code = network.bottleneck, network.speaker_code
        nobody = torch.frombuffer(bytearray(loaded.model.neutral_speaker), dtype=torch.uint8).long()
        self.register_buffer("nobody", nobody, persistent=False)
        self.requires_grad_(False)
        self.eval()

    @torch.no_grad()
    def encode(self, wave: Tensor, lengths: Tensor | None = None, levels: Tensor | None = None) -> Tensor:
        """Encode recordings.

        Parameters
        ----------
        wave : Tensor of float32 [shape=(B, T)]
            Mono samples at `sample_rate`, full scale 1.
        lengths : Tensor of int [shape=(B,)], optional
            Samples of each recording; all T by default.
        levels : Tensor [shape=(B,), dBov], optional
            Active speech levels. Without them they are measured, on the CPU.

        Returns
        -------
        Tensor of int64 [shape=(B, num_codebooks, S)]
            S is ceil(T / step). Steps after the end of a recording are -1.
        """
        batch, samples = wave.shape
        lengths = self._lengths(lengths, batch, samples).to(wave.device)
        steps = -(-samples // self._step)
        inside = torch.arange(samples, device=wave.device) < lengths[:, None]
        wave = torch.where(inside, wave.float(), 0.0)
        wave = F.pad(wave * self._gains(wave, lengths, levels)[:, None], (0, steps * self._step - samples))
        features = encoder_input(self._inputs, frames(wave))
        counts = torch.div(lengths + self._step - 1, self._step, rounding_mode="floor")
        valid = torch.arange(features.shape[2], device=wave.device) < counts[:, None] * (self._step // HOP)
        presets = torch.full((batch,), self._preset, device=wave.device)
        latents = self.encoder(features * valid[:, None], presets)
        rows = latents.transpose(1, 2).reshape(batch * steps, -1)
        found = [self._search(piece) for piece in rows.split(ROWS)]
        codes = torch.cat(found).view(batch, steps, self.num_codebooks).transpose(1, 2)
        beyond = torch.arange(steps, device=wave.device) >= counts[:, None]
        return codes.masked_fill(beyond[:, None], PADDING)

    def decode(self, codes: Tensor, speaker: Tensor | None = None) -> Tensor:
        """Decode codes to log-mel.

        Parameters
        ----------
        codes : Tensor of int [shape=(B, num_codebooks, S)]
            As `encode` returns them.
        speaker : Tensor of int [shape=(B, n)], optional
            Bytes of the speaker vectors; by default nobody in particular.

        Returns
        -------
        Tensor of float32 [shape=(B, 80, F)]
            Natural log of the power in each mel band, 100 frames per second; 0 after the end of a recording.
        """
        counts = (codes[:, 0] >= 0).sum(1)
        per_step = self._step // HOP
        mel = torch.zeros(len(codes), 80, codes.shape[2] * per_step, device=codes.device)
        for count in counts.unique().tolist():  # the last step of a recording depends on there being none after it
            if count:
                rows = counts == count
                latents = self.bottleneck.lookup(codes[rows, :, :count].transpose(1, 2))
                mel[rows, :, : count * per_step] = self.log_mel(latents, None if speaker is None else speaker[rows])
        return mel

    def log_mel(self, latents: Tensor, speaker: Tensor | None = None) -> Tensor:
        """Decode latents, such as expectations over codes, to log-mel.

        Parameters
        ----------
        latents : Tensor [shape=(B, size, S)]
        speaker
            As for `decode`.

        Returns
        -------
        Tensor [shape=(B, 80, F)]
        """
        if speaker is None:
            speaker = self.nobody.expand(len(latents), -1)
        vectors = self.speaker_code.lookup(speaker[:, None].long())[:, :, 0]
        presets = torch.full((len(latents),), self._preset, device=latents.device)
        return self.conditioner.decoded(self.conditioner(latents, vectors, presets))[0]

    def forward(self, wave: Tensor, lengths: Tensor | None = None, levels: Tensor | None = None) -> Tensor:
        """Encode: see `encode`."""
        return self.encode(wave, lengths, levels)

    def _lengths(self, lengths: Tensor | None, batch: int, samples: int) -> Tensor:
        return torch.full((batch,), samples) if lengths is None else lengths.long()

    def _gains(self, wave: Tensor, lengths: Tensor, levels: Tensor | None) -> Tensor:
        """Return the factors that bring recordings to the level of the model."""
        if levels is not None:
            known = [level_to_byte(level) for level in levels.tolist()]
        else:
            head = wave[:, : HEAD_SECONDS * self.sample_rate].cpu().numpy()
            known = [measure_level_byte(one[:count]) for one, count in zip(head, lengths.tolist(), strict=True)]
        return torch.from_numpy(np.array([normalising_gain(byte) for byte in known], np.float32)).to(wave.device)

    def _search(self, latents: Tensor) -> Tensor:
        """M-search, as `models.runtime.quantizer.Quantizer` does it: latents (n, size) -> codes (n, books)."""
        count = len(latents)
        residuals, errors = latents[:, None], latents.new_zeros(count, 1)
        codes = torch.zeros(count, 1, 0, dtype=torch.long, device=latents.device)
        for index in range(self.num_codebooks):
            codebook = self.bottleneck.books[index]
            assert isinstance(codebook, Codebook)
            book = codebook.entries
            reached = errors[:, :, None] + (book**2).sum(1) - 2 * residuals @ book.T
            errors, best = reached.flatten(1).topk(min(BEAM, reached.shape[1] * len(book)), largest=False)
            paths, entries = best // len(book), best % len(book)
            residuals = residuals.gather(1, paths[:, :, None].expand(-1, -1, residuals.shape[2])) - book[entries]
            codes = torch.cat((codes.gather(1, paths[:, :, None].expand(-1, -1, index)), entries[:, :, None]), 2)
        return codes[:, 0]
