"""CPU seconds that the phone recogniser takes for a second of speech.

python benchmarks/phones.py
"""

import time

import numpy as np

from sottovoce.codec.evaluation import phones

SECONDS = 4


def main() -> None:
    """Print it, without the first run, which loads the weights."""
    wave = (0.1 * np.random.default_rng(0).standard_normal(16000 * SECONDS)).astype(np.float32)
    network = phones.recogniser()
    network(wave)
    start = time.process_time()
    network(wave)
    print(f"phone recogniser: {(time.process_time() - start) / SECONDS:.3f} CPU seconds for a second of speech")


if __name__ == "__main__":
    main()
