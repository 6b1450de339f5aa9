"""The parts of OpenTimelineIO's timelines as ours: times, files, markers, transitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from clapless.model import MarkerKind
from clapless.timing import STANDARD_RATES
from clapless_otio.cut import SHAPES, Mark, Media, Shape, Sound, Span, Transition
from clapless_otio.exact import known_rate
from clapless_otio.files import url_name
from clapless_otio.otio_words import RESOLVE_KEY, foreign, fraction, mapping, plain, told_facts
from clapless_otio.sessions import SAME_S


def seconds(time: otio.opentime.RationalTime) -> Fraction:
    """Return a time as exact seconds: whole frames stay whole, the rate becomes exact."""
    value = Fraction(time.value)
    near = round(value)
    if abs(value - near) < Fraction(1, 10**7):
        value = Fraction(near)
    return value / known_rate(time.rate)


def read_media(reference: Any, clip: Any) -> Media | None:
    """Return the file behind a media reference, None where there is none."""
    if reference is None:
        return None
    facts = told_facts(reference.metadata)
    url = getattr(reference, "target_url", "") or ""
    if isinstance(reference, otio.schema.ImageSequenceReference):
        url = f"{reference.target_url_base}{reference.name_prefix}{reference.name_suffix}"
    if isinstance(reference, otio.schema.GeneratorReference) or (not url and not facts):
        available = reference.available_range
        if available is None:
            return None
    available = reference.available_range
    start_s = seconds(available.start_time) if available else Fraction(0)
    duration_s = seconds(available.duration) if available else Fraction(0)
    for name, actual in (("start", start_s), ("duration", duration_s)):
        told = fraction(facts.get(name))
        if told is not None and abs(told - actual) < SAME_S:
            start_s, duration_s = (told, duration_s) if name == "start" else (start_s, told)
    ranged = available or clip.source_range
    rate = known_rate(ranged.duration.rate) if ranged else None
    if facts:
        rate = fraction(facts.get("rate"))
    elif rate is not None and rate not in STANDARD_RATES and rate > 1000:
        rate = None
    sound = tuple(
        Sound(
            channels=int(stream["channels"]),
            sample_rate_hz=int(stream["sample_rate_hz"]),
            names=tuple(stream["names"]),
        )
        for stream in facts.get("sound") or ()
    )
    return Media(
        name=str(facts.get("name") or reference.name or url_name(url) or clip.name),
        url=url,
        start_s=start_s,
        duration_s=duration_s,
        rate=rate,
        timecode_rate=fraction(facts.get("timecode_rate")) or rate,
        drop_frame=bool(facts.get("drop_frame")),
        width=int(facts.get("width") or 0) or None,
        height=int(facts.get("height") or 0) or None,
        rotation=int(facts.get("rotation") or 0),
        still=bool(facts.get("still")),
        sound=sound,
        reel=str(facts.get("reel") or ""),
        scene=str(facts.get("scene") or ""),
        take=str(facts.get("take") or ""),
        bin=str(facts.get("bin") or ""),
        variable_frame_rate=bool(facts.get("variable_frame_rate")),
        metadata=plain(facts.get("kept") or foreign(reference.metadata)),
    )


def read_marks(markers: Iterable[Any], origin_s: Fraction) -> tuple[Mark, ...]:
    """Return markers as marks, counted from `origin_s` of their host."""
    marks = []
    for marker in markers:
        facts = told_facts(marker.metadata)
        time_s = seconds(marker.marked_range.start_time) - origin_s
        duration_s = seconds(marker.marked_range.duration)
        told, told_length = fraction(facts.get("time")), fraction(facts.get("duration"))
        if told is not None and abs(told - time_s) < SAME_S:
            time_s = told
        if told_length is not None and abs(told_length - duration_s) < SAME_S:
            duration_s = told_length
        note = mapping(marker.metadata.get(RESOLVE_KEY)).get("Note") or ""
        marks.append(
            Mark(
                name=marker.name,
                time_s=time_s,
                duration_s=duration_s,
                color=(marker.color or "").lower(),
                comment=getattr(marker, "comment", "") or str(note),
                kind=marker_kind(facts.get("kind")),
                metadata=plain(facts.get("kept") or foreign(marker.metadata)),
            )
        )
    return tuple(marks)


def told_mark(facts: Mapping[str, Any]) -> Mark:
    """Return a mark from what stands about it in our metadata."""
    return Mark(
        name=str(facts["name"]),
        time_s=Fraction(facts["time"]),
        duration_s=Fraction(facts["duration"]),
        color=str(facts["color"]),
        comment=str(facts["comment"]),
        kind=marker_kind(facts.get("kind")),
        metadata=plain(facts.get("kept") or {}),
    )


def told_transition(facts: Mapping[str, Any]) -> Transition:
    """Return a transition from what stands about it in our metadata."""
    return Transition(
        name=str(facts["name"]),
        start_s=Fraction(facts["start"]),
        duration_s=Fraction(facts["duration"]),
        marks=tuple(told_mark(mark) for mark in facts.get("marks") or ()),
        metadata=plain(facts.get("kept") or {}),
    )


def foreign_transition(child: Any, cut_s: Fraction) -> Transition:
    """Return another program's transition over the cut at `cut_s`."""
    before_s, after_s = seconds(child.in_offset), seconds(child.out_offset)
    return Transition(
        name=child.name or child.transition_type,
        start_s=cut_s - before_s,
        duration_s=before_s + after_s,
        metadata=foreign(child.metadata),
    )


def marker_kind(value: object) -> MarkerKind:
    """Return a marker's kind, standard where it is no known one."""
    kinds: tuple[MarkerKind, ...] = ("standard", "chapter", "todo", "done")
    return next((kind for kind in kinds if kind == value), "standard")


def told_sequence(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sequence's fields from what stands about it in our metadata."""
    return {
        "drop_frame": bool(facts.get("drop_frame")),
        "width": int(facts.get("width") or 1920),
        "height": int(facts.get("height") or 1080),
        "sample_rate_hz": int(facts.get("sample_rate_hz") or 48000),
        "shape": told_shape(facts.get("shape"), "timeline"),
        "spans": tuple(
            Span(
                group=str(span["group"]),
                name=str(span["name"]),
                start_s=Fraction(span["start"]),
                duration_s=Fraction(span["duration"]),
                zero_s=Fraction(span["zero"]),
            )
            for span in facts.get("spans") or ()
        ),
        "metadata": plain(facts.get("kept") or {}),
    }


def told_shape(value: object, default: Shape) -> Shape:
    """Return a sequence's shape, the default where it is no known one."""
    return next((shape for shape in SHAPES if shape == value), default)
