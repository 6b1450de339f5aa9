"""Back from a timeline to a session: the one it was made of, or one that says what it shows.

Positions win over the session kept inside: a clip that was moved against its group is placed where
it now lies, by hand, and a notice says so. A group moved as a whole is the same group.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from clapless.errors import SessionError
from clapless.model import (
    AudioStream,
    Clip,
    Device,
    Group,
    Marker,
    MediaFile,
    Placement,
    Session,
)
from clapless.session.convert import InvalidEntryError, to_document
from clapless.session.convert import to_session as from_document
from clapless.timing import Segment, Timecode, TimeMap
from clapless_otio.cut import Item, Mark, Media, Project, Sequence, Track
from clapless_otio.files import one_line, url_path, xml_text

SESSION_KEY = "session"
"""Where a project's metadata keeps the session document it was laid out from."""

SHIFT_KEY = "shift_s"
"""Where an item's metadata says how far it was moved since Clapless placed it, in seconds."""

SAME_S = Fraction(1, 1_000_000)
"""Doubles over many hours are finer than this; edits are coarser."""

_BASE = Path("/")

TRADES = (
    Fraction(1),
    Fraction(1001, 1000),
    Fraction(1000, 1001),
    Fraction(25, 24),
    Fraction(24, 25),
    Fraction(48000, 44100),
    Fraction(44100, 48000),
)
"""Speeds that are no drift, to which a foreign timeline's speeds are compared."""

MOST_DRIFT = Fraction(1, 2000)
"""Beyond 500 ppm no clock drifts: what is farther from a trade speed is a speed of its own."""


def session_text(session: Session) -> str:
    """Return a session as ASCII, which every container of metadata carries unharmed.

    Raises
    ------
    SessionError
        It holds what JSON cannot.
    """
    try:
        return json.dumps(to_document(session, base=_BASE), allow_nan=False)
    except InvalidEntryError as error:
        raise SessionError(f"The session cannot be kept in a timeline: {error}.") from error


def project_session(project: Project) -> tuple[Session, list[str]]:
    """Return the session of a project, and sentences about what was found to differ.

    Raises
    ------
    SessionError
        The session kept inside is damaged.
    """
    text = project.metadata.get(SESSION_KEY)
    if not isinstance(text, str):
        return _shown(project)
    try:
        raw = json.loads(text)
        session = from_document(raw, base=_BASE)
    except (ValueError, TypeError, InvalidEntryError) as error:
        raise SessionError(f"The session inside the timeline is damaged: {error}.") from error
    return _moved(session, project)


def _moved(session: Session, project: Project) -> tuple[Session, list[str]]:
    shifts: dict[str, Fraction] = {}
    for sequence in project.sequences:
        for item in sequence.items():
            shift = item.metadata.get(SHIFT_KEY)
            if item.clip and isinstance(shift, str) and item.clip not in shifts:
                shifts[item.clip] = Fraction(shift)
    notices: list[str] = []
    groups = []
    for group in session.groups:
        common = shifts.get(group.reference, Fraction(0))
        placements = []
        for placement in group.placements:
            shift_s = shifts.get(placement.clip, Fraction(0)) - common
            if abs(shift_s) >= SAME_S:
                name = one_line(session.clip(placement.clip).name)
                way = "later" if shift_s > 0 else "earlier"
                notices.append(
                    f"{name} lies {abs(float(shift_s)):.4f} s {way} than it was synced: "
                    "its place on the timeline counts."
                )
                placement = _shifted(placement, float(shift_s))
            placements.append(placement)
        groups.append(replace(group, placements=tuple(placements)))
    return replace(session, groups=tuple(groups), markers=_markers(session, project)), notices


def _shifted(placement: Placement, shift_s: float) -> Placement:
    time_map = placement.time_map
    if time_map is not None:
        time_map = TimeMap(
            tuple(
                Segment(tuple((t, g + shift_s) for t, g in segment.knots), segment.std_s)
                for segment in time_map.segments
            )
        )
    return replace(
        placement,
        offset_s=placement.offset_s + shift_s,
        time_map=time_map,
        status="manual",
        verification=None,
    )


