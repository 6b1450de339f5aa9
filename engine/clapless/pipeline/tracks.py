"""Tracks among the files of a shoot: each goes with the clips that were filmed during it.

A file's own time orders and never places, so a track attached by it serves where the camera's own
receiver saw the same way without knowing the date; elsewhere it tells where a clip was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clapless.errors import MediaError, printable_name
from clapless.media.tracks import (
    TRACK_BY_TIME,
    TRACK_KEY,
    TRACK_SUFFIXES,
    Track,
    attach,
    read_tracks,
)
from clapless.model import Clip
from clapless.pipeline.options import Failure
from clapless.signals.stamps import clip_speed, created_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Clips that know their tracks.

    Parameters
    ----------
    clips
        All clips, in the order they came.
    notices
        Sentences about tracks.
    failures
        Tracks that could not be read.
    used
        Files that were read.
    """

    clips: tuple[Clip, ...]
    notices: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    used: frozenset[Path] = frozenset()


def part_tracks(paths: Iterable[Path | str]) -> tuple[list[Path], list[Path]]:
    """Return the paths that are no tracks, and those that are."""
    media: list[Path] = []
    tracks: list[Path] = []
    for path in map(Path, paths):
        (tracks if path.suffix.lower() in TRACK_SUFFIXES and path.is_file() else media).append(path)
    return media, tracks


def attach_tracks(
    clips: Sequence[Clip], named: Sequence[Path], beside: Sequence[Path]
) -> Attachment:
    """Return the clips with the tracks that cover them by their files' times.

    Parameters
    ----------
    clips
        Those that were given a track by hand keep it.
    named
        Track files that the user named: one that goes with no clip is told.
    beside
        Other files of the folders; those that are no tracks are passed over.
    """
    owners: dict[Path, list[Track]] = {}
    notices: list[str] = []
    failures: list[Failure] = []
    for path in (*named, *part_tracks(beside)[1]):
        try:
            found = read_tracks(path)
        except MediaError as error:
            if path in named:
                failures.append(Failure(path=path, message=f"{error}."))
            else:
                notices.append(f"{error}.")
            continue
        notices += [found.warning] if found.warning else []
        owners[path] = [track for track in found.tracks if track.timed]
    file_of = {id(track): path for path, tracks in owners.items() for track in tracks}
    every = [track for tracks in owners.values() for track in tracks]
    held, going = [], dict.fromkeys(named, 0)
    for clip in clips:
        duration_s = float(clip.duration_s / clip_speed(clip))
        at = None
        if TRACK_KEY not in clip.metadata and every:
            at = attach(every, created_s=created_s(clip), duration_s=duration_s)
        if at is not None and at.by != "length":
            path = file_of[id(at.track)]
            going[path] = going.get(path, 0) + 1
            metadata = {**clip.metadata, TRACK_KEY: str(path.absolute()), TRACK_BY_TIME: at.by}
            clip = dataclasses.replace(clip, metadata=metadata)
        held.append(clip)
    notices += [
        f"{printable_name(path)} goes with no clip by the times of their files; name the clip by "
        "--track."
        for path, count in going.items()
        if not count and path in owners
    ]
    return Attachment(
        clips=tuple(held),
        notices=tuple(notices),
        failures=tuple(failures),
        used=frozenset(owners),
    )
