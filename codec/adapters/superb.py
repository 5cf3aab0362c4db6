"""The codec as Codec-SUPERB calls codecs (Wu et al. 2024, arXiv 2402.13071): `extract_unit` and `decode_unit`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from sottovoce.codec.api import Codec


class Synthesis(NamedTuple):
    """What is needed to decode: codes, voice, level, and the number of samples of the recording."""

    codes: NDArray[np.int16]
    speaker: bytes
    level: float
    samples: int


@dataclass
class ExtractedUnit:
    """Units of a recording.

    Parameters
    ----------
    unit : torch.Tensor [shape=(books, steps)]
        The codes.
    stuff_for_synth : Synthesis
        What `decode_unit` takes.
    """

    unit: Any
    stuff_for_synth: Synthesis


@dataclass
class BatchExtractedUnit:
    """Units of several recordings.

    Parameters
    ----------
    units : list of torch.Tensor
        The codes of each.
    stuff_for_synth : list of Synthesis
        What `decode_unit` takes for each.
    batch_size : int
        Their number.
    """

    units: list[Any]
    stuff_for_synth: list[Synthesis]
    batch_size: int


class SuperbCodec:
    """A preset with the interface of Codec-SUPERB's ``BaseCodec``.

    Parameters
    ----------
    preset : str
        Name of the preset.
    model : str
        Name of the model, or path of its weights.

    Attributes
    ----------
    sampling_rate : int
        Hz at which it encodes and decodes.
    setting : str
        Name in results.
    supports_decode : bool
        True.

    Examples
    --------
    In a checkout of Codec-SUPERB, a file ``SoundCodec/codec/sottovoce_default.py`` with these two lines adds the codec:

    >>> from sottovoce.codec.adapters.superb import SuperbCodec
    >>> Codec = SuperbCodec
    """

    supports_decode = True

    def __init__(self, preset: str = "default", model: str = "default") -> None:
        self._codec = Codec.load(model=model, preset=preset)
        self.sampling_rate = self._codec.sample_rate
        self.setting = f"sottovoce_{preset}"

    def extract_unit(self, data: Mapping[str, Any]) -> ExtractedUnit:
        """Encode a recording.

        Parameters
        ----------
        data : mapping
            With ``data["audio"]["array"]`` [shape=(samples,)] and ``data["audio"]["sampling_rate"]``.
        """
        import torch

        wave, rate = np.asarray(data["audio"]["array"], np.float32), int(data["audio"]["sampling_rate"])
        codes = self._codec.codes(wave, rate)
        samples = -(-len(wave) * self.sampling_rate // rate)
        synthesis = Synthesis(codes, self._codec.speaker(wave, rate), self._codec.level(wave, rate), samples)
        return ExtractedUnit(torch.from_numpy(codes.T.astype(np.int64)), synthesis)

    def decode_unit(self, stuff_for_synth: Synthesis) -> NDArray[np.float32]:
        """Decode what `extract_unit` returned.

        Returns
        -------
        ndarray of float32 [shape=(1, samples)]
            The recording at `sampling_rate`, as long as it was.
        """
        codes, speaker, level, samples = stuff_for_synth
        return self._codec.decode_codes(codes, speaker=speaker, level=level)[None, :samples]

    def synth(self, data: dict[str, Any], local_save: bool = True) -> dict[str, Any]:
        """Encode and decode a recording.

        Parameters
        ----------
        data : dict
            As for `extract_unit`; it is changed.
        local_save : bool
            Whether the result goes to ``dummy_SETTING/ID.wav``, whose name then is ``data["audio"]``; else it is in
            ``data["audio"]["array"]``.
        """
        unit = self.extract_unit(data)
        data["unit"] = unit.unit
        return self._returned(data, self.decode_unit(unit.stuff_for_synth), local_save)

    def batch_extract_unit(self, data_list: Sequence[Mapping[str, Any]]) -> BatchExtractedUnit:
        """Encode several recordings."""
        units = [self.extract_unit(data) for data in data_list]
        return BatchExtractedUnit([one.unit for one in units], [one.stuff_for_synth for one in units], len(units))

    def batch_decode_unit(self, batch_extracted_unit: BatchExtractedUnit) -> list[NDArray[np.float32]]:
        """Decode several recordings."""
        return [self.decode_unit(one) for one in batch_extracted_unit.stuff_for_synth]

    def batch_synth(self, data_list: list[dict[str, Any]], local_save: bool = True) -> list[dict[str, Any]]:
        """Encode and decode several recordings."""
        return [self.synth(data, local_save) for data in data_list]

    def is_1d(self) -> bool:
        """Return whether there is one code in each step."""
        return self._codec.num_codebooks == 1

    def _returned(self, data: dict[str, Any], wave: NDArray[np.float32], local_save: bool) -> dict[str, Any]:
        rate = int(data["audio"]["sampling_rate"])
        if rate != self.sampling_rate:
            wave = soxr.resample(wave[0], self.sampling_rate, rate, "VHQ")[None]
        if not local_save:
            data["audio"] = {"array": wave, "sampling_rate": rate}
            return data
        import soundfile

        path = Path(f"dummy_{self.setting}", f"{data['id']}.wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, wave[0], rate, subtype="PCM_16")
        data["audio"] = str(path)
        return data
