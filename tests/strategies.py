"""Hypothesis strategies for what everything speaks of.

Numbers lie where recordings lie: clips of milliseconds to a day, offsets of up to a year, drift of
free-running clocks. Names are hostile on purpose: quotes, line breaks, emoji, bytes that are no
UTF-8 (as lone surrogates, the way Python hands them over). Import from ``tests.strategies``.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal

from hypothesis import strategies as st

from clapless.model import (
    AudioStream,
    Candidate,
    Clip,
    Device,
    Disagreement,
    Group,
    Marker,
    Match,
    MediaFile,
    Pin,
    Placement,
    Residual,
    Session,
    Unplaced,
    Verification,
)
from clapless.timing import STANDARD_RATES, Segment, TimeMap

times_s = st.floats(0.0, 86400.0, allow_nan=False)
offsets_s = st.floats(-3e7, 3e7, allow_nan=False)
drifts_ppm = st.floats(-1000.0, 1000.0, allow_nan=False)
stds_s = st.floats(0.0, 1.0, allow_nan=False)
probabilities = st.floats(0.0, 1.0, allow_nan=False)
rates = st.sampled_from(STANDARD_RATES)
speeds = st.sampled_from(
    [
        Fraction(1),
        Fraction(1001, 1000),
        Fraction(1000, 1001),
        Fraction(25, 24),
        Fraction(24, 25),
        Fraction(48000, 44100),
        Fraction(44100, 48000),
        Fraction(4),
    ]
)
fractions_s = st.fractions(0, 86400, max_denominator=192000)

hostile = st.sampled_from(
    ["'", '"', "\n", "\t", "\\", "🎬", "\udcff", "[", "]", "@", "=", " ", "é"]
)
words = st.text(
    st.characters(exclude_categories=["Cs", "Cn", "Co"]) | hostile, min_size=0, max_size=12
)
ids = st.text("abcdefgh0123456789-", min_size=1, max_size=6)

file_names = st.text(
    st.characters(exclude_categories=["Cs", "Cn", "Co"], exclude_characters="/\0") | hostile,
    min_size=1,
    max_size=12,
).filter(lambda name: name not in {".", ".."} and len(name.encode("utf-8", "surrogateescape")) < 80)
"""Names that a file system takes."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | times_s | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)
extras = st.dictionaries(words.map(lambda word: "x" + word), json_values, max_size=2)
"""Keys that no version knows, and what they hold."""


@st.composite
def time_maps(draw: st.DrawFn, *, max_segments: int = 3) -> TimeMap:
    """Strictly rising maps whose segments are apart or touch in clip time."""
    segments = []
    clip_s, group_s = draw(times_s), draw(offsets_s)
    for _ in range(draw(st.integers(1, max_segments))):
        knots = []
        for _ in range(draw(st.integers(2, 4))):
            knots.append((clip_s, group_s))
            clip_s += draw(st.floats(0.5, 1000.0))
            group_s += draw(st.floats(0.5, 1000.0))
        std_s = draw(
            st.just(()) | st.lists(stds_s, min_size=len(knots), max_size=len(knots)).map(tuple)
        )
        segments.append(Segment(tuple(knots), std_s))
        clip_s = draw(st.sampled_from([knots[-1][0], clip_s]))
        group_s = max(group_s, knots[-1][1])
    return TimeMap(tuple(segments))


@st.composite
def media_files(draw: st.DrawFn, *, folder: Path = Path("/shoot")) -> MediaFile:
    """Files in a folder or one below it."""
    below = draw(st.lists(file_names, max_size=2))
    return MediaFile(
        path=folder.joinpath(*below, draw(file_names)),
        role=draw(st.sampled_from(["main", "chapter", "parallel", "backup", "proxy"])),
        start_s=draw(fractions_s),
        duration_s=draw(fractions_s),
        fingerprint=draw(st.text("0123456789abcdef:", max_size=12)),
        extra=draw(extras),
    )


