"""A session as plans: laid out as `clapless_otio` does, its drift carried, its files found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from clapless.model import Session
from clapless_otio.cut import Media
from clapless_otio.drift import Carried, Corrector, carry
from clapless_otio.files import url_path
from clapless_otio.layout import layout
from clapless_otio.options import ExportOptions
from clapless_resolve.plan import Plan, path_key, plan
from clapless_resolve.reading import PoolClip


def session_plans(
    session: Session,
    clips: Iterable[PoolClip],
    *,
    name: str = "Sync",
    options: ExportOptions | None = None,
    corrector: Corrector | None = None,
    retime: bool = False,
) -> tuple[Plan, ...]:
    """Return what to place for a session, one plan for each timeline.

    Clips whose clock drifts by half a frame or more are cut where they would slip a frame; with a
    `corrector`, recorders are replaced by its files, which must be in the Media Pool.
    """
    options = options or ExportOptions()
    carried = laid_out(session, name=name, options=options, corrector=corrector)
    return carried_plans(session, carried, clips, retime=retime)


def laid_out(
    session: Session,
    *,
    name: str,
    options: ExportOptions,
    corrector: Corrector | None = None,
) -> Carried:
    """Return the timelines of a session with their drift carried as the options say."""
    project = layout(session, name=name, options=options)
    return carry(project, options.drift, corrector=corrector)


def carried_plans(
    session: Session, carried: Carried, clips: Iterable[PoolClip], *, retime: bool = False
) -> tuple[Plan, ...]:
    """Return what to place for timelines that `laid_out` gave."""
    clips = tuple(clips)
    reasons = {one.clip: one.reason for one in session.unplaced} | {
        p.clip: f"Probably right ({p.confidence:.0%}): look at it and listen."
        for group in session.groups
        for p in group.placements
        if p.status == "check"
    }
    told = (*carried.project.notices, *carried.notices)
    plans = [plan(one, clips, reasons=reasons, retime=retime) for one in carried.project.sequences]
    return tuple(
        replace(one, notices=(*told, *one.notices) if n == 0 else one.notices)
        for n, one in enumerate(plans)
    )


def media_paths(carried: Carried) -> dict[str, str]:
    """Return the files that timelines play, by `path_key`."""
    found = {}
    for sequence in carried.project.sequences:
        for item in sequence.items():
            if isinstance(item.source, Media) and item.source.url:
                path = url_path(item.source.url)
                found[path_key(path)] = path
    return found
