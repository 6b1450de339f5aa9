"""Between the document's structs and the model, both ways.

Fields of both have the same names, so the conversion walks them; the table `_MODEL` says which
struct is which class. Keys that a struct does not know go to the model's `extra` and come back
from there.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

import msgspec

from clapless import model, timing
from clapless.session import paths
from clapless.session import schema as s

_MODEL: dict[type[s.Entry], type[Any]] = {
    s.FileEntry: model.MediaFile,
    s.AudioEntry: model.AudioStream,
    s.ClipEntry: model.Clip,
    s.DeviceEntry: model.Device,
    s.SegmentEntry: timing.Segment,
    s.TimeMapEntry: timing.TimeMap,
    s.DisagreementEntry: model.Disagreement,
    s.ResidualEntry: model.Residual,
    s.VerificationEntry: model.Verification,
    s.PlacementEntry: model.Placement,
    s.GroupEntry: model.Group,
    s.CandidateEntry: model.Candidate,
    s.PinEntry: model.Pin,
    s.UnplacedEntry: model.Unplaced,
    s.MatchEntry: model.Match,
    s.MarkerEntry: model.Marker,
    s.SessionEntry: model.Session,
}
_ENTRY = {cls: entry for entry, cls in _MODEL.items()}
_HEAD = frozenset({"schema", "version"})

_FRACTION = re.compile(r"-?\d{1,40}(/\d{1,40})?")


class InvalidEntryError(Exception):
    """Something in a document or session is wrong; the message is a clause with the place."""


def to_session(raw: dict[str, object], *, base: Path) -> model.Session:
    """Return the session of a parsed document that lies in the folder `base`.

    Raises
    ------
    InvalidEntryError
        A field is missing or of the wrong type, or names a clip or group that is not there.
    """
    try:
        document = msgspec.convert(raw, s.SessionEntry, dec_hook=_from_text)
    except msgspec.ValidationError as error:
        raise InvalidEntryError(_clause(str(error))) from error
    session: model.Session = _to_model(document, raw, base, "$")
    _check_references(session)
    return session


def to_document(session: model.Session, *, base: Path) -> dict[str, object]:
    """Return the document of a session, as plain values, for the folder `base`.

    Raises
    ------
    InvalidEntryError
        A number is not finite, or a value is of a kind that JSON has no word for.
    """
    head: dict[str, object] = {"schema": s.SCHEMA, "version": s.VERSION}
    return head | _from_model(session, base, "$")


def _from_text(kind: type, value: object) -> object:
    if kind is Fraction:
        if not isinstance(value, str) or not _FRACTION.fullmatch(value):
            raise ValueError(f"{value!r} is no fraction such as '30000/1001'")
        numerator, _, denominator = value.partition("/")
        if denominator and int(denominator) == 0:
            raise ValueError(f"{value!r} divides by zero")
        return Fraction(int(numerator), int(denominator or 1))
    raise NotImplementedError(kind)


def _to_model(entry: s.Entry, raw: Any, base: Path, place: str) -> Any:
    values: dict[str, object] = {}
    for name in entry.__struct_fields__:
        if isinstance(entry, s.SessionEntry) and name in _HEAD:
            continue
        value = getattr(entry, name)
        here = f"{place}.{name}"
        if isinstance(value, s.Entry):
            value = _to_model(value, raw[name], base, here)
        elif isinstance(value, tuple) and value and isinstance(value[0], s.Entry):
            value = tuple(
                _to_model(one, raw_one, base, f"{here}[{i}]")
                for i, (one, raw_one) in enumerate(zip(value, raw[name], strict=True))
            )
        elif isinstance(value, float) and not math.isfinite(value):
            raise InvalidEntryError(f"{_spoken(here)} is beyond any number of seconds or ppm")
        values[name] = value
    if isinstance(entry, s.FileEntry):
        values["path"] = paths.from_document(entry.path, base)
    known = {*entry.__struct_fields__}
    values["extra"] = {key: value for key, value in raw.items() if key not in known}
    try:
        return _MODEL[type(entry)](**values)
    except ValueError as error:
        raise InvalidEntryError(f"at {_spoken(place)}, {error}") from error


def _from_model(value: Any, base: Path, place: str) -> dict[str, object]:
    entry = _ENTRY[type(value)]
    written: dict[str, object] = {}
    for name in entry.__struct_fields__:
        if entry is s.SessionEntry and name in _HEAD:
            continue
        written[name] = _plain(getattr(value, name), base, f"{place}.{name}")
    for key, extra in value.extra.items():
        written.setdefault(key, _plain(extra, base, f"{place}.{key}"))
    return written


def _plain(value: object, base: Path, place: str) -> object:
    """Return a value as JSON knows it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidEntryError(f"{_spoken(place)} is {value}, which is no number in JSON")
        return float(value)
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, PurePath):
        return paths.to_document(Path(value), base)
    if dataclasses.is_dataclass(value) and type(value) in _ENTRY:
        return _from_model(value, base, place)
    if isinstance(value, Mapping):
        return {str(key): _plain(one, base, f"{place}.{key}") for key, one in value.items()}
    if isinstance(value, Sequence):
        return [_plain(one, base, f"{place}[{i}]") for i, one in enumerate(value)]
    if hasattr(value, "tolist"):  # numpy's scalars and arrays, without loading numpy here
        return _plain(value.tolist(), base, place)
    raise InvalidEntryError(f"{_spoken(place)} is a {type(value).__name__}, unknown to JSON")


