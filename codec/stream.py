"""Speech as a stream of packets: samples in and packets out, packets in and samples out, step by step.

The packets do not depend on how the samples are cut into pieces, and neither do the decoded samples.
"""

import io

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import Header, Packets, Voice
from sottovoce.codec.bits.source import Source
from sottovoce.codec.errors import SottoError, error_context
from sottovoce.codec.models import by_id, preset_by_index
from sottovoce.codec.threads import single_thread
from sottovoce.codec.voice.level import LevelRestorer, normalising_gain
from sottovoce.codec.voice.tracker import VoiceTracker
from sottovoce.models.release import Preset, Release
from sottovoce.models.runtime.concealment import lost_codes
from sottovoce.models.runtime.state import Stateful

VOICE_INTERVAL_SECONDS = 2
"""Interval at which level and speaker are sent again, for receivers that lost a packet."""


class StreamEncoder(Stateful):
    """Encodes speech to packets.

    Its `state` can be copied, saved and assigned, to continue a stream elsewhere.

    Parameters
    ----------
    model, preset : Release, Preset
        The model that encodes, and its rate: `Codec.model` and `Codec.preset`.
    voice : Voice, optional
        Level and speaker, where they are known. By default they are estimated from the speech and sent in packets.
    steps : int
        Number of steps in each packet; a step is 40 ms at 25 steps per second.
    rate, channels : int
        Sample rate (Hz) and number of channels of the source, for `info`.
    metadata : bytes, optional
        Tags, as `sottovoce.codec.offline.tags.pack` returns them.

    Attributes
    ----------
    header : bytes
        The header of the stream, which a decoder needs first.
    samples : int
        Number of samples taken so far.

    Examples
    --------
    >>> import numpy as np
    >>> from sottovoce import Codec, StreamDecoder, StreamEncoder
    >>> codec = Codec.load()
    >>> encoder = StreamEncoder(codec.model, codec.preset)
    >>> packets = encoder.push(np.zeros(16000, np.float32)) + encoder.finish()
    >>> decoder = StreamDecoder(encoder.header)
    >>> sum(len(decoder.push(packet)) for packet in packets) + len(decoder.finish())
    16000
    """

    STATE_FIELDS = (
        "samples",
        "_packets",
        "_encoder",
        "_tracker",
        "_partial",
        "_estimate",
        "_sent",
        "_changes",
        "_codes",
    )

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
        self._interval = max(1, VOICE_INTERVAL_SECONDS * model.sample_rate // self._size)
        self.header = Header(
            *(model.id, preset.index, None, rate or model.sample_rate, channels, begin.level, begin.speaker),
            metadata=metadata,
            packet_steps=steps,
        ).pack()

    @property
    def latency(self) -> float:
        """Longest time in seconds between a sample and the packet that contains it."""
        return (self._size + self._model.lookahead) / self._model.sample_rate

    def reset(self) -> None:
        """Go back to the start of a stream."""
        self._tracker = VoiceTracker(self._model)
        self._encoder = self._model.encoder(self._preset.books)
        self.samples = self._packets = 0
        self._partial: npt.NDArray[np.float32] = np.zeros(0, np.float32)  # samples of the packet that is not full yet
        self._estimate = _row(0, self._voice or self._tracker.voice)  # the voice for which samples are normalised
        self._sent = self._estimate  # the voice sent in packets, later by the look-ahead
        self._changes: npt.NDArray[np.int64] = np.zeros((0, len(self._estimate)), np.int64)
        self._codes: npt.NDArray[np.int16] = np.zeros((0, self._preset.books), np.int16)

    @single_thread()
    def push(self, wave: npt.NDArray[np.float32]) -> list[bytes]:
        """Take samples and return the packets that are complete.

        Parameters
        ----------
        wave : ndarray of float32 [shape=(n,)]
            Mono at the model's rate, full scale 1.

        Returns
        -------
        list of bytes
        """
        wave = np.asarray(wave, np.float32)
        ready: list[bytes] = []
        while len(wave):
            piece, wave = np.split(wave, [self._size - len(self._partial)])
            self.samples += len(piece)
            ready += self._pack(self._encoder.push(piece * normalising_gain(int(self._estimate[1]))))
            if self._voice is None:
                self._update_voice(piece)
        return ready

    @single_thread()
    def finish(self) -> list[bytes]:
        """Return the remaining packets; the last one is filled up by repeating its last step."""
        codes = self._encoder.finish()
        short = -(len(self._codes) + len(codes)) % self._layout.steps
        return self._pack(np.concatenate((codes, np.repeat(codes[-1:], short, 0))))

    def _update_voice(self, piece: npt.NDArray[np.float32]) -> None:
        """Estimate level and speaker from whole packets, for the packets after them."""
        self._partial = np.concatenate((self._partial, piece))
        if len(self._partial) == self._size:
            self._tracker.hear(self._partial)
            self._partial = self._partial[:0].copy()
            found = _row(self.samples // self._size, self._tracker.voice)
            if (found[1:] != self._estimate[1:]).any():
                self._estimate = found
                self._changes = np.concatenate((self._changes, found[None]))

    def _pack(self, codes: npt.NDArray[np.int16]) -> list[bytes]:
        self._codes = np.concatenate((self._codes, codes))
        packed = []
        for _ in range(len(self._codes) // self._layout.steps):
            now, self._codes = np.split(self._codes, [self._layout.steps])
            changed = len(self._changes) and self._changes[0, 0] == self._packets
            if changed:
                self._sent, self._changes = self._changes[0], self._changes[1:]
            again = self._voice is None and self._packets and self._packets % self._interval == 0
            packed.append(self._layout.pack(now, _voice(self._sent) if changed or again else None))
            self._packets += 1
        return packed


class StreamDecoder(Stateful):
    """Decodes packets to speech. Its `state` can be copied, saved and assigned, to continue a stream elsewhere.

    Parameters
    ----------
    header : bytes
        The header of the stream: `StreamEncoder.header`.
    seed : int
        Seed of the random numbers: the same packets and seed give the same samples.
    known : Release, optional
        A model that the stream may be of, besides the bundled ones.

    Raises
    ------
    SottoError
        When the header cannot be read, or its model is not available.
    """

    STATE_FIELDS = ("_steps", "_decoder", "_level")

    def __init__(self, header: bytes, *, seed: int = 0, known: Release | None = None) -> None:
        with error_context(""):
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
        """Sample rate of the speech, in Hz."""
        return self._model.sample_rate

    @property
    def packet_samples(self) -> int:
        """Number of samples in a packet."""
        return self._layout.steps * self._model.step

    @property
    def latency(self) -> float:
        """Seconds of speech that are still to come of the packets pushed."""
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
        """Return whether `packet` has a size that packets of this stream have."""
        return self._layout.fits(packet)

    @single_thread()
    def push(self, packet: bytes | None) -> npt.NDArray[np.int16]:
        """Take a packet and return the samples that are ready.

        Parameters
        ----------
        packet : bytes or None
            The next packet; None for a lost one, which is concealed.

        Returns
        -------
        ndarray of int16 [shape=(n,)]

        Raises
        ------
        SottoError
            When it is not a packet of this stream. The state of the decoder is then unchanged.
        """
        codes, voice = lost_codes(self._layout.steps, self._books), None
        if packet is not None:
            with error_context(""):
                codes, voice = self._layout.unpack(packet)
        if voice:
            self._decoder.set_speaker(voice.speaker)
            self._level.change(self._steps * self._model.step, voice.level)
        self._steps += len(codes)
        return self._level(self._decoder.push(codes))

    @single_thread()
    def finish(self) -> npt.NDArray[np.int16]:
        """Return the remaining samples [shape=(n,)]."""
        return self._level(self._decoder.finish())


def _row(packet: int, voice: Voice) -> npt.NDArray[np.int64]:
    """Return a voice, and the number of the packet from which it is used, as one row of numbers."""
    return np.array([packet, voice.level, *voice.speaker], np.int64)


def _voice(row: npt.NDArray[np.int64]) -> Voice:
    return Voice(int(row[1]), bytes(row[2:].tolist()))
