"""Which families there are, by the name that a config gives them."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from typing import Any

from sottovoce.models.families.base import Family

KINDS = {
    "ngram": "ngram.NGram",
    "fir": "linear.Fir",
    "adaptive-fir": "linear.AdaptiveFir",
    "window": "window.Window",
    "wavenet": "dilated.Dilated",
    "rnn": "recurrent.Recurrent",
    "lstm": "recurrent.Recurrent",
    "gru": "recurrent.Recurrent",
    "transformer": "attention.Transformer",
    "pixelcnn": "pixelcnn.PixelCNN",
    "vae": "vae.ChunkVAE",
    "realnvp": "flows.realnvp.RealNVP",
    "nice": "flows.realnvp.RealNVP",
    "glow": "flows.glow.Glow",
    "waveglow": "flows.waveglow.WaveGlow",
    "latent-wavenet": "latent.LatentWaveNet",
}


def settled(table: dict[str, Any]) -> tuple[type[Family], dict[str, Any]]:
    """What a config's table `family` names by its `kind`, and all its settings: those of the table, else defaults.

    Raises
    ------
    ValueError
        Where there is no such kind or setting.
    """
    kind = table.get("kind")
    if kind not in KINDS:
        raise ValueError(f"family.kind = {kind!r}: choose one of {', '.join(KINDS)}")
    module, name = KINDS[kind].rsplit(".", 1)
    made = getattr(import_module(f"sottovoce.models.families.{module}"), name)
    try:
        settings = signature(made).bind(**table)
    except TypeError as error:
        raise ValueError(f"family: {error}") from error
    settings.apply_defaults()
    return made, settings.arguments


def make_family(table: dict[str, Any]) -> Family:
    """The family that a config's table `family` describes: its `kind`, which it is told, and its other keywords.

    Raises
    ------
    ValueError
        Where there is no such kind or setting.
    """
    made, settings = settled(table)
    return made(**settings)