def _markers(session: Session, project: Project) -> tuple[Marker, ...]:
    """Return the session's markers where the timeline now has them, and new ones after them."""
    by_number = {str(n): marker for n, marker in enumerate(session.markers)}
    changed: dict[str, Marker] = {}
    new: list[Marker] = []
    for host, mark, time_s in _hosted_marks(session, project):
        number = str(mark.metadata.get("number", ""))
        known = by_number.get(number)
        if known is not None and (known.clip, known.group) == host:
            if _differs(known, mark, time_s):
                known = replace(
                    known,
                    name=mark.name,
                    time_s=float(time_s),
                    duration_s=float(mark.duration_s),
                    color=mark.color,
                    comment=mark.comment,
                    kind=mark.kind,
                )
            changed[number] = known
        elif known is None:
            new.append(_marker(mark, time_s, host, f"t{len(new) + 1}"))
    kept = [changed.get(number, marker) for number, marker in by_number.items()]
    return (*kept, *new)


def _differs(marker: Marker, mark: Mark, time_s: Fraction) -> bool:
    near = 1e-6
    return (
        abs(marker.time_s - float(time_s)) > near
        or abs(marker.duration_s - float(mark.duration_s)) > near
        or (marker.color, marker.kind) != (mark.color, mark.kind)
        or _words(marker.name) != _words(mark.name)
        or _words(marker.comment) != _words(mark.comment)
    )


def _words(text: str) -> str:
    """Return what every format keeps of a text."""
    return one_line(xml_text(text))


def _marker(
    mark: Mark, time_s: Fraction, host: tuple[str | None, str | None], marker_id: str
) -> Marker:
    return Marker(
        id=str(mark.metadata.get("id") or marker_id),
        name=mark.name,
        time_s=float(time_s),
        duration_s=float(mark.duration_s),
        color=mark.color,
        comment=mark.comment,
        kind=mark.kind,
        clip=host[0],
        group=host[1],
    )


def _hosted_marks(
    session: Session, project: Project
) -> list[tuple[tuple[str | None, str | None], Mark, Fraction]]:
    """Return each mark with its host (clip, group) and its time in the host's time."""
    found: list[tuple[tuple[str | None, str | None], Mark, Fraction]] = []
    for sequence in project.sequences:
        for item in sequence.items():
            starts = _file_starts(session, item)
            for mark in item.marks:
                if item.clip:
                    found.append(((item.clip, None), mark, mark.time_s + starts))
        for mark in sequence.marks:
            for span in reversed(sequence.spans):
                if span.start_s <= mark.time_s or span is sequence.spans[0]:
                    found.append(((None, span.group), mark, mark.time_s - span.zero_s))
                    break
    return found


def _file_starts(session: Session, item: Item) -> Fraction:
    """Return the clip time at which the file that an item plays begins."""
    if isinstance(item.source, Media) and item.clip:
        try:
            clip = session.clip(item.clip)
        except KeyError:
            return Fraction(0)
        for file in clip.files:
            if Path(url_path(item.source.url)) == file.path:
                return file.start_s
    return Fraction(0)


def _shown(project: Project) -> tuple[Session, list[str]]:
    """Return what a foreign timeline shows: tracks as devices, each sequence as one group."""
    clips: dict[str, Clip] = {}
    devices: dict[str, Device] = {}
    groups: list[Group] = []
    markers: list[Marker] = []
    notices: list[str] = []
    for number, sequence in enumerate(project.sequences, 1):
        longest: dict[str, Item] = {}
        times: defaultdict[str, int] = defaultdict(int)
        for track in sequence.tracks:
            for item in track.items:
                if isinstance(item.source, Media) and item.source.url:
                    clip = _clip(clips, devices, item.source, track)
                    times[clip.id] += 1
                    best = longest.get(clip.id)
                    if best is None or item.duration_s > best.duration_s:
                        longest[clip.id] = item
                    markers += [
                        _marker(m, m.time_s, (clip.id, None), f"t{len(markers) + n}")
                        for n, m in enumerate(item.marks, 1)
                    ]
        notices += [
            f"{clips[c].name} is used {times[c]} times in {one_line(sequence.name)}: its longest "
            "use counts."
            for c in longest
            if times[c] > 1
        ]
        if longest:
            groups.append(_group(f"g{number}", longest, sequence))
            markers += [
                _marker(m, m.time_s - _zero_s(longest), (None, f"g{number}"), f"s{number}.{n}")
                for n, m in enumerate(sequence.marks, 1)
            ]
    return (
        Session(
            clips=tuple(clips.values()),
            devices=tuple(devices.values()),
            groups=tuple(groups),
            markers=tuple(markers),
        ),
        notices,
    )


