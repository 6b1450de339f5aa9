"""``clapless markers``: list, import, export, and carry markers from one clip to another."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from clapless.cli import outcome
from clapless.cli.console import safe, stdout, warn
from clapless.cli.words import count_words, parse_frame_rate, parse_timecode
from clapless.errors import UsageError, printable
from clapless.model import Marker, Session
from clapless.session import check_not_read, read_session, write_session

if TYPE_CHECKING:
    from clapless.markers.choice import Preset
    from clapless.markers.transfer import Carried, Host

markers = typer.Typer(
    no_args_is_help=True, help="List, import, export and carry markers of a session."
)

SessionPath = Annotated[Path, typer.Argument(metavar="SESSION", help="A session document.")]
Format = Annotated[
    str | None, typer.Option("--format", help="Kind of marker file; by its suffix where left out.")
]
Fps = Annotated[
    str | None, typer.Option("--fps", help="Frames per second of its timecode, as in 29.97.")
]
StartTimecode = Annotated[
    str, typer.Option("--start-timecode", help="Timecode at which its timeline begins.")
]
PresetName = Annotated[
    str | None,
    typer.Option("--preset", help="fcpxml, premiere, resolve-edl, custom, or one of your own."),
]
Label = Annotated[str | None, typer.Option("--label", help="Stands before each name.")]
Reel = Annotated[
    str | None, typer.Option("--reel", help="Name of the reel, where the format has one.")
]
DEFAULT_RATE = Fraction(25)


@markers.command("list")
def list_markers(session: SessionPath) -> None:
    """Show the markers of a session."""
    held = read_session(session)
    if not held.markers:
        stdout().print("There are no markers in the session.")
        return
    _print_table(held, held.markers, notes=[""] * len(held.markers))


@markers.command("import")
def import_markers(
    session: SessionPath,
    file: Annotated[Path, typer.Option("--markers", metavar="FILE", help="A marker file.")],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="CLIP|GROUP", help="Whose they are; else the reference's."),
    ] = None,
    format_name: Format = None,
    fps: Fps = None,
    start_timecode: StartTimecode = "00:00:00:00",
) -> None:
    """Take the markers of a file into a session."""
    held = read_session(session)
    host = _host(held, to)
    rate = parse_frame_rate(fps) if fps else None
    read = _read(file, host, format_name, rate, start_timecode)
    taken = {marker.id for marker in held.markers}
    fresh = [dataclasses.replace(one, id=name) for one, name in _named(read, taken)]
    write_session(dataclasses.replace(held, markers=(*held.markers, *fresh)), session)
    stdout().print(f"Took {count_words(len(fresh), 'marker')} into {printable(str(session))}.")


@markers.command("export")
def export_markers(
    session: SessionPath,
    output: Annotated[Path, typer.Option("-o", "--output", help="The marker file to write.")],
    of: Annotated[
        str | None,
        typer.Option("--from", metavar="CLIP|GROUP", help="Whose time to write; else all of one."),
    ] = None,
    format_name: Format = None,
    preset: PresetName = None,
    label: Label = None,
    reel: Reel = None,
    fps: Fps = None,
    start_timecode: StartTimecode = "00:00:00:00",
) -> None:
    """Write the markers of a session, carried onto one clip's or group's time."""
    from clapless.markers.transfer import carry

    check_not_read(output, session)
    chosen = _chosen(preset, format_name, fps, label, reel)
    held = read_session(session)
    if not held.markers:
        raise UsageError("There are no markers in the session to export.")
    target = _host(held, of)
    carried: list[Carried] = []
    elsewhere = 0
    for marker in held.markers:
        source = _host(held, marker.clip or marker.group)
        if source.group != target.group:
            elsewhere += 1
            continue
        carried += carry([marker], source=source, target=target)
    moved = [one.marker for one in carried]
    _write(output, moved, target, chosen, start_timecode)
    stdout().print(f"Wrote {count_words(len(carried), 'marker')} to {printable(str(output))}.")
    lost = [one for one in carried if one.note]
    warn(f"{printable(one.marker.name)}: {one.note}." for one in lost)
    if elsewhere:
        warn([f"{count_words(elsewhere, 'marker')} of other groups stayed behind."])
    raise typer.Exit(outcome.INCOMPLETE if lost or elsewhere else outcome.ALL_WELL)


@markers.command("transfer")
def transfer(
    session: SessionPath,
    file: Annotated[Path, typer.Option("--markers", metavar="FILE", help="A marker file.")],
    to: Annotated[
        str, typer.Option("--to", metavar="CLIP|GROUP", help="Where the markers shall go.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The marker file to write.")],
    of: Annotated[
        str | None,
        typer.Option("--from", metavar="CLIP|GROUP", help="Whose they are; else the reference's."),
    ] = None,
    review_threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Below this confidence a marker is flagged.")
    ] = 0.6,
    format_name: Format = None,
    preset: PresetName = None,
    label: Label = None,
    reel: Reel = None,
    fps: Fps = None,
    start_timecode: StartTimecode = "00:00:00:00",
    vis_json: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write JSON as mtbsync does for its viewers."),
    ] = None,
) -> None:
    """Carry a file's markers from one clip or group to another.

    Ends with 0 where all are sure, 3 where some are flagged to be looked at.
    """
    from clapless.markers.mtbsync import FORMATS, LABEL, with_origins, write_visual
    from clapless.markers.transfer import carry

    for path in (output, *([vis_json] if vis_json else [])):
        check_not_read(path, session, file)
    chosen = _chosen(preset, format_name, fps, label, reel)
    held = read_session(session)
    source, target = _host(held, of), _host(held, to)
    rate = parse_frame_rate(fps) if fps else None
    read = _read(file, source, None, rate, start_timecode)
    carried = carry(read, source=source, target=target, threshold=review_threshold)
    moved = [one.marker for one in carried]
    origins = with_origins(moved, read)
    _write(output, origins if chosen.format in FORMATS else moved, target, chosen, start_timecode)
    if vis_json:
        write_visual(vis_json, origins, params=_line(source, target), label=label or LABEL)
    _print_table(held, moved, notes=[one.note for one in carried])
    flagged = sum(one.marker.needs_review for one in carried)
    stdout().print(
        f"Wrote {count_words(len(carried), 'marker')} to {printable(str(output))}"
        + (f", {flagged} to be looked at." if flagged else ".")
    )
    raise typer.Exit(outcome.INCOMPLETE if flagged else outcome.ALL_WELL)


def _host(session: Session, name: str | None) -> Host:
    from clapless.markers.transfer import host_of
    from clapless.pipeline.names import ClipNames

    if not session.groups:
        raise UsageError("Nothing is synced in the session, so no marker can be carried.")
    if name is None:
        reference = session.groups[0].reference
        return host_of(session, reference, clip=reference)
    if any(group.id == name for group in session.groups):
        return host_of(session, name)
    return host_of(session, name, clip=ClipNames(session.clips).find(name))


def _rate(host: Host, fps: str | None) -> Fraction:
    if fps:
        return parse_frame_rate(fps)
    clip = host.clip
    return (clip.frame_rate if clip is not None else None) or DEFAULT_RATE


def _read(
    path: Path,
    host: Host,
    format_name: str | None,
    rate: Fraction | None,
    start_timecode: str,
) -> list[Marker]:
    from clapless.markers.choice import read_markers

    start_s = parse_timecode(start_timecode, rate or _rate(host, None)).seconds
    read = read_markers(path, format=format_name, rate=rate, start_s=start_s)
    clip = None if host.clip is None else host.clip.id
    group = host.group if host.clip is None else None
    return [dataclasses.replace(marker, clip=clip, group=group) for marker in read]


def _chosen(
    preset: str | None,
    format_name: str | None,
    fps: str | None,
    label: str | None,
    reel: str | None,
) -> Preset:
    """Return what to write and how: the preset, with what was said beside it instead."""
    from clapless.markers.choice import Preset, find_preset

    if preset and format_name:
        raise UsageError("--preset says the format already: leave --format out.")
    found = find_preset(preset) if preset else Preset(format=format_name or "")
    return dataclasses.replace(
        found,
        rate=parse_frame_rate(fps) if fps else found.rate,
        label=found.label if label is None else label,
        reel=found.reel if reel is None else reel,
    )


def _line(source: Host, target: Host) -> dict[str, float]:
    """Return a and b of ``t_source = a * t_target + b``, of the line nearest to the placements."""
    rates = [1.0 if h.placement is None else h.placement.rate for h in (source, target)]
    offsets_s = [0.0 if h.placement is None else h.placement.offset_s for h in (source, target)]
    return {"a": rates[0] / rates[1], "b": (offsets_s[1] - offsets_s[0]) * rates[0]}


def _write(
    path: Path, held: Sequence[Marker], host: Host, chosen: Preset, start_timecode: str
) -> None:
    from clapless.markers.choice import changed_colors, write_markers

    rate = chosen.rate or _rate(host, None)
    start = parse_timecode(start_timecode, rate)
    name = write_markers(
        path,
        held,
        preset=chosen,
        rate=rate,
        start_s=start.seconds,
        drop_frame=start.drop_frame,
    )
    warn(
        f"The colour {printable(color)} is not one that {name} has: its markers got another."
        for color in changed_colors(name, held)
    )


def _named(read: Iterable[Marker], taken: set[str]) -> Iterable[tuple[Marker, str]]:
    """Return markers with ids that no other has."""
    for marker in read:
        name, number = marker.id, 2
        while name in taken:
            name, number = f"{marker.id}-{number}", number + 1
        taken.add(name)
        yield marker, name


def _print_table(session: Session, held: Sequence[Marker], *, notes: Sequence[str]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("Marker", "On", "At", "Lasts", "Colour", "Sure", "Look at it because"):
        table.add_column(column, justify="right" if column in ("At", "Lasts", "Sure") else "left")
    names = {clip.id: clip.name for clip in session.clips}
    for marker, note in zip(held, notes, strict=True):
        table.add_row(
            safe(marker.name or marker.id),
            safe(names.get(marker.clip or "", marker.group or "")),
            f"{marker.time_s:.3f} s",
            f"{marker.duration_s:.3f} s" if marker.duration_s else "",
            safe(marker.color),
            f"{marker.confidence * 100:.0f} %",
            safe(note or ("needs review" if marker.needs_review else ""), "yellow"),
        )
    stdout().print(table)
