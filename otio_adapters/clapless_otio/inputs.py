"""An editing program's timeline as the input of a sync: its tracks are devices.

The engine asks every entry point of the group ``clapless.inputs`` whether it takes a file.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath

from clapless.errors import printable_name
from clapless_otio.cut import Item, Media, Project, Sequence
from clapless_otio.files import file_url, one_line, url_name, url_path
from clapless_otio.reading import READERS, read_project

TIMELINE_KEY = "input_timeline"
"""Where a session's `extra` names the timeline it was synced from, as a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMedia:
    """What a timeline hands to a sync.

    Parameters
    ----------
    timeline
        The timeline's file.
    files
        Pairs (file, device): a track's name, or a bin's, is the device. Each file once.
    missing
        Paths the timeline names that were not found, as it names them.
    project
        The timeline, with its media at the places where they were found. A session synced from
        it names it in its `extra` (``input_timeline``, a path), so that an export can keep what
        the timeline said besides places.
    notices
        Whole sentences for the user.
    """

    timeline: Path
    files: tuple[tuple[Path, str], ...]
    missing: tuple[str, ...]
    project: Project
    notices: tuple[str, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, for a scan."""
        return tuple(path for path, _ in self.files)

    @property
    def rules(self) -> tuple[str, ...]:
        """``NAME=GLOB`` for each file whose device the timeline names, for a scan."""
        return tuple(
            f"{device.replace('=', ' ')}={glob.escape(path.as_posix())}"
            for path, device in self.files
            if device.replace("=", " ").strip()
        )

    @property
    def extra(self) -> dict[str, object]:
        """What the session shall keep in its own `extra`."""
        return {TIMELINE_KEY: str(self.timeline)}


class TimelineInput:
    """Takes the timeline files that this package reads."""

    suffixes: tuple[str, ...] = (*READERS, ".fcpxmld")

    def takes(self, path: Path) -> bool:
        """Return whether a path is a timeline, by its suffix."""
        return path.suffix.lower() in self.suffixes

    def read(self, path: Path, *, media: Iterable[Path] = ()) -> TimelineMedia:
        """Return the media of a timeline.

        Parameters
        ----------
        path
            The timeline.
        media
            Folders to look for its files in, after the places it names and its own folder.

        Raises
        ------
        TimelineError
            It cannot be read.
        """
        project = read_project(path)
        finder = _Finder(path.resolve().parent, tuple(media))
        devices: dict[str, str] = {}
        for sequence in project.sequences:
            _devices(sequence, devices)
        for item in project.loose:
            if isinstance(item.source, Media) and item.source.url:
                devices.setdefault(item.source.url, item.source.bin or "")
        found: dict[str, Path] = {}
        missing: list[str] = []
        for url in devices:
            at = finder.find(url)
            if at is None:
                missing.append(url_path(url))
            else:
                found[url] = at
        files: dict[Path, str] = {}
        for url, at in found.items():
            files.setdefault(at, devices[url])
        notices = [
            f"{one_line(url_name(gone)) or one_line(gone)} was not found beside "
            f"{printable_name(path)}: name its folder with --media."
            for gone in missing
        ]
        return TimelineMedia(
            timeline=path.resolve(),
            files=tuple(files.items()),
            missing=tuple(missing),
            project=relinked(project, {url: file_url(at) for url, at in found.items()}),
            notices=(*project.notices, *notices),
        )


class _Finder:
    """Looks for files: where the timeline says, beside it, then in the given folders."""

    def __init__(self, beside: Path, folders: tuple[Path, ...]) -> None:
        self.beside = beside
        self.folders = folders
        self._names: dict[str, list[Path]] | None = None

    def find(self, url: str) -> Path | None:
        """Return a file, or None."""
        text = url_path(url)
        name = PureWindowsPath(text).name if "\\" in text or ":" in text[:3] else Path(text).name
        if not name or name in (".", "..") or "\0" in text:
            return None
        for candidate in (Path(text), self.beside / text.lstrip("/\\"), self.beside / name):
            if _is_file(candidate):
                return candidate
        same = self._listed().get(name, [])
        return same[0] if len(same) == 1 else _closest(same, text)

    def _listed(self) -> dict[str, list[Path]]:
        if self._names is None:
            self._names = {}
            for folder in self.folders:
                for path in sorted(folder.rglob("*")):
                    if _is_file(path):
                        self._names.setdefault(path.name, []).append(path)
        return self._names


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, or one this system cannot have
        return False


def _closest(paths: list[Path], text: str) -> Path | None:
    """Return the one whose folders agree most with the path a timeline names, if one does."""
    wanted = text.replace("\\", "/").split("/")

    def agreement(path: Path) -> int:
        count = 0
        for one, two in zip(reversed(path.parts), reversed(wanted), strict=False):
            if one != two:
                break
            count += 1
        return count

    ranked = sorted(paths, key=agreement, reverse=True)
    if len(ranked) > 1 and agreement(ranked[0]) == agreement(ranked[1]):
        return None
    return ranked[0] if ranked else None


def _devices(sequence: Sequence, devices: dict[str, str]) -> None:
    for track in sequence.tracks:
        for item in track.items:
            source = item.source
            if isinstance(source, Sequence):
                _devices(source, devices)
            elif isinstance(source, Media) and source.url:
                devices.setdefault(source.url, source.bin or track.device or one_line(track.name))


def media_of(project: Project) -> list[Media]:
    """Return the files of a project, through nested sequences, each once."""
    found: dict[tuple[str, str, object], Media] = {}
    todo: list[Item] = [*project.loose, *(i for s in project.sequences for i in s.items())]
    seen: set[int] = set()
    while todo:
        item = todo.pop(0)
        todo += item.alternatives
        if isinstance(item.source, Sequence):
            if id(item.source) not in seen:
                seen.add(id(item.source))
                todo += item.source.items()
        elif item.source is not None:
            source = item.source
            found.setdefault((source.url, source.name, source.start_s), source)
    return list(found.values())


def relinked(project: Project, urls: dict[str, str]) -> Project:
    """Return a project whose files lie elsewhere; what is not in `urls` stays as it is."""
    known: dict[int, Sequence] = {}

    def sequence(one: Sequence) -> Sequence:
        if id(one) not in known:
            tracks = tuple(
                replace(track, items=tuple(item(i) for i in track.items)) for track in one.tracks
            )
            known[id(one)] = replace(one, tracks=tracks)
        return known[id(one)]

    def item(one: Item) -> Item:
        source = one.source
        if isinstance(source, Sequence):
            return replace(one, source=sequence(source))
        if isinstance(source, Media) and source.url in urls:
            return replace(one, source=replace(source, url=urls[source.url]))
        return one

    return replace(
        project,
        sequences=tuple(sequence(one) for one in project.sequences),
        loose=tuple(item(one) for one in project.loose),
    )
