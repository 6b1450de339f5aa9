"""Markers of clips carried to the clip that is selected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clapless.errors import ClaplessError, SessionError
from clapless.markers.transfer import Carried, carry, host_of
from clapless.model import Clip, Marker, Session
from clapless.session import read_session
from clapless_resolve.connect import Connection
from clapless_resolve.errors import ResolveError
from clapless_resolve.marking import OURS, put_marker
from clapless_resolve.plan import TimelineMark, path_key
from clapless_resolve.reading import PoolClip, all_clips, read_clips, selected
from clapless_resolve.remote import ask_each

if TYPE_CHECKING:
    from clapless.pipeline import SyncResult

TRANSFERRED = OURS + "transfer:"

Tell = Callable[[str, int, int], None]


class Sync(Protocol):
    """Syncs files, see `clapless_resolve.running`."""

    def __call__(self, paths: Sequence[Path], *, hints: tuple[str, ...]) -> SyncResult:
        """Return what was found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """What became of it; `whole` says that every marker was carried and none needs a look."""

    sentence: str
    details: tuple[str, ...]
    whole: bool


def transfer(
    connection: Connection,
    *,
    sessions: Iterable[Path],
    sync: Sync,
    tell: Tell,
    exists: Callable[[str], bool] = lambda path: Path(path).exists(),
) -> Transferred:
    """Carry markers to the selected clip.

    With one clip selected they come from every clip that an earlier sync put beside it; with two,
    from the one that has markers, which are synced now where no earlier sync knows both.

    Raises
    ------
    ResolveError
        It is not clear from where to where, or nothing relates the clips.
    """
    clips = selected(connection, exists=exists).clips
    if len(clips) > 2:
        raise ResolveError(
            f"{len(clips)} clips are selected: select the one that shall get markers, or it and "
            "the one that has them."
        )
    tell("looking for an earlier sync", 0, 0)
    if len(clips) == 1:
        target = clips[0]
        session = _known(sessions, [target])
        if session is None:
            raise ResolveError(
                f"{target.name} was not synced yet: sync it first, or select it together with the "
                "clip that has markers."
            )
        sources = _beside(connection, session, target, exists)
    else:
        marked = [clip for clip in clips if _own(clip)]
        if len(marked) != 1:
            which = "Neither" if not marked else "Each"
            raise ResolveError(
                f"{which} of the two clips has markers: select one with markers and one without."
            )
        sources = marked
        target = next(clip for clip in clips if clip is not marked[0])
        session = _known(sessions, clips) or _related(sources[0], target, sync, tell)
    sources = [source for source in sources if _own(source)]
    if not sources:
        raise ResolveError(f"No clip that is synced with {target.name} has markers.")
    carried = [one for source in sources for one in _carry(session, source, target)]
    return _put_all(target, carried, sources)


def _own(clip: PoolClip) -> list[Marker]:
    """Return a clip's markers that are not ours."""
    return [
        Marker(
            id=f"r{number}",
            clip=clip.id,
            name=one.name,
            time_s=float(one.frame / clip.rate),
            # Resolve's shortest marker is one frame long: a moment.
            duration_s=float(one.duration / clip.rate) if one.duration > 1 else 0.0,
            color=one.color.lower(),
            comment=one.note,
        )
        for number, one in enumerate(clip.markers, 1)
        if not one.custom.startswith(OURS)
    ]


def _clip_of(session: Session, clip: PoolClip) -> Clip | None:
    """Return the session's clip of a file; a chapter's time is not the whole clip's."""
    key = path_key(clip.path)
    return next((one for one in session.clips if path_key(str(one.path)) == key), None)


def _known(sessions: Iterable[Path], clips: Sequence[PoolClip]) -> Session | None:
    """Return the newest session in which the clips stand in one group."""
    for path in sessions:
        try:
            session = read_session(path)
        except SessionError:
            continue  # damaged, or of a newer version: an older one may do
        found = [_clip_of(session, clip) for clip in clips]
        placed = [session.placement(one.id) for one in found if one is not None]
        groups = {one[0].id for one in placed if one is not None}
        if None not in found and None not in placed and len(groups) == 1:
            return session
    return None


def _beside(
    connection: Connection,
    session: Session,
    target: PoolClip,
    exists: Callable[[str], bool],
) -> list[PoolClip]:
    """Return the Media Pool's clips of the target's group."""
    clip = _clip_of(session, target)
    placed = session.placement(clip.id) if clip is not None else None
    assert placed is not None  # `_known` chose the session by it
    names = {p.clip for p in placed[0].placements} - {placed[1].clip}
    keys = {path_key(str(session.clip(name).path)) for name in names}
    items = list(all_clips(connection.pool))
    rows = ask_each(items, (("GetClipProperty", "File Path"),))
    wanted = [
        item for item, (path,) in zip(items, rows, strict=True) if path_key(str(path or "")) in keys
    ]
    read = [one for one in read_clips(wanted, exists=exists) if not isinstance(one, str)]
    return list({path_key(one.path): one for one in reversed(read)}.values())


def _related(source: PoolClip, target: PoolClip, sync: Sync, tell: Tell) -> Session:
    """Sync two clips now: as recordings of one event, else as two runs of one route."""
    session = sync([Path(source.path), Path(target.path)], hints=()).session
    if session.groups:
        return session
    from clapless.pipeline.routes import align

    tell("comparing the two as runs of one route", 0, 0)
    try:
        aligned = align(Path(source.path), Path(target.path)).session
    except ClaplessError as error:
        raise ResolveError(
            f"{source.name} and {target.name} could not be synced, and not be aligned either: "
            f"{error}"
        ) from error
    if not aligned.groups:
        reasons = "".join(f" {one.reason}." for one in aligned.unplaced)
        raise ResolveError(
            f"{source.name} and {target.name} could not be synced, and are no two runs of one "
            f"route that could be aligned.{reasons}"
        )
    return aligned


def _carry(session: Session, source: PoolClip, target: PoolClip) -> tuple[Carried, ...]:
    one, other = _clip_of(session, source), _clip_of(session, target)
    assert one is not None
    assert other is not None
    return carry(
        _own(source),
        source=host_of(session, one.name, clip=one.id),
        target=host_of(session, other.name, clip=other.id),
    )


def _put_all(
    target: PoolClip, carried: Sequence[Carried], sources: Sequence[PoolClip]
) -> Transferred:
    there = {(one.frame, one.name) for one in target.markers}
    put, details = 0, []
    for number, one in enumerate(carried, 1):
        marker = one.marker
        exact = Fraction(marker.time_s) * target.rate
        frame = min(max(0, round(exact)), target.frames - 1)
        if (frame, marker.name) in there:
            continue
        note = "; ".join(
            text for text in (marker.comment, one.note and f"check: {one.note}") if text
        )
        wanted = TimelineMark(
            frame=frame,
            duration=max(1, round(marker.duration_s * target.rate)),
            color="yellow" if marker.needs_review else marker.color,
            name=marker.name,
            note=note,
        )
        if put_marker(target.item, wanted, f"{TRANSFERRED}{number}:{frame}"):
            put += 1
        else:
            details.append(f"The marker {marker.name!r} could not be put at frame {frame}.")
        if one.note:
            details.append(f"{marker.name}: {one.note}.")
    from_ = sources[0].name if len(sources) == 1 else f"{len(sources)} clips"
    already = len(carried) - put - sum("could not be put" in d for d in details)
    more = f" {already} were there already." if already else ""
    return Transferred(
        sentence=f"{put} of {len(carried)} markers of {from_} put on {target.name}.{more}",
        details=tuple(details),
        whole=not details,
    )
