"""Codebooks that learn: k-means, moving averages, restarts, and books in a row."""

import pytest
import torch

from sottovoce.models.bottleneck import RVQ, VQ
from sottovoce.models.bottleneck.kmeans import k_means
from sottovoce.models.bottleneck.vq import Codebook, usage


def clusters(count: int, rows: int, size: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows (n, D) of well separated clusters, and their centres."""
    generator = torch.Generator().manual_seed(seed)
    centres = 10 * torch.randn(count, size, generator=generator)
    own = torch.randint(count, (rows,), generator=generator)
    return centres[own] + 0.05 * torch.randn(rows, size, generator=generator), centres


def as_latents(rows: torch.Tensor) -> torch.Tensor:
    return rows.T[None]


def test_k_means_lowers_the_distance():
    rows, _ = clusters(12, 800)

    def distance(centres: torch.Tensor) -> float:
        return torch.cdist(rows, centres).min(1).values.square().mean().item()

    none, all_of_them = k_means(rows, 12, 0), k_means(rows, 12, 10)
    assert distance(all_of_them) < 0.5 * distance(none)
    assert torch.equal(k_means(rows, 12), k_means(rows, 12))
    assert torch.isfinite(k_means(rows[:5], 12)).all()


@pytest.mark.parametrize("rows", [400, 8000])
def test_start_is_kept(rows: int):
    """What k-means found is not thrown away by the first steps, however large the batch is."""
    x, _ = clusters(16, rows)
    vq = VQ(4, 16).train()
    vq.book.start(x)
    start = vq.book.entries.clone()
    vq(as_latents(x))
    used = vq.book.nearest(x).unique()
    assert torch.cdist(start, vq.book.entries).diagonal()[used].max() < 0.5


@pytest.mark.parametrize("kind", ["vq", "rvq"])
def test_learns_a_mixture_with_all_codes(kind: str):
    x, centres = clusters(8, 4000)
    bottleneck = VQ(4, 32) if kind == "vq" else RVQ(4, [5])
    bottleneck.train()
    for step in range(150):
        coded = bottleneck(as_latents(x[torch.randperm(4000, generator=torch.Generator().manual_seed(step))[:500]]))
    book = bottleneck.book if isinstance(bottleneck, VQ) else bottleneck.books[0]
    assert usage(torch.bincount(book.nearest(x), minlength=32).float())[0] == 1
    assert torch.cdist(centres, book.entries).min(1).values.max() < 0.3
    (share,) = [value for name, value in coded.log.items() if name.startswith("usage")]
    (perplexity,) = [value for name, value in coded.log.items() if name.startswith("perplexity")]
    assert share == 1 and 20 < perplexity <= 32


def test_dead_entries_come_back():
    x, _ = clusters(8, 400)
    book = Codebook(8, 4, decay=0.9)
    book.start(x)
    book.entries[3:] = 1e3  # nobody is near
    book.sums.copy_(book.entries * book.uses[:, None])
    for _ in range(60):
        index = book.nearest(x)
        book.follow(x, index, torch.ones(len(x)))
    assert book.entries.abs().max() < 100
    assert len(book.nearest(x).unique()) >= 6


def test_restarts_take_only_rows_that_count():
    """Rows of weight zero, beyond an example's depth, are no place for an entry."""
    near, far = torch.randn(300, 4), torch.full((300, 4), 50.0)
    x, weight = torch.cat((far, near)), torch.cat((torch.zeros(300), torch.ones(300)))
    book = Codebook(64, 4, decay=0.5)
    book.start(near)
    book.entries[8:] = 1e3
    book.sums.copy_(book.entries * book.uses[:, None])
    for _ in range(30):
        book.follow(x, book.nearest(x), weight, order=torch.argsort(weight, descending=True, stable=True))
    assert book.entries.abs().max() < 10


def test_deep_books_start_on_what_the_books_before_them_leave():
    """Shallow examples leave more over: that is not what a deep book is for."""
    torch.manual_seed(0)
    z = torch.randn(16, 2, 60)
    rvq = RVQ(2, [4, 4, 4, 4, 4]).train()
    rvq(z, depth=torch.tensor([1] * 12 + [5] * 4))
    deep = RVQ(2, [4, 4, 4, 4, 4]).train()
    deep(z)
    for book, wanted in zip(rvq.books, deep.books, strict=True):
        assert book.entries.norm(dim=1).mean() < 1.5 * wanted.entries.norm(dim=1).mean()


def test_a_batch_that_no_one_uses_changes_no_entry():
    x, _ = clusters(8, 100)
    book = Codebook(8, 4)
    book.start(x)
    before = book.entries.clone()
    for _ in range(5):
        book.follow(x, book.nearest(x), torch.zeros(100))
    assert torch.allclose(book.entries, before, rtol=1e-4)


def test_usage():
    share, perplexity = usage(torch.tensor([5.0, 5.0, 0.0, 0.0]))
    assert share == 0.5 and perplexity.item() == pytest.approx(2)


def trained_rvq() -> tuple[RVQ, torch.Tensor]:
    torch.manual_seed(1)
    rvq, z = RVQ(6, [5, 4, 4]).train(), torch.randn(8, 6, 40)
    for _ in range(30):
        rvq(z)
    return rvq.eval(), z


def test_each_book_adds_detail():
    rvq, z = trained_rvq()
    errors = [float((rvq(z, depth=torch.full((8,), n)).latents - z).square().mean()) for n in (1, 2, 3)]
    assert errors[0] > 1.2 * errors[1] > 1.2 * errors[2]


@pytest.mark.parametrize("books", [1, 2, 3])
def test_lookup_gives_the_latents(books: int):
    rvq, z = trained_rvq()
    coded = rvq(z, depth=torch.full((8,), books))
    assert coded.codes is not None
    assert torch.allclose(rvq.lookup(coded.codes[:, :, :books]), coded.latents, atol=1e-5)
    assert coded.bits == sum([5, 4, 4][:books])
    assert rvq.rate(25, books) == 25 * sum([5, 4, 4][:books])


def test_depth_is_each_examples_own():
    rvq, z = trained_rvq()
    mixed = rvq(z, depth=torch.tensor([1, 2, 3, 1, 2, 3, 1, 2]))
    for depth in (1, 2, 3):
        alone = rvq(z, depth=torch.full((8,), depth))
        rows = [i for i in range(8) if [1, 2, 3, 1, 2, 3, 1, 2][i] == depth]
        assert torch.equal(mixed.latents[rows], alone.latents[rows])
    assert mixed.bits.item() == pytest.approx(sum([5, 9, 13, 5, 9, 13, 5, 9]) / 8)


def test_the_first_codes_do_not_depend_on_depth():
    rvq, z = trained_rvq()
    shallow, deep = rvq(z, depth=torch.full((8,), 1)), rvq(z)
    assert shallow.codes is not None and deep.codes is not None
    assert torch.equal(shallow.codes[..., 0], deep.codes[..., 0])


def test_books_beyond_the_depth_do_not_move():
    rvq, z = trained_rvq()
    rvq.train()
    before = [book.entries.clone() for book in rvq.books]
    for _ in range(5):
        rvq(z + 1, depth=torch.full((8,), 1))
    assert not torch.allclose(rvq.books[0].entries, before[0], rtol=1e-3)
    for book, entries in zip(list(rvq.books)[1:], before[1:], strict=True):
        assert torch.allclose(book.entries, entries, rtol=1e-3)
