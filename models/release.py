"""Released models: weights and card, loaded for encoding and decoding without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from sottovoce.models.errors import SottoError
from sottovoce.models.files import replace
from sottovoce.models.runtime.decoder import Decoder, decode_batch
from sottovoce.models.runtime.encoder import FRAME_OVERHANG, Encoder
from sottovoce.models.runtime.layers import BOOK_BITS, Array
from sottovoce.models.runtime.linear_core import LinearCoreAnalysis
from sottovoce.models.runtime.network import DecoderNetwork
from sottovoce.models.runtime.quantizer import Quantizer
from sottovoce.models.runtime.speaker import speaker_bytes
from sottovoce.models.runtime.strided import StridedAnalysis
from sottovoce.models.runtime.voice_conversion import (
    VoiceConversion,
    VoiceProfile,
    conversion_between,
    latent_statistics,
)
from sottovoce.models.wavenet.tables import Tables

SAMPLER_PREFIX = "sampler."
METADATA = "sottovoce"  # key of the JSON with config and presets
_NAMED = ("sha256", "previous_ids")  # what a card says of the file itself


@dataclass(frozen=True)
class Preset:
    """A rate of a model: how many of its code books a file holds.

    Attributes
    ----------
    name : str
    index : int
        What a file's header says.
    bits : tuple of int
        Bits of each of its books.
    """

    name: str
    index: int
    bits: tuple[int, ...]

    @property
    def books(self) -> int:
        """Code books a step."""
        return len(self.bits)


class Release:
    """A model in the box.

    Parameters
    ----------
    name : str
    data : bytes
        Contents of its safetensors file.
    card : dict
        Contents of its card: the hash of `data`, training data, scores.

    Raises
    ------
    ValueError
        When `data` is damaged, or the card is that of another model.

    Attributes
    ----------
    id : bytes
        First four bytes of the SHA-256 of `data`: what a file names its model by.
    previous_ids : tuple of bytes
        Ids of earlier versions with the same networks: of the same codes it makes the same samples. Their entropy coded
        files need their own tables.
    presets : dict of str to Preset
    step, sample_rate, lookahead : int
        Samples a latent step, samples a second, and samples beyond a step that its codes depend on.
    """

    sample_rate = 16000

    def __init__(self, name: str, data: bytes, card: dict[str, Any]):
        sha256 = hashlib.sha256(data).hexdigest()
        if card.get("sha256") != sha256:
            card = card.get("before") or {}  # `write` was ended between its files
        if card.get("sha256") != sha256:
            raise ValueError("the weights are not those that the card was written for")
        self.name, self.card = name, card
        self.id = bytes.fromhex(sha256)[:4]
        self.previous_ids = tuple(map(bytes.fromhex, card.get("previous_ids", ())))
        self.weights: Mapping[str, Array] = load_tensors(data)
        facts = _facts(data)
        self.config = facts["config"] | {"presets": facts["presets"]}
        bits = self.config["bottleneck"]["bits"]
        self.presets = {p["name"]: Preset(p["name"], p["index"], tuple(bits[: p["books"]])) for p in facts["presets"]}
        self.step = self.sample_rate // self.config["model"]["rate"]
        self.lookahead = self.step + FRAME_OVERHANG

    def try_out(self) -> None:
        """Encode a moment with each preset and find its spectrum; raises anything where the weights do not fit."""
        wave = np.full(2 * self.step + self.lookahead, 1e-3, np.float32)
        speaker = self.speaker(wave)
        for preset in self.presets.values():
            if not preset.name.isprintable() or not 0 <= preset.index < 256:
                raise ValueError(f"damaged: a preset {preset.name!r} of number {preset.index}")
            encoder = self.encoder(preset.books)
            self.network.log_mel(np.concatenate((encoder.push(wave), encoder.finish())), speaker)

    @cached_property
    def neutral_speaker(self) -> bytes:
        """A speaker vector for when nobody has spoken yet: the one nearest to zero."""
        books = self._quantizer("speaker_books", len(self.config["speaker"]["bits"]))
        return bytes(books(np.zeros(self.config["speaker"]["size"], np.float32)).astype(np.uint8))

    @cached_property
    def network(self) -> DecoderNetwork:
        """What decoders share."""
        tables = {k.removeprefix(SAMPLER_PREFIX): v for k, v in self.weights.items() if k.startswith(SAMPLER_PREFIX)}
        return DecoderNetwork(self.config, self.weights, Tables(tables))

    def _quantizer(self, name: str, count: int) -> Quantizer:
        scale = np.float32(2.0**-BOOK_BITS)
        return Quantizer([self.weights[f"{name}.{i}"].astype(np.float32) * scale for i in range(count)])

    @cached_property
    def latent_quantizer(self) -> Quantizer:
        """The code books as the encoder searches them."""
        return self._quantizer("books", len(self.config["bottleneck"]["bits"]))

    @cached_property
    def analysis(self) -> LinearCoreAnalysis | StridedAnalysis:
        """The network that encoders share."""
        linear = self.config["model"].get("spectrum") == "linear-core"
        return (LinearCoreAnalysis if linear else StridedAnalysis)(self.config, self.weights)

    def speaker(self, wave: NDArray[np.float32], books: int | None = None) -> bytes:
        """Who speaks in a stretch of speech (n,) at the models' level, n >= 1; of None, all books."""
        quantizer = self._quantizer("speaker_books", len(self.config["speaker"]["bits"]))
        return speaker_bytes(wave, self.config, self.weights, quantizer.first(books))

    def whole_speaker(self, codes: bytes) -> bytes:
        """Complete the first codes of a speaker vector.

        Each further code is that of the entry that brings the sum of the entries after `codes` nearest to zero, the
        first of equally near ones: in integers, and so the same on every machine.
        """
        total: NDArray[np.int64] = np.zeros(self.config["speaker"]["size"], np.int64)
        for number in range(len(codes), len(self.config["speaker"]["bits"])):
            sums = total + self.weights[f"speaker_books.{number}"].astype(np.int64)
            code = int((sums * sums).sum(1).argmin())
            codes, total = codes + bytes((code,)), sums[code]
        return codes

    def voice_profile(self, codes: NDArray[np.int16], speaker: bytes) -> bytes:
        """The voice of codes (steps, books) and their speaker, to lend to others."""
        return VoiceProfile(speaker, latent_statistics(self.network, codes, speaker)).pack()

    def voice_conversion(self, voice: bytes, codes: NDArray[np.int16], speaker: bytes) -> VoiceConversion:
        """What a decoder borrows to say in another's voice what codes (steps, books) say in that of `speaker`.

        Raises
        ------
        ValueError
            When `voice` is none of this model.
        """
        return conversion_between(self.network, voice, codes, speaker)

    def encoder(self, books: int | None = None, group: int = 1) -> Encoder:
        """An encoder at the start of a recording, for a file that holds the first `books` code books; None is all.

        It encodes `group` steps at a time: see encoder.py.
        """
        quantizer = self.latent_quantizer.first(books)
        preset = next((p.index for p in self.presets.values() if p.books == len(quantizer.books)), 0)
        return Encoder(self.config, self.analysis, quantizer, preset, group)

    def decoder(self, speaker: bytes, seed: int = 0, stream: int = 0, speed: float = 1.0) -> Decoder:
        """A decoder at the start of a stream; see `Decoder` for what it takes and raises."""
        return Decoder(self.network, speaker, seed, stream, speed)


