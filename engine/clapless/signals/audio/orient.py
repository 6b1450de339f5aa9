"""The same question from either side: answers do not depend on which clip is called a."""

from __future__ import annotations

from dataclasses import replace

from clapless.model import Candidate, Match, Pin, Refusal, clock_rate, inverse
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.base import Prior


def in_order(a: AudioFeature, b: AudioFeature) -> bool:
    """Return whether a is the one whose clock is measured against: the longer one."""
    return (-a.frames, a.clip.id) <= (-b.frames, b.clip.id)


def turned_prior(prior: Prior) -> Prior:
    """Return what is believed of a and b as a belief of b and a."""
    drift = prior.drift_ppm * 1e-6
    rate = clock_rate(prior.speeds[0], prior.drift_ppm)
    return replace(
        prior,
        offset_s=None if prior.offset_s is None else -prior.offset_s * rate,
        drift_ppm=-drift / (1.0 + drift) * 1e6,
        speeds=tuple(1 / speed for speed in prior.speeds),
    )


def turned(answer: Match | Refusal) -> Match | Refusal:
    """Return the answer for b and a as the answer for a and b."""
    if isinstance(answer, Match):
        return _turned_match(answer)
    return replace(
        answer,
        a=answer.b,
        b=answer.a,
        candidates=tuple(_turned_candidate(one, answer.b) for one in answer.candidates),
        suggested_pins=tuple(
            Pin(a=pin.b, a_s=pin.b_s, b=pin.a, b_s=pin.a_s) for pin in answer.suggested_pins
        ),
    )


def _turned_candidate(candidate: Candidate, clip: str) -> Candidate:
    rate = clock_rate(candidate.speed, candidate.drift_ppm)
    drift = candidate.drift_ppm * 1e-6
    return replace(
        candidate,
        a=clip,
        offset_s=-candidate.offset_s * rate,
        drift_ppm=-drift / (1.0 + drift) * 1e6,
        speed=1 / candidate.speed,
    )


def _turned_match(match: Match) -> Match:
    details = dict(match.details)
    times, off = details.get("window_t_s"), details.get("window_residual_s")
    if isinstance(times, list):
        details["window_t_s"] = [match.to_a(t) for t in times]
    if isinstance(off, list):
        # A delay on one clip's clock is the opposite delay on the other's.
        details["window_residual_s"] = [-residual * match.rate for residual in off]
    jumps = details.get("jumps_s")
    if isinstance(jumps, list) and match.time_map is not None:
        mapped = [match.time_map.to_group(t) for t in jumps]
        details["jumps_s"] = [t for t in mapped if t is not None]
    one, other = details.get("channel_a"), details.get("channel_b")
    if one is not None:
        details["channel_a"], details["channel_b"] = other, one
    return replace(inverse(match), details=details)
