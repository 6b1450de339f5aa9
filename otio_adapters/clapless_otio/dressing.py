"""A synced session in the dress of the timeline it came from.

An editor who gives a timeline to a sync gets their own things back: names, colours, markers, bins,
switched-off clips, effects and whatever else was not understood, now in sync.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from clapless.errors import TimelineError
from clapless.model import Session
from clapless_otio.cut import Item, Mark, Media, Project, Sequence
from clapless_otio.fcpxml.kept import KEY as FCPXML_KEY
from clapless_otio.files import url_name, url_path
from clapless_otio.inputs import TIMELINE_KEY, TimelineInput
from clapless_otio.layout import CHECK_PREFIX
from clapless_otio.xmeml.kept import KEY as XMEML_KEY

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

    Places and speeds stay; the longest use of a file in `source` is the model.
    """
    models = _models(source)

    def item(one: Item) -> Item:
        if not isinstance(one.source, Media):
            return one
        model = models.get(url_path(one.source.url)) or models.get(url_name(one.source.url))
        return one if model is None else _like(one, model)

    sequences = tuple(
        replace(
            sequence,
            tracks=tuple(
                replace(track, items=tuple(item(one) for one in track.items))
                for track in sequence.tracks
            ),
            name=source.sequences[0].name if source.sequences else sequence.name,
        )
        for sequence in project.sequences
    )
    metadata = {**project.metadata, **source.metadata}
    return replace(project, sequences=sequences, metadata=metadata)


def _like(one: Item, model: Item) -> Item:
    kept = {key: model.metadata[key] for key in _KEPT_KEYS if key in model.metadata}
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