def _facts(data: bytes) -> dict[str, Any]:
    """Config and presets."""
    try:
        return json.loads(_metadata(data)[METADATA])
    except KeyError:
        raise ValueError("a safetensors file, but not of a model of sottovoce") from None


def _metadata(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file: 8 bytes of length, then JSON."""
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})


def available() -> list[str]:
    """Names of the models in the box, the default first."""
    folder = resources.files("sottovoce.models.released")
    names = sorted(f.name.removesuffix(".json") for f in folder.iterdir() if f.name.endswith(".json"))
    return sorted(names, key=lambda name: name != "default")


def load(name: str = "default") -> Release:
    """A model in the box by its name, or any by the path of its safetensors file, its card beside it.

    Raises
    ------
    FileNotFoundError
        When there is no such model.
    ValueError
        When its weights or its card are damaged, or do not belong together.
    """
    data, card = read(name)
    boxed = name in available()
    try:
        model = Release(name if boxed else Path(name).stem, data, card)
        if not boxed:
            model.try_out()
    except ValueError:
        raise
    except Exception as error:  # weights from elsewhere may be anything, and their numbers and shapes lead to anything
        raise ValueError(f"damaged: {' '.join(f'{type(error).__name__}: {error}'.split())}") from error
    return model


def read(name: str) -> tuple[bytes, dict[str, Any]]:
    """The safetensors file and the card of a model: see `load`."""
    bundled = name in available()
    folder = resources.files("sottovoce.models.released")
    weights = folder / f"{name}.safetensors" if bundled else Path(name)
    card = folder / f"{name}.json" if bundled else Path(name).with_suffix(".json")
    data = weights.read_bytes()
    try:
        return data, json.loads(card.read_text())
    except FileNotFoundError:
        raise ValueError(f"its card, {card}, is missing") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"damaged: {error}") from error


def write(output: Path, data: bytes, card: dict[str, Any], *, force: bool = False) -> None:
    """Write a model: its weights, and the card beside them.

    Until both are there, the card has that of the model which is replaced in it: whenever this ends, as by a signal or
    a loss of power, the files are either the new model or the one before.

    Parameters
    ----------
    output : Path
        Without its suffix.
    data, card : bytes, dict
        As `read` gives them.
    force : bool
        Whether a model of that name is replaced.

    Raises
    ------
    SottoError
        When there is one that must not be replaced.
    """
    weights, described = output.with_name(f"{output.name}.safetensors"), output.with_name(f"{output.name}.json")
    before: dict[str, Any] = {}
    for path in (weights, described):
        if path.exists() and not force:
            raise SottoError("exists already", "choose another output, or -f to overwrite", str(path))
    with suppress(OSError, ValueError):
        before = {"before": json.loads(described.read_text())}
    for path, content in (
        *([(described, _pack(card | before))] if before else []),
        (weights, data),
        (described, _pack(card)),
    ):
        with replace(path, force=force) as file:
            file.write(content)


def _pack(card: dict[str, Any]) -> bytes:
    return json.dumps(card, indent=1).encode() + b"\n"


def with_tables(data: bytes, card: dict[str, Any], tables: Mapping[str, Array]) -> tuple[bytes, dict[str, Any]]:
    """A model's file and card with tables in it that change no sample, so that files of the model before stay its own.

    Tables that are replaced stay, for files that were made with them: under ``former.ID.`` and their names.

    Parameters
    ----------
    data, card : bytes, dict
        As `read` gives them.
    tables : mapping of str to array
        By name; those of the same prefix, up to the first dot, are replaced.
    """
    prefixes = tuple({f"{name.partition('.')[0]}." for name in tables})
    before = load_tensors(data)
    replaced = {name: array for name, array in before.items() if name.startswith(prefixes)}
    kept = {name: array for name, array in before.items() if name not in replaced}
    if save_tensors(replaced) == save_tensors(dict(tables)):
        return data, card
    old = card["sha256"][:8]
    former = {f"{former_prefix(old)}{name}": array for name, array in replaced.items()}
    changed = save_tensors(kept | former | dict(tables), metadata=_metadata(data))
    sha256 = hashlib.sha256(changed).hexdigest()
    previous_ids = [*card.get("previous_ids", ()), old]
    return changed, {"sha256": sha256, "previous_ids": previous_ids} | {
        k: v for k, v in card.items() if k not in _NAMED
    }


def former_prefix(model: str) -> str:
    """What the names of tables begin with that were those of an earlier version, by its id in hexadecimal digits."""
    return f"former.{model}."


__all__ = ["Decoder", "Encoder", "Preset", "Release", "available", "decode_batch", "load", "write"]
