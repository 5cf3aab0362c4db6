"""Decode one file: its blocks, the concealment of damaged ones, and the output samples of the wanted part."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from sottovoce.codec.bits import BLOCK_STEPS, CodeBlock, VoiceChange
from sottovoce.codec.models import blocks_of, preset_by_index
from sottovoce.codec.offline.lockstep import Request, Steps
from sottovoce.codec.offline.message_reader import AnyReader
from sottovoce.codec.offline.options import DecodeOptions
from sottovoce.codec.offline.result import Decoded
from sottovoce.codec.progress import Tick, no_tick
from sottovoce.codec.voice.conversion import convert_voice
from sottovoce.codec.voice.level import LevelRestorer
from sottovoce.codec.voice.tracker import HEAD_SECONDS
from sottovoce.models.release import Release
from sottovoce.models.runtime.concealment import lost_codes

Decoding: TypeAlias = Steps[Decoded]
"""Files being decoded, one after the other."""


class SampleSink(Protocol):
    """Receives decoded samples."""

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Take samples [shape=(n,)]."""

    def close(self) -> None:
        """Finish the output: there are no more samples."""


class OutputWindow:
    """Passes the output samples from `start` to `stop` on to a sink, and drops the others.

    Parameters
    ----------
    sink : SampleSink
        Receives the samples.
    start, stop : int
        The first sample that is passed on, and the one after the last.
    margin : int
        Number of samples that are kept back until `finish`, as they may lie behind the end of the recording.

    Attributes
    ----------
    position : int
        Number of the next output sample.
    written : int
        Number of samples passed on.
    """

    def __init__(self, sink: SampleSink, start: int, stop: int, margin: int = 0) -> None:
        self._sink, self._start, self._stop, self._margin = sink, start, stop, margin
        self._late: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        self.position = self.written = 0

    def write(self, wave: npt.NDArray[np.int16]) -> None:
        """Take the next output samples [shape=(n,)]."""
        wave = np.concatenate((self._late, wave))
        kept = max(0, len(wave) - self._margin)
        self._late = wave[kept:]
        self._pass_on(wave[:kept])

    def finish(self, wave: npt.NDArray[np.int16], stop: int) -> None:
        """Take the last output samples [shape=(n,)], and drop those from `stop` on."""
        self._stop = min(self._stop, stop)
        self._pass_on(np.concatenate((self._late, wave)))

    def _pass_on(self, wave: npt.NDArray[np.int16]) -> None:
        wanted = wave[max(0, self._start - self.position) : max(0, self._stop - self.position)]
        self._sink.write(wanted)
        self.position += len(wave)
        self.written += len(wanted)

    @property
    def full(self) -> bool:
        """Whether all wanted samples were passed on."""
        return self.position >= self._stop


class FileDecoder:
    """Decodes a part of one file, and reads no further than needed.

    Parameters
    ----------
    reader : Reader or MessageReader
        Of the file, after its header.
    model : Release
        The model of the file.
    sink : SampleSink
        Receives the samples.
    options : DecodeOptions
        Seed, speed and voice; its `span` is not used.
    start, stop : int
        The part: its first input sample, and the one after its last.
    """

    def __init__(
        self, reader: AnyReader, model: Release, sink: SampleSink, options: DecodeOptions, start: int, stop: int
    ) -> None:
        self._reader, self._model, self._options = reader, model, options
        self._start, self._stop = start, stop
        self._preset = preset_by_index(model, reader.header.preset)
        self._speaker = reader.header.speaker
        self._decoder = options.decoder(model, self._speaker)
        self._restore_level = LevelRestorer(reader.header.level)
        # The last packet is filled up with steps behind the end, of which the decoder's delay covers one.
        filling = options.output_length(max(0, reader.header.packet_steps - 2) * model.step)
        self._window = OutputWindow(sink, options.output_length(start), options.output_length(stop), filling)
        self._blocks = self._damaged = self._restored = 0

    def run(self, tick: Tick = no_tick, before: float = 0.0) -> Decoding:
        """Decode step by step: see `run_in_lockstep`. Of the progress, `before` seconds are of earlier files."""
        total = self._total_seconds()
        if total is not None:
            total += before
        for block in self._needed_blocks():
            for codes in self._spoken_pieces(block):
                self._window.write(self._restore_level((yield Request(self._model, self._decoder, codes))))
            tick(before + self._seconds_written, total)
            if self._window.full:
                break
        else:
            # The decoder's delay is longer than a step, so the length can still cut a part of the last step off.
            rest = self._restore_level(self._decoder.finish())
            self._window.finish(rest, self._options.output_length(self._reader.total_samples or 0))
        return self._result()

    @property
    def _seconds_written(self) -> float:
        return self._window.written / self._model.sample_rate

    def _total_seconds(self) -> float | None:
        samples = self._reader.header.samples
        if samples is None:
            return None
        return self._options.output_length_between(self._start, self._stop, samples) / self._model.sample_rate

    def _needed_blocks(self) -> Iterator[CodeBlock]:
        """Yield the blocks from about one block before the part, so that the decoder's state has settled by then."""
        step = self._model.step
        begin = self._start // step - BLOCK_STEPS
        steps = first = 0
        for block in self._all_blocks():
            used = steps + block.steps > begin
            for change in block.changes:
                sample = (steps + change.step - first) * step if used else 0
                self._restore_level.change(self._options.output_length(sample), change.voice.level)
            steps += block.steps
            if used:
                yield block
            else:
                self._change_speaker(block.changes[-1:])
                first, self._window.position = steps, self._options.output_length(steps * step)

    def _all_blocks(self) -> Iterator[CodeBlock]:
        blocks = blocks_of(self._reader, self._model, self._preset)
        if self._options.voice is None:
            return blocks
        speaker = self._reader.header.speaker
        return convert_voice(self._options.voice, self._decoder, self._model, speaker, blocks, seconds=HEAD_SECONDS)

    def _spoken_pieces(self, block: CodeBlock) -> Iterator[npt.NDArray[np.int16]]:
        """Yield the codes of a block, cut where the speaker changes, each piece when the decoder has its speaker."""
        codes, begin = self._codes(block), 0
        for change in block.changes:
            if change.voice.speaker != self._speaker:
                if change.step > begin:
                    yield codes[begin : change.step]
                    begin = change.step
                self._change_speaker((change,))
        yield codes[begin:]

    def _change_speaker(self, changes: Sequence[VoiceChange]) -> None:
        """Use the speaker of changes, unless all is spoken in another voice."""
        for change in changes:
            self._speaker = change.voice.speaker
            if self._options.voice is None:
                self._decoder.set_speaker(self._speaker)

    def _codes(self, block: CodeBlock) -> npt.NDArray[np.int16]:
        """Return the codes of a block [shape=(steps, books)], those of lost steps where it is damaged."""
        self._blocks += 1
        self._restored += block.restored
        codes = block.codes
        if codes is None:
            self._damaged += 1
            return lost_codes(block.steps, self._preset.books)
        return codes

    def _result(self) -> Decoded:
        reader = self._reader
        return Decoded(
            files=1,
            seconds=self._seconds_written,
            blocks=self._blocks,
            damaged=self._damaged,
            missing=reader.missing_steps * self._model.step / self._model.sample_rate,
            complete=reader.complete or reader.total_samples is None,
            restored=self._restored,
            skipped=reader.skipped,
            extra=reader.extra_steps * self._model.step / self._model.sample_rate,
            foreign=reader.foreign_bytes,
        )
