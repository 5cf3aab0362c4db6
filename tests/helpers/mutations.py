"""Damage of any kind: bytes changed, put in and taken out."""

import random


def mutated(data: bytes, draw: random.Random, first: int = 0) -> bytes:
    """Change up to four places of a file, none before `first`."""
    found = bytearray(data)
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(first, len(found) + 1)
        match draw.randrange(3):
            case 0 if at < len(found):
                found[at] = draw.randrange(256)
            case 1:
                found[at:at] = draw.randbytes(draw.randrange(40))
            case _:
                del found[at : at + draw.randrange(40)]
    return bytes(found)
