"""Clips within clips laid out on plain tracks, for formats that know none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from clapless_otio.cut import Item, Project, Sequence, Track, TrackKind
from clapless_otio.fcpxml.kept import KEY, children_of, parsed

DEEPEST = 20
"""Sequences within sequences; readers refuse those that contain themselves."""


def flattened(project: Project) -> Project:
    """Return a project whose items all play files.

    A multicam clip becomes the angles it shows and plays, every other container all its tracks.
    What it plays is cut to its ends.
    """
    return replace(
        project,
        sequences=tuple(
            replace(one, tracks=tuple(t for track in one.tracks for t in _tracks(track, DEEPEST)))
            for one in project.sequences
        ),
    )


def _tracks(track: Track, depth: int) -> Iterator[Track]:
    """Yield a track with what its containers show in their first track, then the others."""
    if depth == 0 or not any(isinstance(item.source, Sequence) for item in track.items):
        yield track
        return
    rows: dict[tuple[TrackKind, int], list[Item]] = {}
    heads: dict[tuple[TrackKind, int], Track] = {}
    for item in track.items:
        if not isinstance(item.source, Sequence):
            rows.setdefault((track.kind, 0), []).append(item)
            heads.setdefault((track.kind, 0), track)
            continue
        counts = {"video": 0, "audio": 0}
        for shown in _shown(item, item.source):
            for inner in _tracks(shown, depth - 1):
                key = (inner.kind, counts[inner.kind])
                counts[inner.kind] += 1
                played = [cut for one in inner.items if (cut := _cut(one, item)) is not None]
                if played:
                    rows.setdefault(key, []).extend(played)
                    heads.setdefault(key, track if key == (track.kind, 0) else inner)
    for key, items in rows.items():
        yield replace(heads[key], items=tuple(items), transitions=(), spine=False)


def _shown(item: Item, source: Sequence) -> Iterator[Track]:
    """Yield the tracks that a container shows or plays, with only that of them."""
    enabled = _angles(item) if source.shape == "multicam" else {}
    for track in source.tracks:
        what = enabled.get(str(track.metadata.get("angle_id") or ""), "none" if enabled else "all")
        if what == "none":
            continue
        items = tuple(
            replace(
                one,
                picture=one.picture and what != "audio",
                sound=one.sound and what != "video",
            )
            for one in track.items
        )
        kind: TrackKind = track.kind if any(one.picture for one in items) else "audio"
        yield replace(
            track, kind=kind, items=tuple(one for one in items if one.picture or one.sound)
        )


def _angles(item: Item) -> dict[str, str]:
    """Return what a multicam clip takes of each angle it uses: all, video or audio."""
    kept = item.metadata.get(KEY)
    found: dict[str, str] = {}
    for text in children_of(kept) if isinstance(kept, Mapping) else ():
        element = parsed(text) if text.startswith("<mc-source") else None
        if element is not None:
            angle, what = element.get("angleID") or "", element.get("srcEnable") or "all"
            found[angle] = "all" if found.get(angle, what) != what else what
    return found


def _cut(inner: Item, outer: Item) -> Item | None:
    """Return an item of a container where the container plays it, None where it does not."""
    if outer.speed <= 0:
        return None
    begin_s = max(outer.at_source(inner.start_s), outer.start_s)
    end_s = min(outer.at_source(inner.end_s), outer.end_s)
    if end_s <= begin_s:
        return None
    return replace(
        inner,
        start_s=begin_s,
        duration_s=end_s - begin_s,
        source_start_s=inner.source_at(outer.source_at(begin_s)),
        speed=inner.speed * outer.speed,
        points=(),
        enabled=inner.enabled and outer.enabled,
        marks=(),
    )
