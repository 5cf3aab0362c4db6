"""Speech as a stream of packets: samples in, packets out, and back, a step at a time.

However the samples are cut into pieces, packets and samples are those of the whole recording.
"""

import io

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import Header, Packets, Voice
from sottovoce.codec.bits.source import Source
from sottovoce.codec.errors import SottoError, concerning
from sottovoce.codec.models import by_id, preset_by_index
from sottovoce.codec.voice.level import LevelRestorer, normalising_gain
from sottovoce.codec.voice.tracker import VoiceTracker
from sottovoce.models.release import Preset, Release
from sottovoce.models.runtime.concealment import lost_codes
from sottovoce.models.runtime.state import Stateful

TELL_SECONDS = 2
"""How often the voice is told anew, for those who lost a packet; once is enough where it never changes."""


class StreamEncoder(Stateful):
    """Speech on its way to packets.

    Its `state` is all that it remembers: a `State`, to be copied, saved and assigned.

    Parameters
    ----------
    model, preset : Release, Preset
        What encodes, and at which rate.
    voice : Voice, optional
        Level and speaker, where they are known. By default they are learnt from the speech, and packets tell them.
    steps : int
        Of each packet; a step is 40 ms at 25 steps a second.
    rate, channels : int
        What the recording had before, for `info`.
    metadata : bytes, optional
        What is told of it in words: see tags.py.

    Attributes
    ----------
    header : bytes
        What a decoder must know first.
    samples : int
        Taken so far.
    """

    STATE_FIELDS = ("samples", "_packets", "_encoder", "_tracker", "_heard", "_used", "_told", "_changes", "_codes")

    def __init__(
        self,
        model: Release,
        preset: Preset,
        voice: Voice | None = None,
        *,
        steps: int = 1,
        rate: int | None = None,
        channels: int = 1,
        metadata: bytes | None = None,
    ) -> None:
        self._model, self._preset, self._voice = model, preset, voice
        self.reset()
        begin = self._tracker.voice if voice is None else voice
        self._layout = Packets(preset.bits, steps, len(begin.speaker))
        self._size = steps * model.step
        self._often = max(1, TELL_SECONDS * model.sample_rate // self._size)
        self.header = Header(
            *(model.id, preset.index, None, rate or model.sample_rate, channels, begin.level, begin.speaker),
            metadata=metadata,
            packet_steps=steps,
        ).pack()

    @property
    def latency(self) -> float:
        """Seconds that a sample waits for its packet to go out, at most."""
        return (self._size + self._model.lookahead) / self._model.sample_rate

    def reset(self) -> None:
        """Go back to the start of a stream."""
        self._tracker = VoiceTracker(self._model)
        self._encoder = self._model.encoder(self._preset.books)
        self.samples = self._packets = 0
        self._heard: npt.NDArray[np.float32] = np.zeros(0, np.float32)  # samples of a packet that isn't full yet
        self._used = _row(0, self._voice or self._tracker.voice)  # the voice to which samples are brought
        self._told = self._used  # and that of the packets, later by the look-ahead
        self._changes: npt.NDArray[np.int64] = np.zeros((0, len(self._used)), np.int64)
        self._codes: npt.NDArray[np.int16] = np.zeros((0, self._preset.books), np.int16)

    def push(self, wave: npt.NDArray[np.float32]) -> list[bytes]:
        """Take samples (n,) at the model's rate, full scale 1; return the packets that are ready."""
        wave = np.asarray(wave, np.float32)
        ready: list[bytes] = []
        while len(wave):
            piece, wave = np.split(wave, [self._size - len(self._heard)])
            self.samples += len(piece)
            ready += self._pack(self._encoder.push(piece * normalising_gain(int(self._used[1]))))
            if self._voice is None:
                self._hear(piece)
        return ready

    def finish(self) -> list[bytes]:
        """Return the packets that are still due; the last one is filled up."""
        codes = self._encoder.finish()
        short = -(len(self._codes) + len(codes)) % self._layout.steps
        return self._pack(np.concatenate((codes, np.repeat(codes[-1:], short, 0))))

    def _hear(self, piece: npt.NDArray[np.float32]) -> None:
        """Learn the voice from whole packets, for the packets after them."""
        self._heard = np.concatenate((self._heard, piece))
        if len(self._heard) == self._size:
            self._tracker.hear(self._heard)
            self._heard = self._heard[:0].copy()
            found = _row(self.samples // self._size, self._tracker.voice)
            if (found[1:] != self._used[1:]).any():
                self._used = found
                self._changes = np.concatenate((self._changes, found[None]))

    def _pack(self, codes: npt.NDArray[np.int16]) -> list[bytes]:
        self._codes = np.concatenate((self._codes, codes))
        packed = []
        for _ in range(len(self._codes) // self._layout.steps):
            now, self._codes = np.split(self._codes, [self._layout.steps])
            changed = len(self._changes) and self._changes[0, 0] == self._packets
            if changed:
                self._told, self._changes = self._changes[0], self._changes[1:]
            again = self._voice is None and self._packets and self._packets % self._often == 0
            packed.append(self._layout.pack(now, _voice(self._told) if changed or again else None))
            self._packets += 1
        return packed


class StreamDecoder(Stateful):
    """Packets on their way to speech; its `state` is all that it remembers.

    Parameters
    ----------
    header : bytes
        Of the stream.
    seed : int
        Of the random numbers: the same packets and seed give the same samples.
    known : Release, optional
        A model that the stream may be of, beside those in the box.

    Raises
    ------
    SottoError
        When the header is none that can be read, or its model isn't here.
    """

    STATE_FIELDS = ("_steps", "_decoder", "_level")

    def __init__(self, header: bytes, *, seed: int = 0, known: Release | None = None) -> None:
        with concerning(""):
            self._header = Header.read(Source(io.BytesIO(header)))
        if not self._header.packet_steps:
            raise SottoError("the header of a file, not of a stream of packets", "decode it as a file")
        self._model = by_id(self._header.model, known)
        preset = preset_by_index(self._model, self._header.preset)
        self._layout = Packets(preset.bits, self._header.packet_steps, len(self._header.speaker))
        self._books = preset.books
        self._seed = seed
        self.reset()

    @property
    def sample_rate(self) -> int:
        """Hz of the speech."""
        return self._model.sample_rate

    @property
    def packet_samples(self) -> int:
        """Samples that a packet stands for."""
        return self._layout.steps * self._model.step

    @property
    def latency(self) -> float:
        """Seconds of speech that are still due of the packets pushed."""
        return self._decoder.delay / self._model.sample_rate

    def reset(self) -> None:
        """Go back to the start of a stream."""
        try:
            self._decoder = self._model.decoder(self._header.speaker, self._seed)
        except ValueError as error:
            raise SottoError(str(error), "get the stream again") from error
        self._level = LevelRestorer(self._header.level)
        self._steps = 0

    def fits(self, packet: bytes) -> bool:
        """Return whether bytes can be a packet of this stream."""
        return self._layout.fits(packet)

    def push(self, packet: bytes | None) -> npt.NDArray[np.int16]:
        """Take a packet, or None for one that is lost; return the samples (n,) that are ready.

        Raises
        ------
        SottoError
            When it is no packet of this stream. Nothing has changed then.
        """
        codes, voice = lost_codes(self._layout.steps, self._books), None
        if packet is not None:
            with concerning(""):
                codes, voice = self._layout.unpack(packet)
        if voice:
            self._decoder.speak_as(voice.speaker)
            self._level.change(self._steps * self._model.step, voice.level)
        self._steps += len(codes)
        return self._level(self._decoder.push(codes))

    def finish(self) -> npt.NDArray[np.int16]:
        """Return the samples that are still due."""
        return self._level(self._decoder.finish())


def _row(packet: int, voice: Voice) -> npt.NDArray[np.int64]:
    """A voice, and the packet from which it holds, as numbers."""
    return np.array([packet, voice.level, *voice.speaker], np.int64)


def _voice(row: npt.NDArray[np.int64]) -> Voice:
    return Voice(int(row[1]), bytes(row[2:].tolist()))
