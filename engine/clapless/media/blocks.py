"""Decoded frames become big blocks at the analysis rate.

Conventions
-----------
Frames are collected and resampled in batches of a second or more: one call per frame costs more
than decoding itself. FFmpeg's resampler (Kaiser window of 32 taps per phase at the lower rate,
exact rational steps: flat to 6.3 kHz at 16 kHz, stop band -92 dB) has no delay: output sample i is
centred on input time i / rate. Measured on AAC 48 kHz stereo, CPU seconds per hour of sound
(``tests/benchmarks/bench_media.py``): decoding alone 1.5; mixed to mono 16 kHz 2.5; both channels
at 16 kHz 2.5, at 8 kHz 2.5; both rates at once 3.1. So keeping the channels costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import av
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from clapless.media.decoding import MANY_CHANNELS

BATCH_VALUES = 131072
"""Samples of all channels together that are resampled at once: 1.4 s of 48 kHz stereo. Half and
twice as much cost the same, a tenth costs a fifth more."""


RatedSamples = tuple[int, int, NDArray[np.int16]]
"""Rate in samples per second, index of the first sample, samples of shape (channels, n)."""


class BlockMaker:
    """Turns one stream's frames into int16 blocks at one or several rates.

    Parameters
    ----------
    rates_hz
        Rates of the blocks.
    mono
        Mix the channels into one (their mean) instead of keeping them.
    """

    def __init__(self, rates_hz: Sequence[int], *, mono: bool = False) -> None:
        self._rates_hz = tuple(dict.fromkeys(rates_hz))
        self._mono = mono
        self._fifo = AudioFifo()
        self._resamplers: dict[int, av.AudioResampler] = {}
        self._made = dict.fromkeys(self._rates_hz, 0)
        self._template: AudioFrame | None = None
        self._batch = BATCH_VALUES
        self._channels = 0
        self.position = 0

    def add(self, index: int, frame: AudioFrame) -> Iterable[RatedSamples]:
        """Take a frame at a grid index; what it completes is to be gone through at once.

        A hole before it is filled with zeros; what overlaps with earlier samples is dropped.

        Returns
        -------
        blocks
            (rate_hz, index of the first sample, int16 samples of shape (channels, n)).
        """
        if index == self.position and self._template is not None:
            self._write(frame)
            # Nearly always: no generator for it.
            return self._flush_batch(self._batch) if self._fifo.samples >= self._batch else ()
        return self._add_beside(index, frame)

    def _add_beside(self, index: int, frame: AudioFrame) -> Iterator[RatedSamples]:
        if self._template is None:
            self._start(frame)
        if index > self.position:
            yield from self._fill(index - self.position)
        whole = frame if index >= self.position else _without_head(frame, self.position - index)
        if whole is None:
            return
        self._write(whole)
        if self._fifo.samples >= self._batch:
            yield from self._flush_batch(self._batch)

    def _write(self, frame: AudioFrame) -> None:
        frame.pts = None
        self._fifo.write(frame)
        self.position += frame.samples

    def finish(self) -> Iterator[RatedSamples]:
        """Yield what is left."""
        if self._template is None:
            return
        if self._fifo.samples:
            yield from self._flush_batch(0)
        for rate_hz, resampler in self._resamplers.items():
            rest = [self._samples(frame) for frame in resampler.resample(None)]
            first = self._made[rate_hz]
            missing = sample_count(self.position, self._template.sample_rate, rate_hz) - first
            # The filter's tail gives a sample more or less than there is room for.
            channels = 1 if self._mono else self._channels
            rest.append(np.zeros((channels, max(0, missing)), np.int16))
            samples = np.concatenate(rest, axis=1)[:, :missing]
            if missing > 0:
                yield rate_hz, first, samples

    def _start(self, frame: AudioFrame) -> None:
        channels = frame.layout.nb_channels
        self._batch = max(4096, BATCH_VALUES // channels)
        self._template = frame
        # Beyond stereo FFmpeg would weight the channels by where loudspeakers stand.
        layout = "mono" if self._mono and channels <= 2 else None
        self._channels = channels
        packed = channels >= MANY_CHANNELS
        self._resamplers = {
            rate_hz: av.AudioResampler(
                format="s16" if packed else "s16p", layout=layout, rate=rate_hz
            )
            for rate_hz in self._rates_hz
        }

    def _fill(self, count: int) -> Iterator[RatedSamples]:
        assert self._template is not None
        while count > 0:
            part = min(count, self._batch)
            self._fifo.write(silence_like(self._template, part))
            self.position += part
            count -= part
            while self._fifo.samples >= self._batch:
                yield from self._flush_batch(self._batch)

    def _flush_batch(self, count: int) -> Iterator[RatedSamples]:
        batch = self._fifo.read(count, partial=True)
        if batch is None:
            return
        batch.pts = None
        for rate_hz, resampler in self._resamplers.items():
            for frame in resampler.resample(batch):
                yield self._block(rate_hz, frame)

    def _block(self, rate_hz: int, frame: AudioFrame) -> RatedSamples:
        samples = self._samples(frame)
        first = self._made[rate_hz]
        self._made[rate_hz] += samples.shape[1]
        return rate_hz, first, samples

    def _samples(self, frame: AudioFrame) -> NDArray[np.int16]:
        samples = cast("NDArray[np.int16]", frame.to_ndarray())
        if not frame.format.is_planar:
            samples = np.ascontiguousarray(samples.reshape(-1, self._channels).T)
        if self._mono and samples.shape[0] > 1:
            samples = samples.mean(axis=0, keepdims=True).astype(np.int16)
        return samples


def sample_count(own_count: int, own_rate_hz: int, rate_hz: int) -> int:
    """Return how many samples a stretch has at another rate: those that begin within it."""
    return own_count * rate_hz // own_rate_hz


def silence_like(template: AudioFrame, count: int) -> AudioFrame:
    """Return a frame of `count` samples of silence in the format of another frame."""
    frame = AudioFrame(format=template.format.name, layout=template.layout, samples=count)
    frame.sample_rate = template.sample_rate
    value = 128 if template.format.name.startswith("u8") else 0
    for plane in frame.planes:
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def _without_head(frame: AudioFrame, count: int) -> AudioFrame | None:
    if count >= frame.samples:
        return None
    values = frame.to_ndarray()
    step = 1 if frame.format.is_planar else frame.layout.nb_channels
    rest = np.ascontiguousarray(values[:, count * step :])
    shorter = AudioFrame.from_ndarray(
        cast("NDArray[np.int16]", rest), format=frame.format.name, layout=frame.layout
    )
    shorter.sample_rate = frame.sample_rate
    return shorter
