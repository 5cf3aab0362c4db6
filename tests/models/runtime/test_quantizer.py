"""The search through residual code books."""

from itertools import product

import numpy as np
import pytest

from sottovoce.models.runtime.quantizer import BEAM, GROUPS, ROWS, Quantizer, lowest

SIZE = 6


def random_books(entries: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    """Books of falling size, as those of a trained model."""
    random = np.random.default_rng(seed)
    return [random.standard_normal((n, SIZE)).astype(np.float32) * 0.7**i for i, n in enumerate(entries)]


def random_latents(count: int, seed: int = 1) -> np.ndarray:
    return 1.5 * np.random.default_rng(seed).standard_normal((count, SIZE)).astype(np.float32)


def error(books: list[np.ndarray], latent: np.ndarray, codes: np.ndarray) -> float:
    found = sum(book[code].astype(float) for book, code in zip(books, codes, strict=True))
    return float(np.square(latent - found).sum())


def test_one_book_gives_the_nearest_entry():
    (book,) = books = random_books((100,))
    for latent in random_latents(50):
        codes = Quantizer(books)(latent)
        assert codes.dtype == np.int16 and codes.tolist() == [np.square(book - latent).sum(1).argmin()]


def test_a_beam_of_one_is_the_greedy_search():
    books = random_books((64, 32, 32))
    for latent in random_latents(50):
        left, expected = latent, []
        for book in books:
            expected.append(int(np.square(book - left).sum(1).argmin()))
            left = left - book[expected[-1]]
        assert Quantizer(books, beam=1)(latent).tolist() == expected


@pytest.mark.parametrize("entries", [(8, 8), (2, 4, 4), (8, 2)])
def test_a_beam_that_holds_all_finds_the_best(entries: tuple[int, ...]):
    assert np.prod(entries[:-1]) <= BEAM
    books = random_books(entries)
    for latent in random_latents(50):
        best = min(error(books, latent, np.array(codes)) for codes in product(*map(range, entries)))
        assert error(books, latent, Quantizer(books)(latent)) == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("entries", [(64, 32), (64, 32, 32), (256, 64, 64, 64, 64)])
def test_a_beam_pays(entries: tuple[int, ...]):
    """The best sum may begin with none of those kept, so in a rare case the greedy one is better."""
    books = random_books(entries)
    beam, greedy = Quantizer(books), Quantizer(books, beam=1)
    pairs = np.array([[error(books, z, search(z)) for search in (beam, greedy)] for z in random_latents(400)])
    assert pairs[:, 0].mean() < 0.9 * pairs[:, 1].mean()
    assert (pairs[:, 0] > pairs[:, 1] + 1e-5).mean() < 0.03


def test_of_equals_the_first():
    book = np.repeat(np.eye(SIZE, dtype=np.float32), 30, 0)
    latent = np.ones(SIZE, np.float32)
    assert Quantizer([book])(latent).tolist() == [0]
    assert Quantizer([book, book])(latent).tolist() == [0, 30]


@pytest.mark.parametrize("length", [1, 5, GROUPS, GROUPS + 1, 10 * GROUPS - 1])
@pytest.mark.parametrize("kinds", [2, 20, 10**6])
def test_lowest(length: int, kinds: int):
    values = np.random.default_rng(length).integers(0, kinds, (7, length)).astype(np.float32)
    for count in (1, 8, GROUPS, GROUPS + 1):
        found = lowest(values, count)
        assert np.array_equal(found, np.argsort(values, axis=1, kind="stable")[:, :count])


@pytest.mark.parametrize("count", [0, 1, ROWS, 2 * ROWS + 3])
def test_many_latents_at_once(count: int):
    quantizer = Quantizer(random_books((256, 64, 64)))
    latents = random_latents(count)
    codes = quantizer(latents)
    assert codes.dtype == np.int16 and codes.shape == (count, 3)
    # a matrix product of many rows may round otherwise, which decides between entries that are equally near
    one_by_one = np.array([quantizer(latent) for latent in latents], np.int16).reshape(count, 3)
    assert (codes == one_by_one).all(1).sum() >= 0.98 * count


def test_the_first_books_alone():
    books = random_books((16, 8, 4))
    quantizer = Quantizer(books, beam=3).first(2)
    assert [len(book) for book in quantizer.books] == [16, 8] and quantizer.beam == 3
    assert len(Quantizer(books).first(None).books) == 3
