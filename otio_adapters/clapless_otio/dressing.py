"""A synced session in the dress of the timeline it came from.

An editor who gives a timeline to a sync gets their own things back: names, colours, markers, bins,
switched-off clips, effects and whatever else was not understood, now in sync.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from clapless.errors import TimelineError
from clapless.model import Session
from clapless_otio.cut import Item, Mark, Media, Project, Sequence, Track, TrackKind
from clapless_otio.dressing_marks import with_marks
from clapless_otio.exact import frames_up
from clapless_otio.fcpxml.kept import KEY as FCPXML_KEY
from clapless_otio.files import url_name, url_path
from clapless_otio.inputs import TIMELINE_KEY, TimelineInput
from clapless_otio.layout import CHECK_PREFIX, UNPLACED_COLOR, UNPLACED_GAP_S
from clapless_otio.xmeml.kept import KEY as XMEML_KEY

_TIMES = ("start", "duration", "source_start", "source_duration")

OFFLINE_TRACK = "Not part of the sync"
"""The track of files that the timeline names and the sync did not have: lost ones, stills."""

_KEPT_KEYS = (FCPXML_KEY, XMEML_KEY, "edl", "Resolve_OTIO", "PremierePro_OTIO")


def timeline_of(session: Session) -> Path | None:
    """Return the timeline that a session was synced from, None where it was files."""
    told = session.extra.get(TIMELINE_KEY)
    return Path(told) if isinstance(told, str) and told else None


def dressed_session(project: Project, session: Session) -> tuple[Project, list[str]]:
    """Return a laid-out project in the dress of the session's timeline, if it had one."""
    path = timeline_of(session)
    if path is None:
        return project, []
    try:
        source = TimelineInput().read(path).project
    except TimelineError as error:
        return project, [f"{error} Its names, markers and effects are not carried over."]
    return dressed(project, source), []


def dressed(project: Project, source: Project) -> Project:
    """Return a project whose items look like those of another one with the same files.

    Places and speeds stay; the longest use of a file in `source` is the model. Markers of the
    timeline stay on what they stood on. Files that the project does not have come after all else,
    as they were named, on a track of their own.
    """
    models = _models(source)
    used: set[str] = set()

    def item(one: Item) -> Item:
        if not isinstance(one.source, Media):
            return one
        model = models.get(url_path(one.source.url)) or models.get(url_name(one.source.url))
        if model is None:
            return one
        if isinstance(model.source, Media):
            used.add(url_path(model.source.url))
        return _like(one, model)

    sequences = [
        replace(
            sequence,
            tracks=tuple(
                replace(track, items=tuple(item(one) for one in track.items))
                for track in sequence.tracks
            ),
            name=source.sequences[0].name if source.sequences else sequence.name,
        )
        for sequence in project.sequences
    ]
    if sequences:
        left = {
            url_path(model.source.url): model
            for model in models.values()
            if isinstance(model.source, Media) and url_path(model.source.url) not in used
        }
        sequences[-1] = _with_offline(sequences[-1], list(left.values()))
    metadata = {**project.metadata, **source.metadata}
    return replace(
        project,
        sequences=tuple(with_marks(one, source) for one in sequences),
        metadata=metadata,
    )


def _with_offline(sequence: Sequence, models: list[Item]) -> Sequence:
    """Return a sequence with items that could not be synced after its last one, by their paths."""
    at_s = frames_up(sequence.duration_s, sequence.rate) / sequence.rate
    tracks: dict[TrackKind, list[Item]] = {"video": [], "audio": []}
    for model in models:
        if model.duration_s <= 0 or model.speed <= 0:
            continue
        at_s = frames_up(at_s + UNPLACED_GAP_S, sequence.rate) / sequence.rate
        tracks["video" if model.picture else "audio"].append(
            replace(model, start_s=at_s, color=UNPLACED_COLOR)
        )
        at_s += model.duration_s
    added = [
        Track(name=OFFLINE_TRACK, kind=kind, items=tuple(items))
        for kind, items in tracks.items()
        if items
    ]
    return replace(sequence, tracks=(*sequence.tracks, *added))


def _like(one: Item, model: Item) -> Item:
    kept = {key: _undated(model.metadata[key]) for key in _KEPT_KEYS if key in model.metadata}
    name = model.name or one.name
    known = {(mark.name, mark.time_s) for mark in one.marks}
    marks = (*one.marks, *(m for m in model.marks if (m.name, m.time_s) not in known))
    source = one.source
    if isinstance(source, Media) and isinstance(model.source, Media):
        source = replace(
            source,
            name=model.source.name or source.name,
            bin=model.source.bin or source.bin,
            metadata={**source.metadata, **model.source.metadata},
        )
    return replace(
        one,
        name=f"{CHECK_PREFIX} {name}" if one.check else name,
        color=one.color or model.color,
        enabled=one.enabled and model.enabled,
        role=model.role or one.role,
        marks=_sorted(marks),
        source=source,
        metadata={**one.metadata, **kept},
    )


def _undated(kept: object) -> object:
    """Return what a format kept of an item without the times at which it may stand as it was."""
    if not isinstance(kept, Mapping):
        return kept
    return {key: value for key, value in kept.items() if key not in _TIMES}


def _sorted(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=lambda mark: mark.time_s))


def _models(source: Project) -> dict[str, Item]:
    """Return the longest use of each file, by its path and by its name where that is its own."""
    by_path: dict[str, Item] = {}
    bins: dict[str, str] = {}
    todo: list[Item] = [i for sequence in source.sequences for i in sequence.items()]
    todo += source.loose
    seen: set[int] = set()
    while todo:
        item = todo.pop(0)
        if isinstance(item.source, Sequence):
            if id(item.source) not in seen:
                seen.add(id(item.source))
                todo += item.source.items()
        elif isinstance(item.source, Media) and item.source.url:
            path = url_path(item.source.url)
            if item.source.bin:
                bins.setdefault(path, item.source.bin)
            best = by_path.get(path)
            if best is None or item.duration_s > best.duration_s:
                by_path[path] = item
    for path, bin_name in bins.items():
        model = by_path[path]
        if isinstance(model.source, Media):
            by_path[path] = replace(model, source=replace(model.source, bin=bin_name))
    names = [url_name(path) for path in by_path]
    counts = Counter(names)
    pairs = zip(names, by_path.values(), strict=True)
    unique = {name: item for name, item in pairs if counts[name] == 1}
    return unique | by_path
