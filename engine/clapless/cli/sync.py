"""``clapless sync``: files and folders in, a session out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clapless.cli import outcome, words
from clapless.cli.console import stderr, stdout, warn
from clapless.cli.inputs import expand
from clapless.cli.progress import ConsoleProgress
from clapless.cli.tables import print_session
from clapless.errors import UsageError, printable
from clapless.model import Marker, Pin, Session
from clapless.session import check_target, read_session, to_json, write_session, write_sidecars

if TYPE_CHECKING:
    from clapless.pipeline import SyncOptions, SyncResult


def sync(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Files, folders, or an editor's timeline."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write the session document, to export from later."),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="FILE", help="The clip whose clock counts.")
    ] = None,
    signals: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Use these kinds of evidence only.")
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=GLOB", help="Files that one camera or recorder made."),
    ] = None,
    distance: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=M", help="How far a device stood from the sound, in metres."),
    ] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLIP@TIME=CLIP@TIME", help="Place by hand: one instant in two clips."
        ),
    ] = None,
    track: Annotated[
        list[str] | None,
        typer.Option(metavar="CLIP=FILE", help="GPX or FIT file of where a clip was."),
    ] = None,
    add: Annotated[
        Path | None,
        typer.Option(metavar="SESSION", help="Add the clips to a finished session."),
    ] = None,
    playback: Annotated[
        Path | None,
        typer.Option(metavar="SONG", help="The song that was played on set: takes lie on it."),
    ] = None,
    readout: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DEVICE=MS", help="How long a camera's sensor takes to read, for flashes."
        ),
    ] = None,
    flash: Annotated[
        list[str] | None,
        typer.Option(metavar="keep|drop:CLIP@TIME", help="Use a flash, or leave it out."),
    ] = None,
    flash_model: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Write which instant each row of a frame shows."),
    ] = None,
    media: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Where the files of a timeline are looked for."),
    ] = None,
    sidecars: Annotated[
        bool, typer.Option("--sidecars", help="Write a FILE.sync.json beside each placed file.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Draw the groups into this folder.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Files read at once: by default one, or one per processor where pictures are "
            "decoded. More pay where files come over a network.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the session document instead of tables.")
    ] = False,
) -> None:
    """Put recordings of one event on one clock.

    CLIP is a path, a name that only one clip bears, or an id of a session.
    TIME is the clip's own, in seconds (83.5) or as [HH:]MM:SS.fff.
    --device, --distance, --pin, --track, --readout and --flash may stand
    several times.

    In the table, a start with + is later than the reference's; a drift
    with + is a clock that is fast, in millionths (ppm).

    Ends with 0 where all is synced, 3 where something is not, needs
    checking or could not be read, 1 where nothing is usable.
    """
    earlier = None
    if output is not None:
        check_target(output)
        earlier = read_session(output) if output.exists() else None
    given = expand(paths, media or ())
    options = _options(
        device_hints=given.rules,
        reference=reference,
        playback=playback,
        signals=_signals(signals),
        devices=words.parse_named("--device", device or (), "NAME=GLOB"),
        distances_m={
            name: words.parse_distance_m(name, metres)
            for name, metres in words.parse_named("--distance", distance or (), "NAME=M").items()
        },
        readouts_s={
            name: words.parse_readout_s(name, ms)
            for name, ms in words.parse_named("--readout", readout or (), "DEVICE=MS").items()
        },
        flashes=tuple(map(words.parse_flash, flash or ())),
        tracks={
            name: Path(file)
            for name, file in words.parse_named("--track", track or (), "CLIP=FILE").items()
        },
        pins=(*map(words.parse_pin, pin or ()), *_pins(earlier)),
        markers=_markers(earlier),
        add=read_session(add) if add is not None else None,
        jobs=jobs,
    )
    result = with_extra(run(list(given.paths), options), given.extra)
    base = output.parent if output is not None else Path.cwd()
    if output is not None and result.session.clips:
        write_session(result.session, output)
    if flash_model is not None and result.session.clips:
        from clapless.report.flash_model import write_flash_model

        write_flash_model(result.session, flash_model)
    if sidecars:
        warn(write_sidecars(result.session, name=output.name if output is not None else ""))
    if as_json:
        typer.echo(to_json(with_failures(result), base=base), nl=False)
    else:
        show(result, output)
    if plot is not None and result.session.groups:
        from clapless.cli.picture import draw_session
        from clapless.report.flash_plots import draw_flashes

        for picture in (*draw_session(result.session, plot), *draw_flashes(result.session, plot)):
            stderr().print(f"Drawn: {printable(str(picture))}", soft_wrap=True)
    warn(_unknown_devices(result.session, options))
    warn(given.notices)
    warn(result.warnings)
    warn((failure.message for failure in result.failures), "red")
    if not result.session.clips:
        warn([_nothing(paths, result)], "red")
    raise typer.Exit(outcome.of_session(result.session, result.failures))


def run(paths: list[Path], options: SyncOptions) -> SyncResult:
    """Run the pipeline with progress on stderr."""
    from clapless.pipeline import sync_paths

    with ConsoleProgress() as progress:
        return sync_paths(paths, options=options, progress=progress)


def show(result: SyncResult, output: Path | None) -> None:
    """Print the tables, and what to do next."""
    console = stdout()
    if not result.session.clips:
        return
    print_session(console, result.session)
    if result.skipped:
        files = words.count_words(len(result.skipped), "file")
        console.print(f"{files} in the folders, no media by name, left aside.")
    if output is not None:
        name = printable(str(output))
        console.print(f"Written: {name}", soft_wrap=True)
        if result.session.groups:
            console.print(
                f"Next: clapless export {name} -o timeline.fcpxml (or .otio), then import that "
                "file in your editor.",
                soft_wrap=True,
            )
    elif result.session.groups:
        console.print("Next: run this again with -o session.json, to export and verify from it.")


def with_extra(result: SyncResult, extra: Mapping[str, object]) -> SyncResult:
    """Return the result with what its session shall keep of the timeline it came from."""
    session = dataclasses.replace(result.session, extra={**result.session.extra, **extra})
    return dataclasses.replace(result, session=session)


def with_failures(result: SyncResult) -> Session:
    """Return the session with what failed and what was left aside, for --json."""
    beside = {
        "failures": [{"path": f.path, "message": f.message} for f in result.failures],
        "skipped": list(result.skipped),
        "warnings": list(result.warnings),
    }
    return dataclasses.replace(result.session, extra={**result.session.extra, **beside})


def _options(**given: object) -> SyncOptions:
    from clapless.pipeline import SyncOptions

    return SyncOptions(**given)  # type: ignore[arg-type]


def _signals(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    from clapless.signals import SIGNALS

    known = [signal.name for signal in SIGNALS if signal.proves == "moment"]
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if any(name == signal.name for signal in SIGNALS) and name not in known:
            raise UsageError(
                f"--signals: {name} proves a place or a piece, not a moment: it is for "
                f"`clapless align`. Sync goes by {', '.join(known)}."
            )
        if name not in known:
            raise UsageError(f"--signals: there is no {name!r}; there are {', '.join(known)}.")
    if not names:
        raise UsageError(f"--signals names none; there are {', '.join(known)}.")
    return names


def _unknown_devices(session: Session, options: SyncOptions) -> Iterator[str]:
    """Yield a sentence for each device that an option names and no clip belongs to."""
    known = {clip.device for clip in session.clips if clip.device is not None}
    there = ", ".join(sorted(known)) or "none"
    for name in options.distances_m:
        if name not in known:
            yield (
                f"--distance names {name}, which is no camera or recorder here (there are: "
                f"{there}), and changed nothing."
            )


def _pins(earlier: Session | None) -> tuple[Pin, ...]:
    """Return the pins of the session that will be replaced, its clips named by their files."""
    if earlier is None:
        return ()
    names = _file_names(earlier)
    return tuple(dataclasses.replace(pin, a=names[pin.a], b=names[pin.b]) for pin in earlier.pins)


def _markers(earlier: Session | None) -> tuple[Marker, ...]:
    """Return the clips' markers of the session that will be replaced, likewise."""
    if earlier is None:
        return ()
    names = _file_names(earlier)
    return tuple(
        dataclasses.replace(marker, clip=names[marker.clip])
        for marker in earlier.markers
        if marker.clip is not None
    )


def _file_names(session: Session) -> Mapping[str, str]:
    return {clip.id: str(clip.path) for clip in session.clips}


def _nothing(paths: list[Path], result: SyncResult) -> str:
    if result.failures:
        files = words.count_words(len(result.failures), "file")
        return f"Nothing to sync: {files} could not be read, and there is no other."
    where = ", ".join(printable(str(path)) for path in paths[:3])
    return f"Nothing to sync: there is no media file in {where}."
