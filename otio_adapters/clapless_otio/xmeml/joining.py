"""The clip items of one clip, joined by their links: picture with sound, channel with channel."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clapless_otio.cut import Item, Track, TrackKind
from clapless_otio.xmeml.kept import KEY


@dataclass(frozen=True, slots=True)
class Part:
    """One clip item before its links are joined."""

    item: Item
    id: str
    links: frozenset[str]
    kind: TrackKind


def joined(tracks: list[tuple[Track, list[Part]]]) -> tuple[Track, ...]:
    """Return the tracks with linked sound joined to its picture, and channels to their clip."""
    kept: list[list[Item]] = [[] for _ in tracks]
    where: dict[str, tuple[int, int]] = {}
    for row, (_, parts) in enumerate(tracks):
        for part in parts:
            target = next(
                (where[link] for link in sorted(part.links) if link in where and link != part.id),
                None,
            )
            if target is not None and part.kind == "audio":
                whole = kept[target[0]][target[1]]
                if _together(whole, part.item):
                    kept[target[0]][target[1]] = _with_part(whole, part.item)
                    where.setdefault(part.id, target)
                    continue
            if part.id:
                where[part.id] = (row, len(kept[row]))
            kept[row].append(part.item)
    return tuple(
        replace(head, items=tuple(items))
        for (head, parts), items in zip(tracks, kept, strict=True)
        if items or not parts
    )


def _together(whole: Item, part: Item) -> bool:
    return (whole.start_s, whole.duration_s, whole.source_start_s, whole.speed, whole.enabled) == (
        part.start_s,
        part.duration_s,
        part.source_start_s,
        part.speed,
        part.enabled,
    ) and whole.source == part.source


def _with_part(whole: Item, part: Item) -> Item:
    kept = whole.metadata.get(KEY)
    count = kept.get("parts", 1) if isinstance(kept, dict) else 1
    metadata = {
        **whole.metadata,
        KEY: {**(kept if isinstance(kept, dict) else {}), "parts": count + 1},
    }
    return replace(whole, sound=True, marks=whole.marks or part.marks, metadata=metadata)
