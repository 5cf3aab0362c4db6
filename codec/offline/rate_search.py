"""Search for codes that are both near to the latents and cheap to code.

The codes that are nearest to the latents often cost bits for no audible gain. This search adds what the context model
makes of each code to the squared error (entropy-constrained vector quantisation: Chou, Lookabaugh and Gray 1989,
"Entropy-constrained vector quantization", IEEE Trans. ASSP 37(1)), over the best few paths through the code books of
each step. A decoder needs to know nothing of it.
"""

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits.context.coder import ContextNetwork
from sottovoce.codec.bits.context.units import (
    AGES,
    FINE_BITS,
    HIDDEN_LIMIT,
    LOGIT_BITS,
    SLOW,
    SUM_BITS,
    SUM_LIMIT,
)
from sottovoce.models.runtime.quantizer import Quantizer, lowest

RATE_WEIGHT = 0.04
"""Price of a bit, as a share of the mean squared error of the nearest codes."""

_DEEPEST = 24 << LOGIT_BITS


def cheaper_codes(
    latents: npt.NDArray[np.float32], quantizer: Quantizer, network: ContextNetwork, weight: float = RATE_WEIGHT
) -> npt.NDArray[np.int16]:
    """Quantise the latents of a recording at a lower rate than the nearest codes have.

    Parameters
    ----------
    latents : ndarray of float32 [shape=(steps, size)]
    quantizer : Quantizer
        Of the preset's code books.
    network : ContextNetwork
        Of the preset.
    weight : float
        Price of a bit, as a share of the mean squared error of the nearest codes; 0 gives these.

    Returns
    -------
    ndarray of int16 [shape=(steps, books)]
    """
    nearest = quantizer(latents)
    if not weight or not len(latents):
        return nearest
    error = latents - sum(book[nearest[:, k]] for k, book in enumerate(quantizer.books))
    search = _Search(quantizer, network, weight * float(np.square(error).sum(1).mean()))
    return np.stack([search.step(latent) for latent in latents])


class _Search:
    """Quantises step after step, with the memory that the coder will have."""

    def __init__(self, quantizer: Quantizer, network: ContextNetwork, price: float) -> None:
        self._quantizer, self._network, self._price = quantizer, network, price
        rank, first = network.entries.shape[1], network.first
        self._past, self._drive = (table.astype(np.float32) for table in (network.past, network.drive))
        # Floats hold these integers exactly up to rounding of the logits, which only weigh choices here.
        self._views = [
            network.views[rank * first[k] : rank * first[k + 1]].reshape(rank, -1).astype(np.float32)
            for k in range(len(first) - 1)
        ]
        self._memory = np.zeros((2 + len(SLOW), network.vectors.shape[1]), np.int64)
        self._age = 0

    def step(self, latent: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
        """Return the codes of a step."""
        network, quantizer = self._network, self._quantizer
        hidden = self._hidden()
        residuals, errors, bits = latent[None], np.zeros(1), np.zeros(1)
        chosen = np.zeros((1, network.entries.shape[1]), np.int64)
        codes = np.zeros((1, 0), np.int16)
        for k, (book, norm, slope) in enumerate(zip(quantizer.books, quantizer.norms, quantizer.slopes, strict=True)):
            cost = bits[:, None] + self._bits(k, hidden, chosen)
            reached = residuals @ slope + norm + errors[:, None]
            best = lowest((reached + self._price * cost).reshape(1, -1), quantizer.beam)[0]
            paths, entries = np.divmod(best, len(book))
            residuals, errors, bits = residuals[paths] - book[entries], reached.ravel()[best], cost.ravel()[best]
            rows = network.entries[network.first[k] + entries].astype(np.int64)
            chosen = chosen[paths] + (rows << int(network.shifts[2]))
            codes = np.concatenate((codes[paths], entries[:, None].astype(np.int16)), 1)
        self._remember(codes[0])
        return codes[0]

    def _hidden(self) -> npt.NDArray[np.float32]:
        inputs = self._memory.copy()
        inputs[2:] >>= FINE_BITS
        sums = self._network.age[min(self._age, AGES - 1)] + inputs.ravel().astype(np.float32) @ self._past
        return np.clip(np.floor(sums / 2.0 ** self._network.shifts[0]), 0, HIDDEN_LIMIT).astype(np.float32)

    def _bits(self, k: int, hidden: npt.NDArray[np.float32], chosen: npt.NDArray[np.int64]) -> npt.NDArray:
        """Return the bits of each entry of a book after each path."""
        network = self._network
        driven = np.floor(hidden @ self._drive[k] / 2.0 ** network.shifts[1])
        state = np.clip(driven + network.start[k] + chosen, -HIDDEN_LIMIT, HIDDEN_LIMIT).astype(np.float32)
        bias = network.bias[network.first[k] : network.first[k + 1]]
        logits = np.floor(state @ self._views[k] / 2.0 ** network.shifts[3 + k]) + bias
        depth = np.minimum(logits.max(1, keepdims=True) - logits, _DEEPEST) / 2.0**LOGIT_BITS
        return depth + np.log2(np.exp2(-depth).sum(1, keepdims=True))

    def _remember(self, codes: npt.NDArray[np.int16]) -> None:
        network, memory = self._network, self._memory
        memory[1] = memory[0]
        total = sum(network.vectors[network.first[k] + code].astype(np.int64) for k, code in enumerate(codes))
        memory[0] = np.clip(total >> SUM_BITS, -SUM_LIMIT, SUM_LIMIT)
        for row, shift in enumerate(SLOW, 2):
            memory[row] += ((memory[0] << FINE_BITS) - memory[row]) >> shift
        self._age += 1