@st.composite
def audio_streams(draw: st.DrawFn) -> AudioStream:
    """Streams of 1 to 32 channels."""
    channels = draw(st.integers(1, 32))
    return AudioStream(
        index=draw(st.integers(0, 7)),
        channels=channels,
        sample_rate_hz=draw(st.sampled_from([8000, 44100, 48000, 96000, 192000])),
        names=draw(st.just(()) | st.just(tuple(f"Tr{i + 1}" for i in range(channels)))),
        codec=draw(st.sampled_from(["", "aac", "pcm_s24le"])),
        start_s=draw(fractions_s),
        extra=draw(extras),
    )


@st.composite
def clips(draw: st.DrawFn, *, clip_id: str | None = None) -> Clip:
    """Clips of every kind."""
    rate = draw(st.none() | rates)
    return Clip(
        id=draw(ids) if clip_id is None else clip_id,
        name=draw(words),
        files=tuple(draw(st.lists(media_files(), min_size=1, max_size=2))),
        device=draw(st.none() | ids),
        kind="audio" if rate is None else "video",
        duration_s=draw(fractions_s),
        frame_rate=rate,
        variable_frame_rate=draw(st.booleans()),
        capture_rate=draw(st.none() | rates),
        start_timecode=draw(st.sampled_from([None, "01:02:03;04", "23:59:59:23"])),
        timecode_rate=draw(st.none() | rates),
        time_reference_samples=draw(st.none() | st.integers(0, 2**40)),
        width=draw(st.none() | st.integers(2, 8192)),
        height=draw(st.none() | st.integers(2, 8192)),
        rotation=draw(st.sampled_from([0, 90, 180, 270])),
        scene=draw(words),
        metadata=draw(st.dictionaries(words, words, max_size=2)),
        audio=tuple(draw(st.lists(audio_streams(), max_size=2))),
        extra=draw(extras),
    )


@st.composite
def matches(draw: st.DrawFn, *, a: str = "c1", b: str = "c2", bent: bool = False) -> Match:
    """Matches that are lines; with `bent` some have a time map."""
    return Match(
        a=a,
        b=b,
        signal=draw(st.sampled_from(["audio", "timecode", "motion"])),
        offset_s=draw(offsets_s),
        drift_ppm=draw(drifts_ppm),
        speed=draw(speeds),
        offset_std_s=draw(stds_s),
        drift_std_ppm=draw(st.floats(0.0, 30.0)),
        pivot_s=draw(times_s),
        confidence=draw(probabilities),
        spans_s=tuple(draw(st.lists(st.tuples(times_s, times_s), max_size=2))),
        accepted=draw(st.booleans()),
        ceiling=draw(st.sampled_from([None, "check"])),
        time_map=draw(st.none() | time_maps()) if bent else None,
        details=draw(extras),
        extra=draw(extras),
    )


@st.composite
def verifications(draw: st.DrawFn) -> Verification:
    """Answers of verify."""
    names: tuple[Literal["head", "middle", "tail"], ...] = ("head", "middle", "tail")
    parts = [
        Residual(
            part=part,
            median_s=draw(offsets_s),
            spread_s=draw(stds_s),
            windows=draw(st.integers(0, 40)),
            extra=draw(extras),
        )
        for part in names[: draw(st.integers(0, 3))]
    ]
    return Verification(
        verdict=draw(st.sampled_from(["pass", "fail", "not_verifiable"])),
        median_s=draw(offsets_s),
        spread_s=draw(stds_s),
        windows=draw(st.integers(0, 99)),
        parts=tuple(parts),
        suggested_drift_ppm=draw(st.none() | drifts_ppm),
        reason=draw(words),
        extra=draw(extras),
    )


@st.composite
def placements(draw: st.DrawFn, *, clip: str = "c2", bent: bool = True) -> Placement:
    """Placements, some with a time map unless `bent` is false."""
    disagreement = st.builds(
        Disagreement, signal=ids, difference_s=offsets_s, reason=words, extra=extras
    )
    return Placement(
        clip=clip,
        offset_s=draw(offsets_s),
        drift_ppm=draw(drifts_ppm),
        speed=draw(speeds),
        offset_std_s=draw(stds_s),
        drift_std_ppm=draw(st.floats(0.0, 30.0)),
        pivot_s=draw(times_s),
        confidence=draw(probabilities),
        status=draw(st.sampled_from(["synced", "check", "manual"])),
        coarse=draw(st.booleans()),
        sound_delay_s=draw(st.floats(-0.3, 0.3)),
        signals=tuple(draw(st.lists(ids, max_size=2))),
        time_map=draw(st.none() | time_maps()) if bent else None,
        disagreements=tuple(draw(st.lists(disagreement, max_size=1))),
        verification=draw(st.none() | verifications()),
        extra=draw(extras),
    )


