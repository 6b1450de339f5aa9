"""A session as an OpenTimelineIO timeline, and back."""

from __future__ import annotations

from dataclasses import replace

import opentimelineio as otio

from clapless.model import Session
from clapless_otio.layout import layout
from clapless_otio.options import ExportOptions
from clapless_otio.otio_reading import read_timeline
from clapless_otio.otio_writing import project_timelines
from clapless_otio.sessions import project_session


def to_timeline(
    session: Session, *, name: str = "Sync", options: ExportOptions | None = None
) -> otio.schema.Timeline:
    """Return a session as one OpenTimelineIO timeline.

    Examples
    --------
    >>> timeline = to_timeline(Session())
    >>> timeline.name, len(timeline.tracks)
    ('Sync', 0)
    """
    options = replace(options or ExportOptions(), groups="one")
    project = layout(session, name=name, options=options)
    return project_timelines(project)[0]


def to_session(timeline: otio.schema.Timeline) -> tuple[Session, list[str]]:
    """Return a timeline's session, and sentences about clips that were moved since.

    The inverse of `to_timeline`; a timeline of another program gives a session of what it shows.

    Examples
    --------
    >>> to_session(to_timeline(Session(engine="0.1.0")))[0].engine
    '0.1.0'
    """
    return project_session(read_timeline(timeline))
