"""A place of a picture in a turning becomes an answer about two clips.

Conventions
-----------
The time of a frame is the exposure centre of the row that is read first. What is measured is the
centre row, which comes half a readout later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clapless.media.gpmf import LATENCY_STD_S
from clapless.model import Match
from clapless.numerics.shake_fit import ShakeFit
from clapless.signals.base import Spans
from clapless.signals.shake.feature import ShakeFeature
from clapless.signals.shake.judge import Kind, Verdict
from clapless.signals.stretches import left_of

READOUT_S, READOUT_STD_S = 0.016, 0.008
"""Readout of cameras nobody has measured."""

READOUT_SHARE = 0.05
"""Error of a measured readout that its scatter does not show, as a share of it."""

FLOOR_S = 0.0005
"""Error of the centre row's delay that no fit sees: near things that sway, things that move. Half a
millisecond at most was seen on synthetic cameras in scenes with depth."""


@dataclass(frozen=True, slots=True)
class Readout:
    """A camera's readout, negative where the bottom row is read first, and how sure it is."""

    value_s: float
    std_s: float
    measured: bool

    @property
    def half_s(self) -> float:
        """What lies between the first row and the centre row."""
        return abs(self.value_s) / 2


def settled_readout(fit: ShakeFit | None, given_s: float | None) -> Readout:
    """Return a readout out of what was measured, given and is usual.

    >>> settled_readout(None, None).value_s
    0.016
    """
    if given_s is not None:
        return Readout(given_s, 0.01 * abs(given_s), True)
    if fit is None:
        return Readout(READOUT_S, READOUT_STD_S, False)
    std_s = math.hypot(fit.readout_std_s, READOUT_SHARE * abs(fit.readout_s))
    sign = -1.0 if fit.readout_s < -2 * fit.readout_std_s else 1.0
    weight, usual = std_s**-2 if std_s else 1e12, READOUT_STD_S**-2
    value_s = (weight * sign * fit.readout_s + usual * READOUT_S) / (weight + usual)
    return Readout(sign * value_s, (weight + usual) ** -0.5, std_s < READOUT_STD_S)


def answer(
    known: ShakeFeature,
    kind: Kind,
    picture: ShakeFeature,
    verdict: Verdict,
    *,
    readout: Readout,
    known_readout: Readout,
) -> Match:
    """Return where the picture's clip lies on the clock of the other one.

    Parameters
    ----------
    known, kind, picture, verdict
        As for and from `judge`.
    readout, known_readout
        Of the picture, and of the other clip's picture where `kind` says so.
    """
    best = verdict.places[0]
    line = best.fit.line
    offset_s = line.value - line.slope * line.pivot - readout.half_s
    others_s = [readout.std_s / 2, FLOOR_S]
    rate_ppm = 0.0
    if kind == "gyroscope":
        assert known.gyroscope is not None
        others_s += [LATENCY_STD_S, known.gyroscope.time_std_s]
        rate_ppm = known.gyroscope.rate_std_ppm
    else:
        offset_s += known_readout.half_s
        others_s.append(known_readout.std_s / 2)
    names = [picture.clip.id] if kind == "gyroscope" else [known.clip.id, picture.clip.id]
    readouts = [readout] if kind == "gyroscope" else [known_readout, readout]
    return Match(
        a=known.clip.id,
        b=picture.clip.id,
        signal="shake",
        offset_s=float(offset_s),
        drift_ppm=float((1 / (1 + line.slope) - 1) * 1e6),
        offset_std_s=math.hypot(line.value_std, *others_s),
        drift_std_ppm=math.hypot(line.slope_std * 1e6, rate_ppm),
        pivot_s=float(line.pivot),
        confidence=float(verdict.confidence),
        spans_s=(best.fit.span_s,),
        details={
            "against": f"{kind} of {known.clip.id}",
            "evidence": round(best.evidence, 1),
            "energy": round(best.energy, 3),
            "explained": round(best.fit.agreement, 4),
            "windows": best.alignment.windows,
            "windows_agreeing": round(best.alignment.agreeing, 3),
            "readouts_ms": {
                name: round(one.value_s * 1e3, 3) for name, one in zip(names, readouts, strict=True)
            },
            "readout_stds_ms": {
                name: round(one.std_s * 1e3, 3) for name, one in zip(names, readouts, strict=True)
            },
            "readouts_measured": {
                name: one.measured for name, one in zip(names, readouts, strict=True)
            },
            "fit_std_ms": round(line.value_std * 1e3, 4),
        },
    )


def spans_left(match: Match, exclude_spans: Spans) -> tuple[tuple[float, float], ...]:
    """Return the spans of a match without what was excluded."""
    return tuple(piece for span_s in match.spans_s for piece in left_of(span_s, exclude_spans))