def _zero_s(items: Mapping[str, Item]) -> Fraction:
    """Return the sequence time of the group's zero: where the reference's first frame lies."""
    return _origin_s(next(iter(items.values())))


def _origin_s(item: Item) -> Fraction:
    return item.at_source(Fraction(0)) if item.speed else item.start_s


def _group(group_id: str, items: Mapping[str, Item], sequence: Sequence) -> Group:
    reference, first = next(iter(items.items()))
    zero_s = _origin_s(first)
    placements = []
    for clip_id, item in items.items():
        trade, drift_ppm = split_speed(item.speed / first.speed if first.speed else item.speed)
        placements.append(
            Placement(
                clip=clip_id,
                offset_s=float(_origin_s(item) - zero_s),
                speed=trade,
                drift_ppm=drift_ppm,
                status="manual",
                signals=("timeline",),
            )
        )
    return Group(
        id=group_id,
        reference=reference,
        placements=tuple(placements),
        extra={"timeline": one_line(sequence.name)},
    )


def split_speed(speed: Fraction) -> tuple[Fraction, float]:
    """Return a speed as trade speed and drift in ppm.

    >>> split_speed(Fraction(1000032, 1000000))
    (Fraction(1, 1), 32.0)
    >>> split_speed(Fraction(2)), split_speed(Fraction(25, 24))
    ((Fraction(2, 1), 0.0), (Fraction(25, 24), 0.0))
    """
    if speed <= 0:
        return Fraction(1), 0.0
    trade = min(TRADES, key=lambda known: abs(speed / known - 1))
    drift = speed / trade - 1
    if abs(drift) > MOST_DRIFT:
        return speed, 0.0
    return trade, float(drift * 10**6)


def _clip(clips: dict[str, Clip], devices: dict[str, Device], media: Media, track: Track) -> Clip:
    for known in clips.values():
        if known.metadata.get("url") == media.url:
            return known
    device = media.bin or track.device or track.name or None
    if device and device not in devices:
        devices[device] = Device(id=device, source="timeline")
    clip_id = f"c{len(clips) + 1}"
    rate = media.timecode_rate or media.rate
    clip = Clip(
        id=clip_id,
        name=media.name,
        files=(MediaFile(path=Path(url_path(media.url)), duration_s=media.duration_s),),
        device=device,
        kind="video" if media.rate is not None else "audio",
        duration_s=media.duration_s,
        frame_rate=media.rate,
        variable_frame_rate=media.variable_frame_rate,
        start_timecode=_label(media, rate),
        timecode_rate=rate,
        time_reference_samples=_samples(media),
        width=media.width,
        height=media.height,
        rotation=media.rotation,
        scene=media.scene,
        take=media.take,
        reel=media.reel,
        metadata={"url": media.url},
        audio=tuple(
            AudioStream(
                index=n,
                channels=stream.channels,
                sample_rate_hz=stream.sample_rate_hz,
                names=stream.names,
            )
            for n, stream in enumerate(media.sound)
        ),
    )
    clips[clip_id] = clip
    return clip


def _label(media: Media, rate: Fraction | None) -> str | None:
    if rate is None or not media.start_s:
        return None
    return str(Timecode.at(media.start_s, rate, drop_frame=media.drop_frame))


def _samples(media: Media) -> int | None:
    if media.rate is None and media.sound and media.start_s:
        return round(media.start_s * media.sound[0].sample_rate_hz)
    return None
