"""Clapless puts recordings of one event on one clock.

>>> import clapless
>>> placement = clapless.Placement(clip="c2", offset_s=12.0, drift_ppm=100.0)
>>> round(placement.to_group(3600.0), 2)
3611.64

`sync` takes files and folders and returns a `Session`; `offset` takes two files and returns a
`Placement` or a `Refusal`; `verify` measures a session again. What they need is loaded when they
are called: importing clapless loads no decoder.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clapless.errors import (
    ClaplessError,
    DamagedMediaError,
    ExportError,
    MediaError,
    NewerVersionError,
    NotMediaError,
    SessionError,
    UsageError,
)
from clapless.model import (
    AudioStream,
    Candidate,
    Clip,
    Device,
    Disagreement,
    Group,
    Marker,
    Match,
    MediaFile,
    Pin,
    Placement,
    Refusal,
    Residual,
    Session,
    Unplaced,
    Verification,
)
from clapless.timing import Segment, Timecode, TimeMap

if TYPE_CHECKING:
    from clapless.pipeline import Progress

__all__ = [
    "AudioStream",
    "Candidate",
    "ClaplessError",
    "Clip",
    "DamagedMediaError",
    "Device",
    "Disagreement",
    "ExportError",
    "Group",
    "Marker",
    "Match",
    "MediaError",
    "MediaFile",
    "NewerVersionError",
    "NotMediaError",
    "Pin",
    "Placement",
    "Refusal",
    "Residual",
    "Segment",
    "Session",
    "SessionError",
    "TimeMap",
    "Timecode",
    "Unplaced",
    "UsageError",
    "Verification",
    "__version__",
    "offset",
    "read_session",
    "sync",
    "verify",
    "write_session",
]

_logger = logging.getLogger(__name__)


def sync(
    paths: str | Path | Iterable[str | Path],
    *,
    reference: str | Path | None = None,
    playback: str | Path | None = None,
    pins: Sequence[Pin] = (),
    signals: Sequence[str] | None = None,
    devices: Mapping[str, str] | None = None,
    distances_m: Mapping[str, float] | None = None,
    add: Session | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Session:
    """Put recordings of one event on one clock.

    A file that cannot be read is left out with a logged warning; `clapless.pipeline.sync_paths`
    returns such files beside the session.

    Parameters
    ----------
    paths
        Files, and folders that are searched to the bottom; one alone may stand for itself.
    reference
        The clip whose clock counts: a path, a clip's name where unique.
    playback
        The song that was played on set: each take is placed on it alone.
    pins
        The user's words that two clip times are one instant; clips are named as in `reference`.
    signals
        Names of the kinds of evidence to use, None for all.
    devices
        Device name -> glob over paths: these files are that device's.
    distances_m
        Device name -> metres from the source of sound.
    add
        A finished session: its placements stay, the new clips join.
    jobs
        Files read at once. None for one, or where pictures are decoded one per processor; more pay
        where files come over a network.
    progress
        Told how far the work is.

    Raises
    ------
    UsageError
        Something is named that is not there.

    Examples
    --------
    Two recorders that heard the same; the second starts 5 s later:

    >>> import tempfile
    >>> from clapless.synth.sound import make_pair
    >>> from clapless.synth.wave import write_wave
    >>> pair = make_pair(1, kind="speech", overlap_s=20.0, a_s=25.0, b_s=25.0, offset_s=5.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = Path(folder, "a.wav"), Path(folder, "b.wav")
    ...     write_wave(a, pair.a, pair.rate_hz)
    ...     write_wave(b, pair.b, pair.rate_hz)
    ...     session = sync([a, b], reference="a")
    >>> [(session.clip(p.clip).name, round(p.offset_s, 2)) for p in session.groups[0].placements]
    [('a', 0.0), ('b', 5.0)]
    """
    from clapless.pipeline import NO_PROGRESS, SyncOptions, sync_paths

    # A text is a row of letters too: each would be looked for as a file.
    given = [paths] if isinstance(paths, str | Path) else paths
    options = SyncOptions(
        reference=None if reference is None else str(reference),
        playback=None if playback is None else Path(playback),
        pins=tuple(pins),
        signals=None if signals is None else tuple(signals),
        devices=dict(devices or {}),
        distances_m=dict(distances_m or {}),
        add=add,
        jobs=jobs,
    )
    result = sync_paths(
        [Path(path) for path in given], options=options, progress=progress or NO_PROGRESS
    )
    for failure in result.failures:
        _logger.warning("%s", failure.message)
    for warning in result.warnings:
        _logger.warning("%s", warning)
    return result.session


def offset(
    a: str | Path,
    b: str | Path,
    *,
    signals: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Placement | Refusal:
    """Return where file b lies on the clock of file a, or why that is not known.

    Parameters
    ----------
    a, b
        Two recordings. `Placement.offset_s` > 0: b starts later than a.
    signals
        Names of the kinds of evidence to use, None for all.
    progress
        Told how far the work is.

    Raises
    ------
    ClaplessError
        A file cannot be read.
    UsageError
        Both are one recording.

    Examples
    --------
    >>> import tempfile
    >>> from clapless.synth.sound import make_pair
    >>> from clapless.synth.wave import write_wave
    >>> pair = make_pair(1, kind="speech", overlap_s=20.0, a_s=25.0, b_s=25.0, offset_s=5.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = Path(folder, "a.wav"), Path(folder, "b.wav")
    ...     write_wave(a, pair.a, pair.rate_hz)
    ...     write_wave(b, pair.b, pair.rate_hz)
    ...     answer = offset(a, b)
    >>> isinstance(answer, Placement), answer.status, round(answer.offset_s, 2)
    (True, 'synced', 5.0)
    """
    from clapless.pipeline import NO_PROGRESS
    from clapless.pipeline import offset as measure

    return measure(
        a,
        b,
        signals=None if signals is None else tuple(signals),
        progress=progress or NO_PROGRESS,
    )


def verify(session: Session, *, progress: Progress | None = None) -> Session:
    """Measure each placement again on parts of the material that `sync` did not use.

    Parameters
    ----------
    session
        What a sync found; its media must be there.
    progress
        Told how far the work is.

    Returns
    -------
    Session
        The same with `Placement.verification` filled in.

    Examples
    --------
    >>> import tempfile
    >>> from clapless.synth.sound import make_pair
    >>> from clapless.synth.wave import write_wave
    >>> pair = make_pair(1, kind="speech", overlap_s=40.0, a_s=50.0, b_s=50.0, offset_s=5.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = Path(folder, "a.wav"), Path(folder, "b.wav")
    ...     write_wave(a, pair.a, pair.rate_hz)
    ...     write_wave(b, pair.b, pair.rate_hz)
    ...     session = verify(sync([a, b], reference="a"))
    >>> session.groups[0].placements[1].verification.verdict != "fail"
    True
    """
    from clapless.pipeline import NO_PROGRESS
    from clapless.pipeline import verify as measure

    return measure(session, progress=progress or NO_PROGRESS)


def read_session(path: str | Path) -> Session:
    """Read a session document; see `clapless.session.read_session`."""
    from clapless.session import read_session as read

    return read(path)


def write_session(session: Session, path: str | Path) -> None:
    """Write a session document, whole or not at all; see `clapless.session.write_session`."""
    from clapless.session import write_session as write

    write(session, path)


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("clapless")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
