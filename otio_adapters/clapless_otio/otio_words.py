"""Where our data lies in OpenTimelineIO's metadata, and plain values for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence as Sequenced
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from clapless_otio.cut import Mark, Sequence, Transition
from clapless_otio.files import xml_text

KEY = "clapless"
"""Where our data lies in every metadata dictionary."""

RESOLVE_KEY = "Resolve_OTIO"
"""Resolve's own data: links, notes and track types."""

Convention = str
TIMELINE = "timeline"
SOURCE = "source"


def otio_text(text: str) -> str:
    """Return text that OpenTimelineIO takes: no lone surrogates, no NUL."""
    return xml_text(text)


def otio_time(seconds: Fraction, rate: Fraction) -> otio.opentime.RationalTime:
    """Return seconds as frames of a rate, fractions of frames kept."""
    return otio.opentime.RationalTime(float(seconds * rate), float(rate))


def storable(value: object) -> object:
    """Return metadata as OpenTimelineIO takes it; what is no plain value becomes JSON text."""
    if isinstance(value, Mapping):
        return {otio_text(str(key)): storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    if isinstance(value, str):
        return otio_text(value)
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, Fraction):
        return str(value)
    return json.dumps(value, default=str)


def sequence_facts(sequence: Sequence) -> dict[str, object]:
    """Return what our metadata keeps of a sequence."""
    return {
        "rate": str(sequence.rate),
        "start": str(sequence.start_s),
        "drop_frame": sequence.drop_frame,
        "width": sequence.width,
        "height": sequence.height,
        "sample_rate_hz": sequence.sample_rate_hz,
        "shape": sequence.shape,
        "sequence": otio_text(sequence.name),
        "spans": [
            {
                "group": span.group,
                "name": otio_text(span.name),
                "start": str(span.start_s),
                "duration": str(span.duration_s),
                "zero": str(span.zero_s),
            }
            for span in sequence.spans
        ],
        "kept": storable(sequence.metadata),
    }


def mark_facts(mark: Mark) -> dict[str, object]:
    """Return what our metadata keeps of a mark."""
    return {
        "name": otio_text(mark.name),
        "time": str(mark.time_s),
        "duration": str(mark.duration_s),
        "color": otio_text(mark.color),
        "comment": otio_text(mark.comment),
        "kind": mark.kind,
        "kept": storable(mark.metadata),
    }


def transition_facts(transition: Transition) -> dict[str, object]:
    """Return what our metadata keeps of a transition."""
    return {
        "name": otio_text(transition.name),
        "start": str(transition.start_s),
        "duration": str(transition.duration_s),
        "marks": [mark_facts(mark) for mark in transition.marks],
        "kept": storable(transition.metadata),
    }


def told_facts(metadata: Any) -> Mapping[str, Any]:
    """Return our metadata, empty where there is none."""
    return mapping(metadata.get(KEY))


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a value that should be a mapping, empty where it is none."""
    return value if isinstance(value, Mapping) else {}


def foreign(metadata: Any) -> dict[str, object]:
    """Return the metadata of other programs, to be written back."""
    return {str(key): value for key, value in plain(metadata).items() if key != KEY}


def plain(value: Any) -> Any:
    """Return OpenTimelineIO's containers as plain ones."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Sequenced) and not isinstance(value, str):
        return [plain(one) for one in value]
    if isinstance(value, otio.core.SerializableObject):
        return otio.core.serialize_json_to_string(value)
    return value


def fraction(value: object) -> Fraction | None:
    """Return a fraction from its text, None where it is none."""
    if not isinstance(value, str) or not value:
        return None
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError):
        return None
