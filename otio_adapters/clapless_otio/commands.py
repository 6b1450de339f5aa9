"""The verbs that this package adds to the command line.

What a verb needs is imported when it runs: every start of the command line loads this module.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from clapless.errors import UsageError
from clapless.model import Session
from clapless.session import check_not_read, read_session
from clapless.timing import snap_rate
from clapless_otio.options import (
    DEFAULT_START,
    DRIFTS,
    FLAVOURS,
    GROUPS,
    Drift,
    ExportOptions,
    Flavour,
    Groups,
)

if TYPE_CHECKING:
    from clapless_otio.comparing import Comparison
    from clapless_otio.cut import Project

TIMELINE_SUFFIXES = (".fcpxml", ".fcpxmld", ".xml", ".edl", ".otio", ".otioz")
"""What is a timeline and no session document."""

app = typer.Typer()

Fps = Annotated[float | None, typer.Option("--fps", help="Frame rate of the timeline.")]
To = Annotated[str | None, typer.Option("--to", help="The format, where the suffix does not say.")]
Version = Annotated[str, typer.Option("--format-version", help="Of FCPXML: 1.9 to 1.14.")]
Flavoured = Annotated[
    str | None,
    typer.Option("--flavour", help="Whom an .otio is for: resolve or premiere, on whole frames."),
]


@app.callback()
def _verbs() -> None:
    """Into and out of editing programs."""


@app.command("export")
def export_verb(
    session: Annotated[
        Path, typer.Argument(help="The session document that sync wrote, or a timeline.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    to: To = None,
    drift: Annotated[
        str, typer.Option("--drift", help=f"How clock drift is carried: {', '.join(DRIFTS)}.")
    ] = "auto",
    multicam: Annotated[
        bool,
        typer.Option("--multicam/--flat", help="Groups as multicam clips, or tracks side by side."),
    ] = True,
    groups: Annotated[
        str, typer.Option("--groups", help="One timeline for all groups, or separate ones.")
    ] = "one",
    fps: Fps = None,
    start_timecode: Annotated[
        str,
        typer.Option("--start-timecode", help="Where the timeline starts: HH:MM:SS:FF or source."),
    ] = DEFAULT_START,
    format_version: Version = "1.10",
    flavour: Flavoured = None,
    include_check: Annotated[
        bool, typer.Option("--include-check", help="Clips to be checked join the multicam.")
    ] = False,
) -> None:
    """Write a synced session as a timeline that an editing program opens."""
    options = ExportOptions(
        drift=cast("Drift", _one_of("--drift", drift, DRIFTS)),
        groups=cast("Groups", _one_of("--groups", groups, GROUPS)),
        rate=_rate(fps),
        start_timecode=start_timecode,
        include_check=include_check,
        multicam=multicam,
        flavour=_flavour(flavour),
        format_version=format_version,
        sound_folder=session.parent / f"{session.stem} sound",
    )
    from clapless_otio.export import export

    check_not_read(output, session)
    found, notices = session_of(session)
    for notice in [*notices, *export(found, output, to=to, options=options)]:
        typer.echo(notice, err=True)
    typer.echo(f"Wrote {output}")


@app.command("convert")
def convert_verb(
    source: Annotated[Path, typer.Argument(help="A timeline: .fcpxml, .xml, .otio, .edl.")],
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    to: To = None,
    fps: Annotated[
        float | None, typer.Option("--fps", help="Frame rate of a list that does not say it.")
    ] = None,
    format_version: Version = "1.10",
    flavour: Flavoured = None,
) -> None:
    """Write a timeline of one program in the format of another."""
    from clapless_otio.reading import read_project
    from clapless_otio.writing import WRITERS, format_of

    check_not_read(target, source)
    name = format_of(target, to, WRITERS)
    project = read_project(source, rate=_rate(fps))
    options = ExportOptions(
        multicam=False, flavour=_flavour(flavour), format_version=format_version
    )
    for notice in [*project.notices, *WRITERS[name](project, target, options)]:
        typer.echo(notice, err=True)
    typer.echo(f"Wrote {target}")


@app.command("compare")
def compare_verb(
    first: Annotated[Path, typer.Argument(help="A timeline or session.")],
    second: Annotated[Path, typer.Argument(help="Another one of the same media.")],
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show how far apart the clips of two timelines or sessions lie.

    Told are the first and the last moment that both show, in frames of
    the first one and in milliseconds; + where the second has it later.
    A shift of the whole is taken off.
    """
    from clapless_otio.comparing import compare

    found = compare(_project(first), _project(second))
    if as_json:
        typer.echo(json.dumps(_document(found), indent=2))
        return
    width = max(len(clip.name) for clip in found.clips)
    typer.echo(f"{'clip':<{width}}  frames        head ms        tail ms")
    for clip in found.clips:
        typer.echo(
            f"{clip.name:<{width}}  {clip.frames:+6d}  {float(clip.head_s) * 1000:+13.3f}  "
            f"{float(clip.tail_s) * 1000:+13.3f}"
        )
    for names, where in ((found.only_first, first), (found.only_second, second)):
        if names:
            typer.echo(f"Only in {where.name}: {', '.join(names)}", err=True)


def _document(found: Comparison) -> dict[str, object]:
    return {
        "clips": [
            {
                "name": clip.name,
                "frames": clip.frames,
                "head_s": float(clip.head_s),
                "tail_s": float(clip.tail_s),
            }
            for clip in found.clips
        ],
        "only_first": list(found.only_first),
        "only_second": list(found.only_second),
        "shift_s": float(found.shift_s),
    }


def _project(path: Path) -> Project:
    """Return a timeline, or a session laid out; a session inside a timeline is not asked."""
    from clapless_otio.layout import layout
    from clapless_otio.reading import read_project

    if path.suffix.lower() in TIMELINE_SUFFIXES:
        return read_project(path)
    return layout(read_session(path), name=path.stem, options=ExportOptions())


def session_of(path: Path) -> tuple[Session, list[str]]:
    """Return the session of a document or timeline, and sentences about what differs in it.

    Raises
    ------
    SessionError, TimelineError
        It cannot be read.
    """
    if path.suffix.lower() in TIMELINE_SUFFIXES:
        from clapless_otio.reading import read_project
        from clapless_otio.sessions import SESSION_KEY, project_session

        project = read_project(path)
        session, notices = project_session(project)
        if SESSION_KEY not in project.metadata:
            notices.insert(0, f"{path.name} has no sync inside: its tracks are taken as devices.")
        return session, notices
    return read_session(path), []


def _one_of(option: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"{option} {value} is not known. Choose one of {', '.join(known)}.")
    return value


def _flavour(value: str | None) -> Flavour | None:
    return None if value is None else cast("Flavour", _one_of("--flavour", value, FLAVOURS))


def _rate(fps: float | None) -> Fraction | None:
    if fps is None:
        return None
    if not 1 <= fps <= 240:
        raise UsageError(f"--fps {fps:g} is no frame rate: write a number from 1 to 240.")
    return snap_rate(fps)
