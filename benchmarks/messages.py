"""Messages: seconds of speech in a packet, the price of the speaker vector, and what damage does.

    python benchmarks/messages.py sizes speech/valid.csv --every 6 | tee docs/benchmarks/messages.txt
    python benchmarks/messages.py voices speech/valid.csv --every 4
    python benchmarks/messages.py mutations | tee docs/benchmarks/message-mutations.txt

`sizes` encodes all speech, a minute at a time, and counts how much of it fits into a message of a packet's size, from
many places on. `voices` decodes with 0 to 3 codes of the speaker vector and with all of a file.
`mutations` truncates and changes messages, and counts what is still accepted: of changes of random bytes, a checksum of
16 bits accepts one in 65536 for each id that the model has had.
"""

import os

os.environ |= {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL")}

import argparse
import csv
import io
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from sottovoce.codec import Codec, SottoError
from sottovoce.codec.bits import FormatError, Header, Writer
from sottovoce.codec.bits.context.coder import ContextCoder
from sottovoce.codec.bits.message import Message, is_encrypted, packets_of, sealed, unsealed
from sottovoce.codec.io.audio import open_sound
from sottovoce.codec.models import context_coder
from sottovoce.codec.offline.message_encoder import cheap_codes
from sottovoce.codec.offline.message_reader import MessageReader
from sottovoce.codec.voice.level import measure_level_byte, normalising_gain

RATE = 16000
PACKETS = (51, 115, 180, 233, 255, 500)
"""Of LoRaWAN (51 and 115), Meshtastic (233), LoRa (255) and Reticulum (500), among others."""

SECONDS = (1, 2, 5, 10)
LONGEST = 60 * RATE
READ_EVERY = 10
"""All mutated packets are checked; one file in this number is read, and one read file in this number is decoded."""

PLACES_APART = 77
"""Steps between the places where messages begin."""


def speech(recordings: str, every: int) -> dict[str, np.ndarray]:
    """Return the speech of each speaker."""
    waves: dict[str, list[np.ndarray]] = defaultdict(list)
    table = Path(recordings)
    with open(table, newline="") as lines:
        for row in list(csv.DictReader(lines))[::every]:
            with open_sound(str(table.parent / row["path"]), RATE) as sound:
                waves[row["speaker"]] += list(sound)
    return {speaker: np.concatenate(pieces) for speaker, pieces in waves.items()}


def size(coder: ContextCoder, codes: np.ndarray, speaker_codes: int) -> int:
    """Return the bytes of a message."""
    coder.reset()
    message = Message(0, 9, len(codes), coder.encode(codes), speaker=bytes(speaker_codes))
    return len(sealed(message.body(), b"0123"))


def stretches(waves: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return all speech in stretches of a minute, the last one shorter: longer messages than most recordings."""
    whole = np.concatenate(list(waves.values()))
    return [whole[at : at + LONGEST] for at in range(0, len(whole), LONGEST)]


def sizes(how: argparse.Namespace) -> None:
    waves = speech(how.recordings, how.every)
    total = sum(map(len, waves.values())) / RATE
    print(
        f"model {MODEL.id.hex()}; {len(waves)} speakers, {total:.0f} s of speech; {how.speaker_codes} speaker codes\n"
    )
    parts = stretches(waves)
    fits: dict[str, dict[int, list[float]]] = {}
    lengths: dict[str, dict[int, list[tuple[int, int]]]] = {}
    for preset in Codec.load().model.presets:
        codec = Codec.load(preset=preset)
        fits[preset], lengths[preset] = defaultdict(list), defaultdict(list)
        for part in parts:
            codes = codes_of(codec, part)
            for first in range(0, len(codes), PLACES_APART):
                measure(codec, codes[first:], how.speaker_codes, fits[preset], lengths[preset])
    print("seconds in one packet: mean, and what 9 of 10 messages reach")
    print(f"{'bytes':>8}" + "".join(f"{preset:>16}" for preset in fits))
    for limit in PACKETS:
        cells = (f"{np.mean(one[limit]):8.2f} {np.quantile(one[limit], 0.1):6.2f} " for one in fits.values())
        print(f"{limit:8d}" + "".join(cells))
    print("\nbytes of a message, and of a file of the same codes: means")
    print(f"{'seconds':>8}" + "".join(f"{preset:>16}" for preset in lengths))
    for seconds in SECONDS:
        cells = ("{:9.1f} {:5.0f} ".format(*np.mean(one[seconds], 0)) for one in lengths.values())
        print(f"{seconds:8d}" + "".join(cells))


def measure(
    codec: Codec,
    codes: np.ndarray,
    speaker_codes: int,
    fits: dict[int, list[float]],
    lengths: dict[int, list[tuple[int, int]]],
) -> None:
    """Add the seconds that fit into each packet, and the bytes of each length, of messages that begin here."""
    coder = context_coder(codec.model, codec.preset)
    assert coder
    bits = -np.log2((coder.bits(codes) + 1.0) / 65536).sum(1).cumsum()
    header = size(coder, codes[:1], speaker_codes) - (bits[0] + 7) // 8
    for limit in PACKETS:
        steps = int(np.searchsorted(bits / 8, limit - header))
        if steps + 2 >= len(codes):
            continue  # too little speech to tell
        while steps and size(coder, codes[:steps], speaker_codes) > limit:
            steps -= 1
        while size(coder, codes[: steps + 1], speaker_codes) <= limit:
            steps += 1
        fits[limit].append(steps / codec.frame_rate)
    for seconds in SECONDS:
        steps = round(seconds * codec.frame_rate)
        if steps <= len(codes):
            message = size(coder, codes[:steps], speaker_codes)
            lengths[seconds].append((message, file_size(codec, codes[:steps])))


def codes_of(codec: Codec, wave: np.ndarray) -> np.ndarray:
    """Return the codes of a recording in a message."""
    return cheap_codes(wave * normalising_gain(measure_level_byte(wave)), codec.model, codec.preset)


def file_size(codec: Codec, codes: np.ndarray) -> int:
    """Return the bytes of a file with the codes: see docs/FORMAT.md."""
    file = io.BytesIO()
    samples = len(codes) * codec.model.step
    header = Header(
        codec.model.id, codec.preset.index, samples, RATE, 1, 200, bytes(codec.model.neutral_speaker), coded=True
    )
    coder = context_coder(codec.model, codec.preset)
    writer = Writer(file, header, codec.preset.bits, step=codec.model.step, coder=coder)
    writer.write(codes)
    writer.close()
    return len(file.getvalue())


def voices(how: argparse.Namespace) -> None:
    from pystoi import stoi

    from sottovoce.codec.evaluation.perceptual import pesq
    from sottovoce.codec.evaluation.speaker import similarity, voice

    waves = {speaker: wave[: 6 * RATE] for speaker, wave in speech(how.recordings, how.every).items()}
    print(f"model {MODEL.id.hex()}; {len(waves)} speakers, up to 6 s of each")
    print(f"{'preset':>8} {'codes':>6} {'speaker cosine':>15} {'PESQ-WB':>8} {'ESTOI':>6}")
    for preset in how.presets.split(","):
        codec = Codec.load(preset=preset)
        for count in (0, 1, 2, 3, None):
            scores = []
            for wave in waves.values():
                data = codec.encode(wave, RATE)
                if count is not None:
                    (data,) = codec.encode_message(wave, RATE, speaker_codes=count)
                decoded = codec.decode(data)[: len(wave)]
                cosine = similarity(voice(wave), voice(decoded)) or np.nan
                scores.append((cosine, pesq(wave, decoded, "wb") or np.nan, stoi(wave, decoded, RATE, extended=True)))
            cosine, quality, intelligibility = np.nanmean(scores, 0)
            shown = "file" if count is None else count
            print(f"{preset:>8} {shown:>6} {cosine:15.3f} {quality:8.2f} {intelligibility:6.3f}", flush=True)


def mutations(how: argparse.Namespace) -> None:
    codec = Codec.load(preset="low")
    draw = random.Random(how.seed)
    noise = np.random.default_rng(0).normal(0, 0.05, 3 * RATE).astype(np.float32)
    (whole,) = codec.encode_message(noise, RATE)
    packets = codec.encode_message(noise, RATE, mtu=len(whole) // 3 + 10)
    assert len(packets) > 2
    packed = codec.join(packets)
    ids = len((codec.model.id, *codec.model.previous_ids))
    for name, data, right in (("message", whole, {whole}), ("file of packets", packed, set(packets))):
        counts: Counter[str] = Counter()
        candidates = 0
        for number in range(len(data) + how.runs):
            changed = data[:number] if number < len(data) else mutated(data, draw)
            found = [packet for packet in packets_of(changed) if packet not in right]
            candidates += len(found)
            wrong = sum(map(accepted, found))
            counts["passed"] += wrong
            if number < len(data) or number % READ_EVERY == 0 or wrong:
                counts["read"] += 1
                counts[outcome(changed, decode=counts["read"] % READ_EVERY == 0)] += 1
        chance = candidates * ids / 65536
        outcomes = ", ".join(f"{counts[kind]} {kind}" for kind in ("errors", "concealed", "accepted whole"))
        print(f"{name}: {len(data)} truncations, {how.runs} mutations")
        print(f"  {candidates} changed packets: {counts['passed']} passed, chance lets {chance:.1f} (ids: {ids})")
        print(f"  {counts['read']} of the files read: {outcomes}; nothing else was raised", flush=True)


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Change, insert or remove bytes at up to four places."""
    found = bytearray(data)
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(len(found) + 1)
        kind = draw.randrange(4)
        if kind == 0:
            found[at : at + 1] = draw.randbytes(1)
        elif kind == 1 and at < len(found):
            found[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            found[at:at] = draw.randbytes(draw.randrange(9))
        else:
            del found[at : at + draw.randrange(9)]
    return bytes(found)


MODEL = Codec.load().model


def accepted(packet: bytes) -> bool:
    """Return whether a packet that no encoder made passes the checksum and the checks of its fields."""
    if is_encrypted(packet):
        return False
    try:
        body, _ = unsealed(packet, lambda body: [body[1:5]] if body[0] & 15 == 15 else [MODEL.id, *MODEL.previous_ids])
        Message.parse(body)
    except FormatError:
        return False
    return True


def outcome(data: bytes, *, decode: bool) -> str:
    """Return what reading does, and raise anything that is no error of ours; of some, decode the codes too."""
    try:
        reader = MessageReader(data)
        preset = next(one for one in MODEL.presets.values() if one.index == reader.header.preset)
        blocks = list(reader.blocks(preset.bits, step=MODEL.step, coder=context_coder(MODEL, preset)))
    except (FormatError, SottoError, StopIteration):
        return "errors"
    for block in blocks if decode else ():
        assert block.codes is None or len(block.codes) == block.steps
    return "concealed" if any(block.damaged for block in blocks) else "accepted whole"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["sizes", "voices", "mutations"])
    parser.add_argument("recordings", nargs="?", help="a CSV with the columns speaker and path")
    parser.add_argument("--every", type=int, default=1, help="use every n-th recording")
    parser.add_argument("--presets", default="low,default", help="for voices")
    parser.add_argument("--speaker-codes", type=int, default=2, help="for sizes")
    parser.add_argument("--runs", type=int, default=200_000, help="mutations")
    parser.add_argument("--seed", type=int, default=0)
    how = parser.parse_args()
    {"sizes": sizes, "voices": voices, "mutations": mutations}[how.what](how)


if __name__ == "__main__":
    main()
