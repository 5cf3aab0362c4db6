import numpy as np
import pytest
from safetensors.numpy import load, save

from sottovoce.codec.bits import BLOCK_STEPS
from sottovoce.codec.bits.context import units
from sottovoce.codec.bits.context.coder import ContextModel

torch = pytest.importorskip("torch")

from sottovoce.models.training.context import HIDDEN, RANK, ContextPredictor, IntegerLayout, _Steps, fit, rounded  # noqa: E402

RULES = IntegerLayout(
    BLOCK_STEPS,
    units.AGES,
    units.SLOW,
    units.FINE_BITS,
    units.SUM_BITS,
    units.SUM_LIMIT,
    units.HIDDEN_BITS,
    units.LOGIT_BITS,
)
SIZES = (32, 16)


@pytest.fixture(scope="module")
def books():
    chance = np.random.default_rng(0)
    return [(chance.standard_normal((size, RANK)) * (4000 >> k)).astype(np.int16) for k, size in enumerate(SIZES)]


def walks(count, steps, seed=0):
    """Codes that go on from the last one: the first book's moves by one, the second's is its last bits."""
    chance = np.random.default_rng(seed)
    first = np.cumsum(chance.integers(0, 2, (count, steps)), 1) % SIZES[0]
    return [np.stack((one, one % SIZES[1]), 1).astype(np.int16) for one in first]


def predictor(books):
    torch.manual_seed(0)
    model = ContextPredictor(books, 2, RULES)
    for bias in model.bias:
        torch.nn.init.normal_(bias)
    for name in ("age", "start"):
        torch.nn.init.normal_(getattr(model, name), std=0.3)
    for view in model.views:
        torch.nn.init.normal_(view, std=0.2)
    return model.eval()


def test_integers_say_what_floats_do(books):
    model, codes = predictor(books), walks(1, 2 * BLOCK_STEPS)
    steps = _Steps.of(codes, books, RULES)
    with torch.no_grad():
        expected = model(steps.codes, *steps.past(0), 1).numpy()
    coder = ContextModel(load(save(rounded(model))), books).coder(1, len(SIZES))
    widths = []
    for block in np.split(codes[0], 2):
        coder.reset()
        widths.append(coder.bits(block))
    bits = 16 - np.log2(np.concatenate(widths))
    assert expected.std() > 0.5
    likely = expected < 9  # what is rarer costs less in integers: each entry has one frequency at least
    assert np.abs(bits - expected)[likely].max() < 0.25
    assert abs(bits[likely].mean() - expected[likely].mean()) < 0.03


def test_tables_are_small_integers(books):
    tables = rounded(predictor(books))
    assert tables["past"].shape == (RANK * (2 + len(units.SLOW)), HIDDEN)
    assert {table.dtype.kind for table in tables.values()} == {"i"}
    assert sum(table.nbytes for table in tables.values() if table.dtype.itemsize > 1) < 8000


def test_it_learns_what_follows_what(books):
    said = []
    tables = fit({0: walks(20, 60), 1: walks(20, 60)}, books, RULES, minutes=0.1, note=said.append)
    coder = ContextModel(tables, books).coder(0, len(SIZES))
    codes = walks(1, BLOCK_STEPS, seed=1)[0]
    assert 8 * len(coder.encode(codes)) < 0.6 * 9 * BLOCK_STEPS
    assert said


def test_too_little_speech_is_refused(books):
    with pytest.raises(ValueError, match="too little speech"):
        fit({0: walks(1, 60)}, books, RULES, minutes=0.01)
