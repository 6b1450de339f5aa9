"""Leads from the samples themselves, where loudness leaves the place open."""

from __future__ import annotations

from clapless.numerics.sound import SampleSource
from clapless.numerics.waveform import wave_peaks
from clapless.signals.audio.bands import RATE_HZ
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.search import Course, Lead

WHOLE_S = 180.0
"""Two clips that are no longer than this together are correlated whole."""

END_S = 30.0
"""Of longer ones the ends are: that is where overlaps too short for loudness lie."""

LEAST_Z = 5.5
"""The highest of a million values of pure noise reaches about 5."""

WAVE_LEADS = 8
"""Lags kept of one correlation."""


def wave_leads(a: AudioFeature, b: AudioFeature) -> list[Lead]:
    """Return courses at which the samples of two clips agree, best first."""
    leads: list[Lead] = []
    for first_a, first_b, count_a, count_b in _stretches(a.sound, b.sound):
        samples_a = a.sound.window(first_a, count_a)
        samples_b = b.sound.window(first_b, count_b)
        shift_s = a.sound.origin_s - b.sound.origin_s + (first_a - first_b) / RATE_HZ
        for lag_s, z in wave_peaks(samples_a, samples_b, RATE_HZ, count=WAVE_LEADS):
            if z >= LEAST_Z:
                leads.append(Lead(Course(shift_s + lag_s), z))
    return sorted(leads, key=lambda lead: -lead.z)


def _stretches(a: SampleSource, b: SampleSource) -> list[tuple[int, int, int, int]]:
    """Return what is correlated: first sample of a and b, counts of a and b."""
    end = round(END_S * RATE_HZ)
    if a.length + b.length <= WHOLE_S * RATE_HZ:
        return [(0, 0, a.length, b.length)]
    size_a, size_b = min(end, a.length), min(end, b.length)
    return [
        (a.length - size_a, 0, size_a, size_b),
        (0, b.length - size_b, size_a, size_b),
    ]
