"""What the user can ask of a sync, and what comes back beside the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clapless.model import Marker, Pin, Session
from clapless.signals.base import FlashChoice


def _no_globs() -> dict[str, str]:
    return {}


def _no_tracks() -> dict[str, Path]:
    return {}


def _no_distances() -> dict[str, float]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """What the user asked for; the command line only parses strings into it.

    Clips are named here as people name them: by path, by a clip name that is unique, or by id.

    Parameters
    ----------
    reference
        The clip that a group's clock shall be, where it is in that group.
    playback
        A file of the song that was played on set: each take is placed on the song alone, and
        takes of one camera may then overlap.
    pins
        The user's words that two clip times are one instant; `Pin.a` and `Pin.b` are clip names
        as above.
    markers
        Session markers; equal names on two clips pin them too.
    signals
        Names of the signals to use, None for all. A signal named here is trusted alone: its
        ceiling does not hold.
    devices
        Device name -> glob over paths: these clips are that device's.
    device_hints
        ``NAME=GLOB`` as an editor's timeline says it: the user's own go before them.
    tracks
        Clip -> GPX or FIT file of where it was.
    distances_m
        Device name -> metres from the source of sound.
    readouts_s
        Device or clip name -> readout of its sensor in seconds, first row to last.
    flashes
        Flashes kept or dropped by hand; `FlashChoice.clip` is a clip name as above.
    add
        A finished session: its placements stay, the new clips join.
    jobs
        Files read at once. None for one, or where pictures are decoded one per processor; more pay
        where files come over a network.
    """

    reference: str | None = None
    playback: Path | None = None
    pins: tuple[Pin, ...] = ()
    markers: tuple[Marker, ...] = ()
    signals: tuple[str, ...] | None = None
    devices: Mapping[str, str] = field(default_factory=_no_globs)
    device_hints: tuple[str, ...] = ()
    tracks: Mapping[str, Path] = field(default_factory=_no_tracks)
    distances_m: Mapping[str, float] = field(default_factory=_no_distances)
    readouts_s: Mapping[str, float] = field(default_factory=_no_distances)
    flashes: tuple[FlashChoice, ...] = ()
    add: Session | None = None
    jobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A file that could not serve; the rest went on.

    Parameters
    ----------
    path
        The file.
    message
        A whole sentence that names it.
    """

    path: Path
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """A session, and what happened on the way that is not part of it.

    Parameters
    ----------
    session
        The answer.
    failures
        Files named by the user, or with a media suffix, that could not be read.
    skipped
        Files inside a folder that are no media by name.
    warnings
        Sentences for people: a device that was two, a signal that could not run, and the like.
    """

    session: Session
    failures: tuple[Failure, ...] = ()
    skipped: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