def _check_references(session: model.Session) -> None:
    """Refuse a document whose parts name clips or groups it does not hold."""
    clips = _unique((clip.id for clip in session.clips), "clip")
    groups = _unique((group.id for group in session.groups), "group")
    placed = _unique((p.clip for g in session.groups for p in g.placements), "placement of clip")
    _unique((one.clip for one in session.unplaced), "unplaced clip")
    for clip_id, place in _named_clips(session):
        if clip_id not in clips:
            raise InvalidEntryError(f"{place} names the clip {clip_id!r}, which is not in it")
    for group in session.groups:
        if not any(p.clip == group.reference for p in group.placements):
            raise InvalidEntryError(f"the reference of group {group.id!r} has no placement in it")
    for one in session.unplaced:
        if one.clip in placed:
            raise InvalidEntryError(f"the clip {one.clip!r} is both placed and unplaced")
    for marker in session.markers:
        if marker.group is not None and marker.group not in groups:
            raise InvalidEntryError(
                f"marker {marker.id!r} names the group {marker.group!r}, which is not in it"
            )


def _named_clips(session: model.Session) -> Iterator[tuple[str, str]]:
    for group in session.groups:
        yield group.reference, f"group {group.id!r}"
        for placement in group.placements:
            yield placement.clip, f"group {group.id!r}"
    for one in session.unplaced:
        yield one.clip, "the list of unplaced clips"
    for match in session.matches:
        yield match.a, "a match"
        yield match.b, "a match"
    for pin in session.pins:
        yield pin.a, "a pin"
        yield pin.b, "a pin"
    for marker in session.markers:
        if marker.clip is not None:
            yield marker.clip, f"marker {marker.id!r}"


def _unique(ids: Iterator[str], what: str) -> set[str]:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise InvalidEntryError(f"the {what} {one!r} stands in it twice")
        seen.add(one)
    return seen


def _clause(message: str) -> str:
    """Turn msgspec's message into a clause: ``at clips[0].name, expected text, got a number``."""
    for machine, word in _WORDS.items():
        message = message.replace(f"`{machine}`", word)
    text, _, place = message.partition(" - at ")
    text = text[:1].lower() + text[1:]
    return f"at {_spoken(place.strip('`'))}, {text}" if place else text


_WORDS = {
    "str | null": "text or null",
    "float | null": "a number or null",
    "int | null": "a whole number or null",
    "object | null": "an object or null",
    "str": "text",
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def _spoken(place: str) -> str:
    return place.removeprefix("$").removeprefix(".") or "the top"
