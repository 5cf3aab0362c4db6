"""The codec as users of Hugging Face transformers call codecs such as Mimi, EnCodec and DAC.

``model.encode(input_values).audio_codes`` and ``model.decode(audio_codes).audio_values``, with batches of tensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sottovoce.codec.api import Codec
from sottovoce.codec.errors import SottoError


@dataclass
class EncoderOutput:
    """Encoded recordings.

    Parameters
    ----------
    audio_codes : torch.Tensor of int64 [shape=(batch, books, steps)]
        The codes; those of shorter recordings are continued with their last step.
    speakers : list of bytes
        Speaker vector of each recording.
    levels : list of float [dBov]
        Active speech level of each recording.
    """

    audio_codes: Any
    speakers: list[bytes]
    levels: list[float]


@dataclass
class DecoderOutput:
    """Decoded recordings.

    Parameters
    ----------
    audio_values : torch.Tensor of float32 [shape=(batch, 1, samples)]
        The samples.
    """

    audio_values: Any


@dataclass(frozen=True)
class SottovoceConfig:
    """What other codecs have in their ``config``.

    Parameters
    ----------
    sampling_rate : int [Hz]
        Of recordings.
    frame_rate : float [Hz]
        Steps per second.
    num_quantizers : int
        Number of code books.
    codebook_sizes : tuple of int
        Number of entries of each.
    hop_length : int
        Samples of a step.
    """

    sampling_rate: int
    frame_rate: float
    num_quantizers: int
    codebook_sizes: tuple[int, ...]
    hop_length: int


class SottovoceModel:
    """A preset with the interface of codecs in transformers.

    Parameters
    ----------
    codec : Codec
        Model and preset.

    Attributes
    ----------
    config : SottovoceConfig
        Rates and sizes.

    Examples
    --------
    >>> import torch
    >>> from sottovoce.codec.adapters.huggingface import SottovoceModel
    >>> model = SottovoceModel.from_pretrained("default")
    >>> outputs = model.encode(torch.zeros(1, 1, 16000))
    >>> outputs.audio_codes.shape == (1, model.config.num_quantizers, 25)
    True
    >>> model.decode(outputs.audio_codes, speakers=outputs.speakers, levels=outputs.levels).audio_values.shape
    torch.Size([1, 1, 16000])
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.config = SottovoceConfig(
            sampling_rate=codec.sample_rate,
            frame_rate=codec.frame_rate,
            num_quantizers=codec.num_codebooks,
            codebook_sizes=codec.codebook_sizes,
            hop_length=round(codec.sample_rate / codec.frame_rate),
        )

    @classmethod
    def from_pretrained(cls, model: str = "default", *, preset: str = "default") -> "SottovoceModel":
        """Load a bundled model by its name, or one from the path of its weights.

        Raises
        ------
        SottoError
            When there is no such model or preset.
        """
        return cls(Codec.load(model=model, preset=preset))

    def eval(self) -> "SottovoceModel":
        """Return the model, which only infers."""
        return self

    def encode(self, input_values: Any, padding_mask: Any = None) -> EncoderOutput:
        """Encode recordings.

        Parameters
        ----------
        input_values : torch.Tensor or array [shape=(batch, 1, samples), (batch, samples) or (samples,)]
            Floats of full scale 1 at ``config.sampling_rate``.
        padding_mask : torch.Tensor or array [shape=(batch, samples)], optional
            1 for samples of the recording, then 0 for padding.

        Raises
        ------
        SottoError
            When there is more than one channel.
        """
        import torch

        rate, waves = self.config.sampling_rate, _rows(input_values)
        if padding_mask is not None:
            waves = [wave[: int(length)] for wave, length in zip(waves, _lengths(padding_mask), strict=True)]
        codes = [self._codec.codes(wave, rate) for wave in waves]
        steps = max(map(len, codes))
        padded = np.stack([np.pad(one, ((0, steps - len(one)), (0, 0)), mode="edge") for one in codes])
        return EncoderOutput(
            torch.from_numpy(padded.transpose(0, 2, 1).astype(np.int64)),
            [self._codec.speaker(wave, rate) for wave in waves],
            [self._codec.level(wave, rate) for wave in waves],
        )

    def decode(
        self,
        audio_codes: Any,
        *,
        speakers: Sequence[bytes] | None = None,
        levels: Sequence[float] | None = None,
    ) -> DecoderOutput:
        """Decode recordings.

        Parameters
        ----------
        audio_codes : torch.Tensor or array of int [shape=(batch, books, steps)]
            As `encode` returns them.
        speakers, levels : sequence, optional
            As `encode` returns them; by default nobody in particular, at the level of the model.
        """
        import torch

        batch = np.asarray(audio_codes)
        waves = [
            self._codec.decode_codes(
                codes.T,
                speaker=None if speakers is None else speakers[i],
                level=None if levels is None else levels[i],
            )
            for i, codes in enumerate(batch)
        ]
        return DecoderOutput(torch.from_numpy(np.stack(waves)[:, None]))

    def __call__(self, input_values: Any, padding_mask: Any = None) -> DecoderOutput:
        """Encode and decode recordings."""
        outputs = self.encode(input_values, padding_mask)
        return self.decode(outputs.audio_codes, speakers=outputs.speakers, levels=outputs.levels)


def _rows(values: Any) -> list[np.ndarray]:
    array = np.asarray(values, np.float32)
    if array.ndim == 3 and array.shape[1] != 1:
        raise SottoError(f"{array.shape[1]} channels can't be encoded", "give mono recordings [batch, 1, samples]")
    return list(array.reshape(-1, array.shape[-1]))


def _lengths(mask: Any) -> np.ndarray:
    array = np.asarray(mask)
    return array.reshape(-1, array.shape[-1]).astype(bool).sum(1)
