"""Attention in blocks is plain attention to the last samples; positions count by their distance only."""

import math

import pytest
import torch
from torch import Tensor

from sottovoce.models.families.attention import Attention, Transformer, apply_rotary, rotary_table


def plain(layer: Attention, x: Tensor) -> Tensor:
    """Attention (T, C) of x (T, C), one head, one query and one key after the other."""
    size = x.shape[1] // layer.heads
    q, k, v = (layer.qkv.weight @ x.T).T.view(len(x), 3, layer.heads, size).unbind(1)
    cos, sin = layer.rotary_table
    complex_turn = torch.complex(cos, sin)
    rows = []
    for t in range(len(x)):
        heads = []
        for head in range(layer.heads):
            window = range(max(0, t - layer.window + 1), t + 1)
            query = torch.complex(*q[t, head].chunk(2)) * complex_turn[t % (2 * layer.window)]
            scores = []
            for s in window:
                key = torch.complex(*k[s, head].chunk(2)) * complex_turn[s % (2 * layer.window)]
                scores.append((query * key.conj()).real.sum() / math.sqrt(size))
            weights = torch.softmax(torch.stack(scores), 0)
            heads.append(sum(weights[i] * v[s, head] for i, s in enumerate(window)))
        rows.append(layer.out.weight @ torch.cat(heads) + layer.out.bias)
    return torch.stack(rows)


@torch.no_grad()
@pytest.mark.parametrize("time", [1, 5, 6, 23])
def test_attention_is_what_loops_compute(time: int):
    torch.manual_seed(0)
    layer = Attention(width=12, heads=2, window=6).double()
    layer.qkv.weight.mul_(4)
    x = torch.randn(3, time, 12).double()
    expected = torch.stack([plain(layer, row) for row in x])
    assert torch.allclose(layer(x), expected, atol=1e-12)


def test_positions_count_by_their_distance_even_past_the_period():
    torch.manual_seed(0)
    period = 64
    turn = rotary_table(16, period).double()
    q, k = torch.randn(2, 1, 16).double()

    def score(at: int, ago: int) -> float:
        places = torch.tensor([at, at - ago]) % period
        return float((apply_rotary(q, turn[:, places[:1]]) * apply_rotary(k, turn[:, places[1:]])).sum())

    for ago in (0, 1, 5, 31):
        assert score(40, ago) == pytest.approx(score(1_000_003, ago), rel=1e-5)
    nearness = [score(40, ago) for ago in range(32)]
    assert len({round(s, 9) for s in nearness}) == 32  # no two distances look alike


def test_rotations_keep_lengths():
    turn, x = rotary_table(8, 32), torch.randn(2, 3, 32, 8)
    assert torch.allclose(apply_rotary(x, turn).norm(dim=-1), x.norm(dim=-1), rtol=1e-5)


@torch.no_grad()
def test_the_caches_do_not_grow():
    torch.manual_seed(0)
    model = Transformer("transformer", width=16, layers=2, heads=2, window=4, embedding=4, conv_taps=3)
    state = model.start(3)
    for _ in range(20):
        _, state = model.step(torch.full((3,), 128), state)
    assert [cache.keys.shape for cache in state[1]] == [(3, 2, 4, 8)] * 2
