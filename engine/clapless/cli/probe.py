"""``clapless probe``: what files hold and which signals they can give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from clapless.cli import outcome
from clapless.cli.console import safe, stderr, stdout, warn
from clapless.cli.tables import clip_card
from clapless.cli.words import count_words
from clapless.errors import ClaplessError, MediaError, printable, reason_of
from clapless.model import Clip, Refusal, Session
from clapless.session import to_json


@dataclass(slots=True)
class _Found:
    """What was found beside clips: lines by file, and what can be drawn of them."""

    lines: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    plots: list[tuple[str, Callable[[Path], bool]]] = field(default_factory=list)
    failures: list[tuple[Path, str]] = field(default_factory=list)


def probe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files and folders.")],
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Draw the curves of sensors into this folder."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print clips, devices and signals as JSON.")
    ] = False,
) -> None:
    """Say what files hold and which signals they can give.

    Beside media these are GPX and FIT files, and telemetry that was taken out of a movie.
    """
    from clapless.media import scan

    named = [file for file in files if _is_beside(file)]
    catalog = scan([file for file in files if file not in named])
    found = _read_beside([*named, *filter(_is_beside, catalog.skipped)])
    told = {*found.lines, *(path for path, _ in found.failures)}
    skipped = tuple(path for path in catalog.skipped if path not in told)
    signals: dict[str, tuple[str, ...]] = {}
    why_not: dict[str, tuple[str, ...]] = {}
    for clip in catalog.clips:
        signals[clip.id], why_not[clip.id] = _signals(clip)
    failures = [(f.path, f.reason) for f in catalog.failures] + found.failures
    if as_json:
        extra: dict[str, object] = {
            "signals": signals,
            "failures": [{"path": path, "message": reason} for path, reason in failures],
            "skipped": skipped,
            "beside": [{"path": path, "holds": lines} for path, lines in found.lines.items()],
        }
        session = Session(clips=catalog.clips, devices=catalog.devices, extra=extra)
        typer.echo(to_json(session, base=Path.cwd()), nl=False)
    else:
        _print(catalog.clips, signals, why_not, found)
        if skipped and catalog.clips:
            stdout().print(f"{count_words(len(skipped), 'other file')} left aside.")
    if plot is not None:
        _draw([*_plots(catalog.clips), *found.plots], plot)
    warn((reason for _, reason in failures), "red")
    if not catalog.clips and not found.lines:
        warn(["There is no media to look at."], "red")
        raise typer.Exit(outcome.NOTHING_USABLE)
    raise typer.Exit(outcome.INCOMPLETE if failures else outcome.ALL_WELL)


def _print(
    clips: Iterable[Clip],
    signals: Mapping[str, tuple[str, ...]],
    why_not: Mapping[str, tuple[str, ...]],
    found: _Found,
) -> None:
    console = stdout()
    for clip in clips:
        routes = tuple(name for name in signals[clip.id] if name in _route_signals())
        moments = tuple(name for name in signals[clip.id] if name not in routes)
        console.print(clip_card(clip, moments, routes))
        for line in why_not[clip.id]:
            console.print(safe(f"  {line}"))
        _print_telemetry(clip)
    for path, lines in found.lines.items():
        console.print(safe(path.name), style="bold")
        for line in lines:
            console.print(safe(f"    {line}"))


def _signals(clip: Clip) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the signals that a clip can give, and why it gives others none.

    Those that only look at what costs nothing (labels and telemetry) are asked.
    """
    from clapless.media.reading import Need
    from clapless.signals import SIGNALS

    gives, not_by = [], []
    for signal in SIGNALS:
        if not signal.applies_to(clip):
            continue
        extractor = signal.extractor(clip)
        answer = extractor.finish() if extractor.needs <= {Need.TELEMETRY} else None
        if isinstance(answer, Refusal):
            not_by.append(f"not by {signal.name}: {answer.reason}")
        else:
            gives.append(signal.name)
    return tuple(gives), tuple(not_by)


def _route_signals() -> frozenset[str]:
    """Return the names of the signals that only `align` uses."""
    from clapless.signals import SIGNALS

    return frozenset(signal.name for signal in SIGNALS if signal.proves == "route")


def _print_telemetry(clip: Clip) -> None:
    """Print a line per stream of the camera's telemetry, and what is damaged in it."""
    from clapless.media.gpmf import describe_telemetry, has_telemetry, read_gpmf

    if not has_telemetry(clip):
        return
    try:
        telemetry = read_gpmf(clip)
    except MediaError as error:
        warn([f"{error}."])
        return
    console = stdout()
    console.print("  Telemetry", style="bold")
    for line in describe_telemetry(telemetry):
        console.print(safe(f"    {line}"))


def _is_beside(path: Path) -> bool:
    """Return whether a file is no media, but tells of some: a track, or extracted telemetry."""
    from clapless.media.gpmf import is_extract
    from clapless.media.tracks.reading import TRACK_SUFFIXES

    return path.is_file() and (path.suffix.lower() in TRACK_SUFFIXES or is_extract(path))


def _read_beside(paths: Iterable[Path]) -> _Found:
    """Read files that are no media but tell of some."""
    from clapless.media.gpmf import describe_telemetry, read_extract, save_plot
    from clapless.media.tracks import read_tracks
    from clapless.media.tracks.describe import describe_track
    from clapless.media.tracks.reading import TRACK_SUFFIXES

    found = _Found()
    for path in dict.fromkeys(paths):
        try:
            if path.suffix.lower() in TRACK_SUFFIXES:
                tracks = read_tracks(path)
                notes = (tracks.warning,) if tracks.warning else ()
                found.lines[path] = (*map(describe_track, tracks.tracks), *notes)
                continue
            telemetry = read_extract(path)
            found.lines[path] = describe_telemetry(telemetry)
        except MediaError as error:
            found.failures.append((path, f"{error}."))
            continue

        def draw(target: Path, telemetry: object = telemetry, title: str = path.name) -> bool:
            from clapless.media.gpmf import Telemetry

            assert isinstance(telemetry, Telemetry)
            return save_plot(telemetry, target, title=title)

        found.plots.append((f"t{len(found.plots) + 1}-{path.stem}", draw))
    return found


def _plots(clips: Iterable[Clip]) -> list[tuple[str, Callable[[Path], bool]]]:
    """Return what draws the telemetry of each clip, by the name of its picture."""
    from clapless.media.gpmf import has_telemetry, read_gpmf, save_plot

    def drawer(clip: Clip) -> Callable[[Path], bool]:
        return lambda path: save_plot(read_gpmf(clip), path, title=clip.name)

    return [(f"{clip.id}-{clip.name}", drawer(clip)) for clip in clips if has_telemetry(clip)]


def _draw(plots: Iterable[tuple[str, Callable[[Path], bool]]], folder: Path) -> None:
    """Draw telemetry into PNGs of the folder.

    Raises
    ------
    ClaplessError
        The folder cannot be written.
    """
    drawn = 0
    for name, draw in plots:
        path = folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', name)}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if draw(path):
                drawn += 1
                stderr().print(f"Drawn: {printable(str(path))}", soft_wrap=True)
        except MediaError as error:
            warn([f"{error}."])
        except OSError as error:
            why = reason_of(error)
            raise ClaplessError(
                f"The pictures cannot be written to {printable(str(folder))}: {why}."
            ) from error
    if not drawn:
        warn(["There are no sensors whose curves could be drawn."])
