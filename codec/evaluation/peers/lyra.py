"""Lyra v2 (Google 2022) from its three TFLite files, by the package ai-edge-litert.

The networks are those of Lyra's own program, which adds packet loss concealment and noise suppression around them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sottovoce.codec.evaluation.peers.base import Wave
from sottovoce.codec.evaluation.peers.neural import CodesPeer, need, weights
from sottovoce.codec.evaluation.peers.settings import PeerSettings

MODES = {"9200": 46, "6000": 30, "3200": 16}
"""Number of books by name, which is the bit rate: four bits for each in a packet of 20 ms."""

FILES = ("soundstream_encoder.tflite", "quantizer.tflite", "lyragan.tflite")
FRAME = 320
MOST = 46
"""Books of the quantizer; those that a mode does not have are -1."""


class Lyra(CodesPeer):
    """Lyra v2 at one of its rates.

    Parameters
    ----------
    mode : str
        One of `MODES`.
    settings : PeerSettings
        With the folder of weights.
    """

    def __init__(self, mode: str, settings: PeerSettings) -> None:
        need("ai-edge-litert", "ai_edge_litert", "pip install ai-edge-litert")
        self._folder = weights(settings, "lyra", *FILES, source="the lyra release v1.3.2")
        self._books = MODES[mode]
        quantizer = self._interpreter("quantizer")
        self._quantise = quantizer.get_signature_runner("encode")
        self._dequantise = quantizer.get_signature_runner("decode")
        super().__init__(
            f"lyra:{mode}",
            f"Lyra v2 {mode}",
            "ai-edge-litert",
            input_rate=16000,
            sizes=[16] * self._books,
            step_rate=50,
        )

    def _interpreter(self, name: str) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(str(self._folder / f"{name}.tflite"), num_threads=1)

    def _network(self, name: str) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
        """Return a network with its state at the beginning of a recording."""
        network = self._interpreter(name)  # a new one each time: resetting variables leaves XNNPACK's state as it was
        network.allocate_tensors()
        source, goal = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]

        def call(frame: NDArray[np.float32]) -> NDArray[np.float32]:
            network.set_tensor(source, frame)
            network.invoke()
            return network.get_tensor(goal)

        return call

    def codes(self, wave: Wave) -> list[NDArray[np.int64]]:
        """Return the codes of each book."""
        encoder, count = self._network("soundstream_encoder"), np.array(self._books, np.int32)
        frames = np.pad(wave, (0, -len(wave) % FRAME)).reshape(-1, 1, FRAME)
        codes = [
            self._quantise(input_frames=encoder(frame), num_quantizers=count)["output_0"].reshape(MOST)[: self._books]
            for frame in frames
        ]
        return list(np.array(codes, np.int64).T)

    def speech(self, codes: list[NDArray[np.int64]]) -> Wave:
        """Return a recording at 16 kHz."""
        decoder, unused = self._network("lyragan"), np.full(MOST - self._books, -1, np.int32)
        waves = []
        for step in np.array(codes).T:
            indices = np.concatenate([step.astype(np.int32), unused]).reshape(MOST, 1, 1)
            waves.append(decoder(self._dequantise(encoding_indices=indices)["output_0"]).ravel())
        return np.concatenate(waves)
