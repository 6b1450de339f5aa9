"""Why a clip was not placed, in words, with the best places that were considered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clapless.model import Candidate, Clip, Match, Pin, Refusal, Unplaced, inverse

MOST_CANDIDATES = 5
"""Places that are listed, at most."""

_TELLING: tuple[str, ...] = ("ambiguous", "periodic", "no_match")
"""Codes that say most about a clip, the most telling first; others come before `no_match` only
where the clip itself could not serve."""


def explain(
    clip: Clip,
    refusals: Iterable[Refusal],
    contested: Iterable[Match],
    names: Mapping[str, str],
    *,
    alone: bool,
) -> Unplaced:
    """Return why a clip has no place.

    Parameters
    ----------
    clip
        The clip.
    refusals
        All that name it.
    contested
        Matches of it that were not believed.
    names
        Clip id -> name.
    alone
        Whether there was no other clip at all.
    """
    mine = [r for r in refusals if clip.id in (r.a, r.b)]
    refused = list(contested)
    candidates = _candidates(clip.id, mine, refused)
    code, reason = _words(clip, mine, refused, names, alone=alone)
    pins: list[Pin] = []
    for refusal in sorted(mine, key=_by_promise):
        pins += [pin for pin in refusal.suggested_pins if pin not in pins]
    return Unplaced(
        clip=clip.id,
        code=code,
        reason=reason,
        candidates=candidates,
        suggested_pins=tuple(pins[:MOST_CANDIDATES]),
    )


def _words(
    clip: Clip,
    refusals: Sequence[Refusal],
    contested: Sequence[Match],
    names: Mapping[str, str],
    *,
    alone: bool,
) -> tuple[str, str]:
    if contested:
        best = max(contested, key=lambda m: (m.confidence, m.a, m.b))
        other = names[best.a if best.b == clip.id else best.b]
        if len(contested) > 1 and best.confidence >= 0.5:
            return (
                "contradicted",
                f"the matches with {_listed(clip.id, contested, names)} contradict each other",
            )
        return (
            "not_sure",
            f"the best match, with {other} by {best.signal}, is not sure enough "
            f"({best.confidence:.0%} taken alone)",
        )
    own = [r for r in refusals if r.a == r.b]
    if alone and all(r.code != "unreadable" for r in own):
        # Whatever else it lacks, that it holds no timecode or no receiver is not why.
        return "alone", "there is no other clip to compare it with"
    pairs = [r for r in refusals if r.a != r.b]
    if own and not pairs:
        chosen = min(own, key=lambda r: (r.signal, r.code))
        return chosen.code, "; ".join(_unique(r.reason for r in sorted(own, key=_by_signal)))
    for code in _TELLING[:-1]:
        found = [r for r in pairs if r.code == code]
        if found:
            first = min(found, key=lambda r: (r.a, r.b, r.signal))
            other = names[first.a if first.b == clip.id else first.b]
            return code, f"{first.reason} (with {other})"
    usable = [r for r in pairs if r.code == "no_match"] or pairs
    if usable:
        reasons = _unique(r.reason for r in sorted(usable, key=_by_signal))
        code = min(usable, key=_by_signal).code
        return code, "; ".join(reasons[:2])
    return "no_evidence", "it holds nothing that any signal could compare with another clip"


def _by_promise(refusal: Refusal) -> tuple[float, str, str, str]:
    """Order refusals by the best place that was considered, the likeliest first."""
    best = max((place.confidence for place in refusal.candidates), default=0.0)
    return (-best, refusal.a, refusal.b, refusal.signal)


def _by_signal(refusal: Refusal) -> tuple[str, str, str, str]:
    return (refusal.signal, refusal.code, refusal.a, refusal.b)


def _listed(clip: str, matches: Sequence[Match], names: Mapping[str, str]) -> str:
    others = _unique(
        names[m.a if m.b == clip else m.b]
        for m in sorted(matches, key=lambda m: (-m.confidence, m.a, m.b))
    )
    return " and ".join(others[:3])


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _candidates(
    clip: str, refusals: Sequence[Refusal], contested: Sequence[Match]
) -> tuple[Candidate, ...]:
    """Return the best places of a clip on others' clocks, each other clip's best one first."""
    found: list[Candidate] = []
    for match in contested:
        seen = match if match.b == clip else inverse(match)
        found.append(
            Candidate(
                a=seen.a,
                offset_s=seen.offset_s,
                drift_ppm=seen.drift_ppm,
                speed=seen.speed,
                confidence=seen.confidence,
            )
        )
    for refusal in refusals:
        if refusal.a != refusal.b:
            other = refusal.a if refusal.b == clip else refusal.b
            found += [_seen_from(other, refusal, place) for place in refusal.candidates]
    found.sort(key=lambda c: (-c.confidence, -c.score, c.a, c.offset_s))
    return tuple(found[:MOST_CANDIDATES])


def _seen_from(other: str, refusal: Refusal, place: Candidate) -> Candidate:
    """Return a refusal's candidate as a place on the clock of clip `other`."""
    if place.a == other:
        return place
    turned = inverse(
        Match(
            a=place.a,
            b=other,
            signal=refusal.signal,
            offset_s=place.offset_s,
            drift_ppm=place.drift_ppm,
            speed=place.speed,
        )
    )
    return Candidate(
        a=other,
        offset_s=turned.offset_s,
        drift_ppm=turned.drift_ppm,
        speed=turned.speed,
        confidence=place.confidence,
        score=place.score,
        extra=place.extra,
    )