@st.composite
def markers(draw: st.DrawFn, *, clip_ids: list[str], group_ids: list[str]) -> Marker:
    """Markers on one of the clips or groups."""
    on_group = bool(group_ids) and draw(st.booleans())
    return Marker(
        id=draw(ids),
        name=draw(words),
        time_s=draw(times_s),
        clip=None if on_group else draw(st.sampled_from(clip_ids)),
        group=draw(st.sampled_from(group_ids)) if on_group else None,
        duration_s=draw(times_s),
        color=draw(st.sampled_from(["", "blue", "red"])),
        comment=draw(words),
        kind=draw(st.sampled_from(["standard", "chapter", "todo", "done"])),
        confidence=draw(probabilities),
        needs_review=draw(st.booleans()),
        extra=draw(extras),
    )


@st.composite
def pins(draw: st.DrawFn, *, clip_ids: list[str]) -> Pin:
    """Pins between two of the clips."""
    return Pin(
        a=draw(st.sampled_from(clip_ids)),
        a_s=draw(times_s),
        b=draw(st.sampled_from(clip_ids)),
        b_s=draw(times_s),
        extra=draw(extras),
    )


@st.composite
def sessions(draw: st.DrawFn, *, max_clips: int = 4) -> Session:
    """Whole sessions that hold together: every clip is placed once, or unplaced, or neither."""
    clip_ids = [f"c{i + 1}" for i in range(draw(st.integers(1, max_clips)))]
    grouped = clip_ids[: draw(st.integers(0, len(clip_ids)))]
    rest = clip_ids[len(grouped) :]
    groups: list[Group] = []
    if grouped:
        zero = Placement(clip=grouped[0], offset_s=0.0)
        placed = (zero, *(draw(placements(clip=one)) for one in grouped[1:]))
        groups.append(Group(id="g1", reference=grouped[0], placements=placed, extra=draw(extras)))
    candidate = st.builds(
        Candidate,
        a=st.sampled_from(clip_ids),
        offset_s=offsets_s,
        drift_ppm=drifts_ppm,
        speed=speeds,
        confidence=probabilities,
        score=st.floats(0.0, 100.0),
        extra=extras,
    )
    unplaced = [
        Unplaced(
            clip=one,
            code=draw(st.sampled_from(["no_match", "ambiguous", "silent"])),
            reason=draw(words),
            candidates=tuple(draw(st.lists(candidate, max_size=2))),
            suggested_pins=tuple(draw(st.lists(pins(clip_ids=clip_ids), max_size=1))),
            extra=draw(extras),
        )
        for one in rest
    ]
    device = st.builds(
        Device,
        id=ids,
        source=words,
        drift_ppm=st.none() | drifts_ppm,
        drift_std_ppm=st.none() | stds_s,
        serial=words,
        extra=extras,
    )
    pair = st.tuples(st.sampled_from(clip_ids), st.sampled_from(clip_ids))
    match = pair.flatmap(lambda ab: matches(a=ab[0], b=ab[1], bent=True))
    marker = markers(clip_ids=clip_ids, group_ids=[g.id for g in groups])
    return Session(
        created="2026-01-31T12:00:00Z",
        engine="0.1.0",
        devices=tuple(draw(st.lists(device, max_size=2))),
        clips=tuple(draw(clips(clip_id=one)) for one in clip_ids),
        groups=tuple(groups),
        unplaced=tuple(unplaced),
        matches=tuple(draw(st.lists(match, max_size=2))),
        pins=tuple(draw(st.lists(pins(clip_ids=clip_ids), max_size=1))),
        markers=tuple(draw(st.lists(marker, max_size=2))),
        extra=draw(extras),
    )
