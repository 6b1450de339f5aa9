"""Files and folders become clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from clapless.errors import MediaError
from clapless.media.probe import probe
from clapless.model import Clip, Device

MEDIA_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("mp4", "mov", "m4v", "mkv", "webm", "avi", "mxf", "mts", "m2ts", "ts", "mpg", "mpeg"),
        *("wmv", "3gp", "insv", "360", "braw", "r3d", "crm", "dv", "flv", "mod", "tod", "vob"),
        *("wav", "bwf", "rf64", "bw64", "w64", "aif", "aiff", "aifc", "caf", "flac", "mp3", "m4a"),
        *("aac", "ogg", "oga", "opus", "wma", "ac3", "mka", "mp2", "wv"),
    )
)
"""Suffixes by which a file in a folder is taken for media, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A file that should have been read and could not.

    Parameters
    ----------
    path
        The file.
    reason
        A whole sentence that names it.
    """

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What was found.

    Parameters
    ----------
    clips
        Recordings, with ids c1, c2, ... by name and time.
    devices
        Cameras and recorders the clips belong to.
    skipped
        Files in folders that are not media by name.
    failures
        Files that were named, or are media by name, and could not be read.
    """

    clips: tuple[Clip, ...] = ()
    devices: tuple[Device, ...] = ()
    skipped: tuple[Path, ...] = ()
    failures: tuple[Failure, ...] = ()


def scan(paths: Iterable[Path | str], *, devices: Sequence[str] | None = None) -> Catalog:
    """Find the recordings in files and folders.

    Parameters
    ----------
    paths
        Files and folders; folders are searched to the bottom.
    devices
        Which clips belong to which device, as ``NAME=GLOB``.
    """
    clips: list[Clip] = []
    rules = [rule.partition("=") for rule in devices or ()]
    skipped: list[Path] = []
    failures: list[Failure] = []
    for path in paths:
        given = Path(path)
        found = sorted(p for p in given.rglob("*") if p.is_file()) if given.is_dir() else [given]
        for file in found:
            if file is not given and file.suffix.lower() not in MEDIA_SUFFIXES:
                skipped.append(file)
                continue
            try:
                clips.append(probe(file))
            except MediaError as error:
                failures.append(Failure(path=file, reason=f"{error}."))
    clips = [replace(clip, device=_named(clip, rules)) for clip in clips]
    named = [replace(clip, id=f"c{number}") for number, clip in enumerate(clips, start=1)]
    return Catalog(clips=tuple(named), skipped=tuple(skipped), failures=tuple(failures))


def _named(clip: Clip, rules: Sequence[tuple[str, str, str]]) -> str | None:
    return next((name for name, _, glob in rules if fnmatch(clip.path.name, glob)), None)
