"""Stretches of sound at another rate, by a filter that is set up once.

FFmpeg builds a filter of its own for each `av.AudioResampler`, which costs more than a second of
sound does. Stretches out of the middle of a recording therefore go through one resampler after each
other, parted by silence; only a recording's own ends get a new one, which treats them as a whole
read does.
"""

from __future__ import annotations

from math import gcd
from threading import local

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

REACH_SAMPLES = 64
"""Silence between two stretches, in samples of the lower of the two rates; the filter reaches 17 to
either side."""

Samples = NDArray[np.float32]


class Rerater:
    """Takes stretches of one rate and gives them at another one; not safe for threads.

    Parameters
    ----------
    own_rate_hz, rate_hz
        Samples per second that come and go.
    """

    def __init__(self, own_rate_hz: int, rate_hz: int) -> None:
        common = gcd(own_rate_hz, rate_hz)
        self._own_step, self._step = own_rate_hz // common, rate_hz // common
        steps = -(-REACH_SAMPLES // min(self._own_step, self._step))
        self._silence = np.zeros(steps * self._own_step, np.float32)
        self._own_rate_hz = own_rate_hz
        self._resampler = _resampler(rate_hz)
        self._due = 0
        self._rest: Samples = np.zeros(0, np.float32)

    def convert(self, samples: Samples) -> Samples:
        """Return a stretch at the other rate, both begin at the same time.

        The first and last `REACH_SAMPLES` (of the lower rate) are not those of a whole read.

        Parameters
        ----------
        samples
            Shape (n,), n a multiple of what the two rates have in common (3 for 48 to 16 kHz).
        """
        count = len(samples) // self._own_step * self._step
        fed = np.concatenate([samples, self._silence])
        made = _converted(self._resampler, fed, self._own_rate_hz)
        # What came out before belongs to the silence behind the stretch before.
        stream = np.concatenate([self._rest, *made])
        out = stream[self._due : self._due + count]
        spent = self._due + len(fed) // self._own_step * self._step
        self._rest = stream[min(spent, len(stream)) :].copy()
        self._due = spent - min(spent, len(stream))
        return out


_of_thread = local()


def rerater(own_rate_hz: int, rate_hz: int) -> Rerater:
    """Return this thread's `Rerater` between two rates."""
    held: dict[tuple[int, int], Rerater] = getattr(_of_thread, "held", {})
    _of_thread.held = held
    key = (own_rate_hz, rate_hz)
    if key not in held:
        held[key] = Rerater(own_rate_hz, rate_hz)
    return held[key]


def rerated_whole(samples: Samples, own_rate_hz: int, rate_hz: int) -> Samples:
    """Return float samples, shape (n,), that are a recording's ends, at another rate."""
    if own_rate_hz == rate_hz or not len(samples):
        return samples
    resampler = _resampler(rate_hz)
    made = _converted(resampler, samples, own_rate_hz)
    made += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(made)


def _resampler(rate_hz: int) -> av.AudioResampler:
    return av.AudioResampler(format="fltp", layout="mono", rate=rate_hz)


def _converted(resampler: av.AudioResampler, samples: Samples, own_rate_hz: int) -> list[Samples]:
    frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="fltp", layout="mono")
    frame.sample_rate = own_rate_hz
    return [part.to_ndarray()[0] for part in resampler.resample(frame)]
