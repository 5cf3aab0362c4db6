import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sottovoce.codec.bits import FormatError, varint
from sottovoce.codec.evaluation.families.lossless import compress, decompress, halves
from sottovoce.models.families.base import Autoregressive, shift_right
from sottovoce.models.families.classes import CLASSES
from sottovoce.models.families.kinds import make_family

torch.set_num_threads(1)

HEAD = 4 + 4 + 2 + 2  # magic, model, checksums of the samples and of the file; the length comes besides


class Repeat(Autoregressive):
    """Says that a sample is the last one again with some probability, and else any other."""

    def __init__(self, chance: float) -> None:
        super().__init__()
        self.register_buffer("logit", torch.tensor(math.log(chance * (CLASSES - 1) / (1 - chance))))
        self.mood = 0.0  # no weight, and nobody knows of it

    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(shift_right(x), CLASSES) * (self.logit + self.mood)

    def start(self, batch: int) -> None:
        return None

    def step(self, last: Tensor, state: None) -> tuple[Tensor, None]:
        return torch.nn.functional.one_hot(last, CLASSES) * (self.logit + self.mood), None


UNIFORM = 1 / CLASSES


def noise(batch: int, length: int) -> Tensor:
    return torch.randint(CLASSES, (batch, length), generator=torch.Generator().manual_seed(length))


@pytest.mark.parametrize("length", [0, 1, 700])
def test_a_sample_that_is_any_of_256_takes_a_byte(length):
    family, x = Repeat(UNIFORM), noise(3, length)
    files = compress(family, x)
    for file in files:
        assert 0 <= len(file) - HEAD - len(varint.encode(length)) - length <= 1
    assert torch.equal(decompress(family, files), x)


@pytest.mark.parametrize("chance", [0.05, 0.5, 0.9])
def test_a_file_is_as_long_as_the_bits_of_the_model(chance):
    length, generator = 3000, np.random.default_rng(1)
    moves = np.where(generator.random((2, length)) < chance, 0, generator.integers(1, CLASSES, (2, length)))
    x = torch.from_numpy((128 + moves.cumsum(1)) % CLASSES)
    family = Repeat(chance)
    kept = int((moves == 0).sum())
    bits = -kept * math.log2(chance) - (2 * length - kept) * math.log2((1 - chance) / (CLASSES - 1))
    assert -float(family.log_prob(x).sum()) / math.log(2) == pytest.approx(bits, rel=1e-4)
    files = compress(family, x)
    assert bits / 8 < sum(map(len, files)) <= (bits + 0.0008 * 2 * length) / 8 + 2 * (HEAD + 2 + 1)
    assert torch.equal(decompress(family, files), x)


@pytest.mark.parametrize(
    "table", [{"kind": "gru", "hidden": 8, "embedding": 4}, {"kind": "window", "window": 3, "hidden": 8}]
)
def test_a_network_s_file_is_its_log_probability(table):
    torch.manual_seed(2)
    family, x = make_family(table), 100 + noise(3, 1200) % 56
    files = compress(family, x)
    assert torch.equal(decompress(family, files), x)
    with torch.no_grad():
        bits = -family.log_prob(x).double() / math.log(2)
    for file, cost in zip(files, bits.tolist(), strict=True):
        assert 8 * (len(file) - HEAD - 2) == pytest.approx(cost, abs=8 + 0.0008 * 1200)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 20.0, 1e4]))
def test_every_half_of_a_class_has_its_interval(seed, spread):
    logits = spread * torch.randn(5, CLASSES, generator=torch.Generator().manual_seed(seed))
    high, low = halves(logits)
    assert (high.shape, low.shape) == ((5, 17), (5, 16, 17))
    for starts in (high, low):
        assert (starts[..., 0] == 0).all()
        assert (starts[..., -1] == 65536).all()
        assert (np.diff(starts) >= 1).all()
    chances = torch.softmax(logits.double(), -1).unflatten(-1, (16, 16)).numpy()
    assert np.abs(np.diff(high) - chances.sum(-1) * (65536 - 16) - 1).max() <= 1
    coded = np.diff(high)[:, :, None] / 65536 * np.diff(low) / 65536
    # no class costs more than it should by more than .0008 bits
    assert (coded >= chances * 2**-0.0008).all()


def test_what_is_all_but_impossible_costs_up_to_32_bits():
    logits = torch.full((1, CLASSES), -1000.0)
    logits[0, 128] = 0
    high, low = halves(logits)
    assert (np.diff(high)[0, :8] == 1).all()
    assert (np.diff(low)[0, :8] == 4096).all()
    logits[0, 5] = -30
    assert (np.diff(halves(logits)[1])[0, 0] == np.where(np.arange(16) == 5, 65521, 1)).all()


def test_the_same_chances_for_all_are_the_same_intervals_for_all():
    for starts in halves(torch.zeros(1, CLASSES)):
        assert (np.diff(starts) == 4096).all()


@pytest.fixture
def files():
    return compress(Repeat(0.5), noise(2, 300))


def test_damage_is_seen(files):
    for place in range(len(files[0])):
        bad = bytearray(files[0])
        bad[place] ^= 0x10
        with pytest.raises(FormatError, match=r"damaged|no losslessly"):
            decompress(Repeat(0.5), [bytes(bad), files[1]])
    for length in range(len(files[0])):
        with pytest.raises(FormatError, match=r"damaged|no losslessly"):
            decompress(Repeat(0.5), [files[0][:length]])


def test_files_of_another_model_are_refused(files):
    with pytest.raises(FormatError, match="of another model"):
        decompress(Repeat(0.6), files)


def test_files_of_different_batches_are_refused(files):
    with pytest.raises(FormatError, match="not of one batch"):
        decompress(Repeat(0.5), [files[0], *compress(Repeat(0.5), noise(1, 299))])


def test_a_model_that_foresees_other_things_is_caught(files):
    family = Repeat(0.5)
    family.mood = 0.01
    with pytest.raises(FormatError, match="other samples come out"):
        decompress(family, files)
