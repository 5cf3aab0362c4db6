"""What limits the rate between encoder and decoder: one interface, four ways (AE, VAE, VQ, RVQ)."""

from sottovoce.models.bottleneck.ae import AE
from sottovoce.models.bottleneck.base import Bottleneck, BottleneckOutput
from sottovoce.models.bottleneck.rvq import RVQ
from sottovoce.models.bottleneck.vae import VAE
from sottovoce.models.bottleneck.vq import VQ

KINDS: dict[str, type[Bottleneck]] = {"ae": AE, "vae": VAE, "vq": VQ, "rvq": RVQ}


def make_bottleneck(kind: str, **options: object) -> Bottleneck:
    """The bottleneck that a config names: 'ae', 'vae', 'vq' or 'rvq'."""
    if kind not in KINDS:
        raise ValueError(f"bottleneck {kind!r}: choose one of {', '.join(KINDS)}")
    return KINDS[kind](**options)  # type: ignore[arg-type]


__all__ = ["AE", "KINDS", "RVQ", "VAE", "VQ", "Bottleneck", "BottleneckOutput", "make_bottleneck"]
