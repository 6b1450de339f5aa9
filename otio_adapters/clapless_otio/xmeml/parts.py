"""A clip's parts in xmeml: one picture, and one clip item per sound channel, linked."""

from __future__ import annotations

from dataclasses import dataclass, field

from clapless_otio.cut import Item, Media, Sequence, Track
from clapless_otio.placing import Place

STEREO = 2


@dataclass(frozen=True, slots=True)
class Channel:
    """One sound channel of a source, counted over all its streams from 1."""

    number: int
    name: str
    pair: int
    """Which of a stereo pair's two it is, -1 for a mono track."""


@dataclass
class Row:
    """One track of the written sequence."""

    kind: str
    name: str
    pair: int = -1
    enabled: bool = True
    parts: list[Part] = field(default_factory=list)


@dataclass
class Part:
    """One clip item: where it lies, what of its source it plays, and its number and row."""

    place: Place
    channel: Channel | None
    id: str
    row: int = 0
    position: int = 0
    group: list[Part] = field(default_factory=list)


def channels_of(item: Item) -> list[Channel]:
    """Return the sound channels of an item's source.

    Two channels without names are a stereo pair; named ones and all other counts are mono.
    """
    if not item.sound:
        return []
    if isinstance(item.source, Sequence):
        return [Channel(1, "", 0), Channel(2, "", 1)]
    if not isinstance(item.source, Media):
        return []
    found: list[Channel] = []
    for stream in item.source.sound:
        named = len(stream.names) == stream.channels and any(stream.names)
        for n in range(stream.channels):
            number = len(found) + 1
            if stream.channels == STEREO and not named:
                found.append(Channel(number, "", n))
            else:
                found.append(Channel(number, stream.names[n] if named else "", -1))
    return found


def rows_of(tracks: tuple[Track, ...], places: list[list[Place]]) -> tuple[list[Row], list[Row]]:
    """Return the picture rows and the sound rows of a sequence, with every clip item in them.

    Clip items are numbered in the order of the picture rows, then of the sound rows.
    """
    pictures: list[Row] = []
    sounds: list[Row] = []
    for track, placed in zip(tracks, places, strict=True):
        groups: list[list[Part]] = [[] for _ in placed]
        if any(one.item.picture for one in placed):
            row = Row("video", track.name, enabled=track.enabled)
            for one, group in zip(placed, groups, strict=True):
                if one.item.picture:
                    part = Part(one, None, "", group=group)
                    row.parts.append(part)
                    group.append(part)
            pictures.append(row)
        own: dict[tuple[int, int, str], Row] = {}
        for one, group in zip(placed, groups, strict=True):
            for channel in channels_of(one.item):
                key = (channel.number, channel.pair, channel.name)
                name = f"{track.name} {channel.name}".strip()
                sound = own.setdefault(key, Row("audio", name, channel.pair, track.enabled))
                part = Part(one, channel, "", group=group)
                sound.parts.append(part)
                group.append(part)
        sounds += [own[key] for key in sorted(own, key=lambda key: key[:2])]
    return pictures, sounds


def number(pictures: list[Row], sounds: list[Row], first: int) -> int:
    """Give each part its id, row and position, from 1; return the next free number."""
    count = first
    for rows in (pictures, sounds):
        for index, row in enumerate(rows, 1):
            for position, part in enumerate(row.parts, 1):
                part.id = f"clipitem-{count}"
                part.row, part.position = index, position
                count += 1
    return count
