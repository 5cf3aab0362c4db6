"""Registry of model families: the class for each `kind` of a config's table `family`."""

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
    "wavenet": "wavenet.UnconditionalWaveNet",
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


def family_class(kind: object) -> type[Family]:
    """Class of a kind of family.

    Raises
    ------
    ValueError
        If the kind is unknown.
    """
    if kind not in KINDS:
        raise ValueError(f"family.kind = {kind!r}: choose one of {', '.join(KINDS)}")
    module, name = KINDS[str(kind)].rsplit(".", 1)
    return getattr(import_module(f"sottovoce.models.families.{module}"), name)


def resolve_settings(table: dict[str, Any]) -> tuple[type[Family], dict[str, Any]]:
    """Class of the table's `kind`, and the table's settings completed with the class's defaults.

    Raises
    ------
    ValueError
        If the kind or a setting is unknown.
    """
    made = family_class(table.get("kind"))
    try:
        settings = signature(made).bind(**table)
    except TypeError as error:
        raise ValueError(f"family: {error}") from error
    settings.apply_defaults()
    return made, settings.arguments


def make_family(table: dict[str, Any]) -> Family:
    """Build the family that a config's table `family` describes.

    Raises
    ------
    ValueError
        If the kind or a setting is unknown.
    """
    made, settings = resolve_settings(table)
    return made(**settings)
