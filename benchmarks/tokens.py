"""Sizes of files of tokens, and the speed of the tokenizers on one thread.

OPENBLAS_NUM_THREADS=1 python benchmarks/tokens.py "$SOTTO_SPEECH/valid" [FILES] | tee docs/benchmarks/tokens.txt
"""

import io
import sys
import time
from pathlib import Path

import numpy as np
import torch

from sottovoce.codec import Codec
from sottovoce.codec.corpus.records import TokenRecord
from sottovoce.codec.corpus.token_files import token_writer, write_npz
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.offline.tokens import encode_tokens
from sottovoce.torch import Tokenizer

SUFFIXES = {".wav", ".flac", ".opus", ".ogg"}
BATCH = 8
KINDS = ("parquet", "webdataset", "npz")


def size_of_all(records: list[TokenRecord], kind: str) -> int:
    """Return the bytes of records in a format."""
    file = io.BytesIO()
    if kind == "npz":
        for record in records:
            write_npz(file, record)
    else:
        with token_writer(file, kind, ()) as collect:
            for record in records:
                collect(record)
    return len(file.getvalue())


def same_share(codec: Codec, waves: list[np.ndarray], tokenizer: Tokenizer) -> tuple[float, float]:
    """Return the share of steps whose codes are the same in torch, and the real-time factor of torch."""
    same = steps = 0
    elapsed = 0.0
    for at in range(0, len(waves), BATCH):
        group = waves[at : at + BATCH]
        lengths = torch.tensor([len(wave) for wave in group])
        batch = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(wave) for wave in group], batch_first=True)
        start = time.process_time()
        codes = tokenizer(batch, lengths)
        elapsed += time.process_time() - start
        for found, wave in zip(codes.numpy(), group, strict=True):
            expected = codec.codes(wave, codec.sample_rate)
            same += int((expected == found[:, : len(expected)].T).all(1).sum())
            steps += len(expected)
    return same / steps, elapsed / (sum(map(len, waves)) / codec.sample_rate)


def main() -> None:
    """Print a line for each preset."""
    torch.set_num_threads(1)
    files = sorted(path for path in Path(sys.argv[1]).rglob("*") if path.suffix in SUFFIXES)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    waves = []
    for path in files[:: max(1, len(files) // count)][:count]:
        with open_sound(str(path), 16000) as sound:
            waves.append(np.concatenate(list(sound)))
    seconds = sum(map(len, waves)) / 16000
    print(f"{len(waves)} recordings, {seconds:.0f} s: bytes per second, real-time factors, steps with equal codes")
    print("preset   .sotto   parquet   webdataset     npz     numpy     torch   equal, %")
    for preset in Codec.load().model.presets:
        codec = Codec.load(preset=preset)
        start = time.process_time()
        tokens = [encode_tokens([wave], codec.model, codec.preset) for wave in waves]
        numpy_time = (time.process_time() - start) / seconds
        records = [TokenRecord(f"{number:06d}.wav", one) for number, one in enumerate(tokens)]
        coded = sum(len(codec.encode(wave, 16000)) for wave in waves)
        sizes = [one / seconds for one in (coded, *(size_of_all(records, kind) for kind in KINDS))]
        share, torch_time = same_share(codec, waves, Tokenizer(preset=preset))
        print(
            f"{preset:7} {sizes[0]:7.1f} {sizes[1]:9.1f} {sizes[2]:12.1f} {sizes[3]:7.1f} "
            f"{numpy_time:9.4f} {torch_time:9.4f} {100 * share:9.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
