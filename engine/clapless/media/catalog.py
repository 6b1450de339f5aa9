"""Files and folders become clips and devices.

Conventions
-----------
The result does not depend on the order in which paths are given: clips are numbered c1, c2, ... by
name, then by time of recording, then by path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clapless.errors import MediaError, printable_name
from clapless.media.assembling import (
    fold_copies,
    fold_simultaneous,
    join_chapters,
    join_parts,
    join_tracks,
    pair_proxies,
)
from clapless.media.devices import assign_devices
from clapless.media.finding import PROXY_SUFFIXES, Failure, find_files, natural_key, path_key
from clapless.media.naming import proxy_of
from clapless.media.probe import probe
from clapless.media.thumbnails import pair_thumbnails
from clapless.model import Clip, Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What was found.

    Parameters
    ----------
    clips
        Recordings, with ids c1, c2, ... and names that differ.
    devices
        Cameras and recorders the clips belong to.
    skipped
        Files in folders that are not media by name, thumbnails of the recordings apart; camera
        proxies (LRV, LRF) without original.
    failures
        Files that were named, or are media by name, and could not be read; folders that could not;
        other proxies without their original.
    """

    clips: tuple[Clip, ...] = ()
    devices: tuple[Device, ...] = ()
    skipped: tuple[Path, ...] = ()
    failures: tuple[Failure, ...] = ()


def scan(
    paths: Iterable[Path | str],
    *,
    devices: Sequence[str] | None = None,
    hints: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Find the recordings in files and folders.

    One recording in several files (chapters, parallel tracks, backups) is one clip; the same file
    twice is one; proxies go with their originals.

    Parameters
    ----------
    paths
        Files and folders; folders are searched to the bottom.
    devices
        Which clips belong to which device, as ``NAME=GLOB``.
    hints
        The same as a timeline says it, after `devices`; one that matches nothing is no error.
    progress
        Called with (files looked at, files there are).

    Raises
    ------
    UsageError
        A rule of `devices` is no ``NAME=GLOB``, or fits none of the recordings there are.
    """
    found = find_files(paths)
    failures = list(found.failures)
    clips: list[Clip] = []
    proxies: list[Clip] = []
    for number, file in enumerate(found.files, start=1):
        try:
            (proxies if proxy_of(file.path) else clips).append(probe(file.path))
        except MediaError as error:
            failures.append(Failure(path=file.path, reason=f"{error}."))
        if progress is not None:
            progress(number, len(found.files))
    clips = join_parts(fold_simultaneous(fold_copies(clips)))
    clips = join_tracks(join_chapters(clips))
    clips, orphans = pair_proxies(clips, proxies)
    clips, skipped = pair_thumbnails(clips, found.skipped)
    tops = {file.path: file.top for file in found.files}
    for orphan in orphans:
        by_suffix = orphan.path.suffix.lower() in PROXY_SUFFIXES
        if by_suffix and tops[orphan.path] is not None:
            skipped.append(orphan.path)
        else:
            name = printable_name(orphan.path)
            reason = f"{name}: is a proxy, and its original was not given."
            failures.append(Failure(path=orphan.path, reason=reason))
    clips.sort(key=_order)
    clips = [replace(clip, id=f"c{number}") for number, clip in enumerate(_renamed(clips), 1)]
    with_device, known = assign_devices(clips, tops=tops, rules=devices or (), hints=hints)
    return Catalog(
        clips=with_device,
        devices=known,
        skipped=tuple(sorted(skipped, key=path_key)),
        failures=tuple(failures),
    )


def _order(clip: Clip) -> tuple[object, ...]:
    return natural_key(clip.name), clip.metadata.get("creation_time", ""), path_key(clip.path)


def _renamed(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with names that differ: the stem, then with suffix, then with folders."""
    names = [clip.name for clip in clips]
    for step in range(1, 2 + max((len(clip.path.parts) for clip in clips), default=0)):
        double = {name for name, count in Counter(names).items() if count > 1}
        if not double:
            break
        groups = {name: [n for n, other in enumerate(names) if other == name] for name in double}
        for group in groups.values():
            longer = [_longer_name(clips[number], step) for number in group]
            for number, name in zip(group, longer, strict=True):
                names[number] = name
    return [replace(clip, name=name) for clip, name in zip(clips, names, strict=True)]


def _longer_name(clip: Clip, step: int) -> str:
    if step == 1:
        return clip.path.name
    folders = clip.path.parent.parts[-(step - 1) :]
    return "/".join((*folders, clip.path.name))
