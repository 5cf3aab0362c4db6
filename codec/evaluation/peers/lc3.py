"""LC3, the codec of Bluetooth LE Audio, by the programs of liblc3 (https://github.com/google/liblc3)."""

from sottovoce.codec.evaluation.peers.base import Programs

RATES = {"16": 16000}
"""Bits a second by name: 16 kbit/s are frames of 10 ms in 20 bytes, the smallest that LC3 has."""


class Lc3(Programs):
    """LC3 at a constant rate, in files of its own programs, which put two bytes before each frame.

    Parameters
    ----------
    rate : str
        One of `RATES`.
    """

    family = "lc3"

    def __init__(self, rate: str) -> None:
        files = ["{input}", "{output}"]
        super().__init__(["elc3", "-b", str(RATES[rate]), *files], ["dlc3", *files], "apt install liblc3-tools")
        self.name, self.title, self.bit_rate = f"lc3:{rate}", f"LC3 {rate} kbit/s", float(RATES[rate])
