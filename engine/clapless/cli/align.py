"""``clapless align``: two runs of one route, one time map."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from clapless.cli import outcome, words
from clapless.cli.console import safe, stderr, stdout, warn
from clapless.cli.progress import ConsoleProgress
from clapless.errors import UsageError, printable
from clapless.model import Marker, Session
from clapless.session import check_target, read_session, to_json, write_session

if TYPE_CHECKING:
    from clapless.numerics.route_warp import Gap
    from clapless.pipeline.routes import AlignResult
    from clapless.timing import TimeMap

SHORT_GAP_S = 0.5
"""A gap that is shorter on the new run is one of the reference's time."""

GAP_WORDS = {
    "detour": "a detour, or off the route",
    "lap": "a lap or a detour of the reference",
    "stop": "one of the two stands still",
    "again": "a stretch ridden once more (a lap)",
}


def align(
    ref: Annotated[Path, typer.Argument(metavar="REF", help="The run whose time counts.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The run to be aligned with it.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write a session, to carry markers with."),
    ] = None,
    ref_gpx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="GPX or FIT file of REF.")
    ] = None,
    new_gpx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="GPX or FIT file of NEW.")
    ] = None,
    anchor: Annotated[
        list[str] | None,
        typer.Option(metavar="T_REF=T_NEW", help="Two times at one place, by hand."),
    ] = None,
    least_on_route: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Gate: share of NEW on the route.")
    ] = 0.5,
    most_apart: Annotated[
        float, typer.Option(min=0.0, metavar="M", help="Gate: median distance, in metres.")
    ] = 15.0,
    least_coverage: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Gate: share of NEW's time with an answer.")
    ] = 0.25,
    least_inliers: Annotated[
        float, typer.Option(min=0.0, help="Gate: points in common of the usual picture.")
    ] = 15.0,
    least_inlier_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Gate: share of single places on the map.")
    ] = 0.5,
    most_mae: Annotated[
        float, typer.Option(min=0.0, metavar="S", help="Gate: mean residual, in seconds.")
    ] = 1.0,
    most_p50: Annotated[
        float, typer.Option(min=0.0, metavar="S", help="Gate: P50 of the residuals.")
    ] = 1.0,
    most_p90: Annotated[
        float, typer.Option(min=0.0, metavar="S", help="Gate: P90 of the residuals.")
    ] = 2.0,
    most_p95: Annotated[
        float, typer.Option(min=0.0, metavar="S", help="Gate: P95 of the residuals.")
    ] = 3.0,
    most_unsure: Annotated[
        float, typer.Option(min=0.0, metavar="S", help="Gate: P90 of the uncertainty, in seconds.")
    ] = 3.0,
    most_ppm: Annotated[
        float | None,
        typer.Option(min=0.0, help="Gate: pace of the longest stretch apart from REF's; off."),
    ] = None,
    signals: Annotated[
        str | None,
        typer.Option(
            metavar="gps,tempo,scenery", help="Evidence to use; else what the files have."
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw map, residuals and markers into a PNG."),
    ] = None,
    marker_file: Annotated[
        Path | None,
        typer.Option("--markers", metavar="FILE", help="Markers of REF, to draw with --plot."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the session document instead of tables.")
    ] = False,
) -> None:
    """Align two runs of one route or takes of one song (media, GPX, FIT): a time map."""
    from clapless.pipeline.routes import AlignOptions, Gates
    from clapless.pipeline.routes import align as align_runs
    from clapless.store import Store

    markers: tuple[Marker, ...] = ()
    if output is not None:
        check_target(output)
        markers = read_session(output).markers if output.exists() else ()
    drawn = _markers(marker_file, plot)
    gates = Gates(
        least_on_route=least_on_route,
        most_apart_m=most_apart,
        least_coverage=least_coverage,
        least_inliers=least_inliers,
        least_inlier_share=least_inlier_share,
        most_mae_s=most_mae,
        most_p50_s=most_p50,
        most_p90_s=most_p90,
        most_p95_s=most_p95,
        most_unsure_s=most_unsure,
        most_ppm=most_ppm,
    )
    options = AlignOptions(
        ref_gpx=ref_gpx,
        new_gpx=new_gpx,
        anchors=tuple(_anchor(text) for text in anchor or ()),
        signals=tuple(name.strip() for name in signals.split(",")) if signals else None,
        gates=gates,
    )
    with Store() as store, ConsoleProgress() as progress:
        result = align_runs(ref, new, options=options, progress=progress, store=store)
    if output is not None:
        write_session(dataclasses.replace(result.session, markers=markers), output)
    if as_json:
        base = output.parent if output is not None else Path.cwd()
        typer.echo(to_json(_with_quality(result), base=base), nl=False)
    else:
        _show(result, output)
    if plot is not None and result.session.groups:
        from clapless.cli.route_picture import draw_map

        draw_map(result, plot, (*markers, *drawn))
        stderr().print(f"Drawn: {printable(str(plot))}", soft_wrap=True)
    warn(result.warnings)
    raise typer.Exit(outcome.of_session(result.session))


def _markers(path: Path | None, plot: Path | None) -> tuple[Marker, ...]:
    if path is None:
        return ()
    if plot is None:
        raise UsageError("--markers says what to draw: name the picture with --plot.")
    from clapless.markers.choice import read_markers

    return read_markers(path)


def _anchor(text: str) -> tuple[float, float]:
    ref, equals, new = text.partition("=")
    if not equals:
        raise UsageError(f"--anchor {text!r} is not of the form T_REF=T_NEW, as in 83.5=1:20.")
    return words.parse_time_s(ref), words.parse_time_s(new)


def _with_quality(result: AlignResult) -> Session:
    extra: dict[str, object] = {"warnings": list(result.warnings)}
    if result.quality is not None:
        extra["quality"] = dataclasses.asdict(result.quality)
        extra["gates"] = [dataclasses.asdict(gate) for gate in result.gates]
        extra["gaps"] = [dataclasses.asdict(gap) for gap in result.gaps]
    return dataclasses.replace(result.session, extra={**result.session.extra, **extra})


def _show(result: AlignResult, output: Path | None) -> None:
    console = stdout()
    ref, new = result.session.clips
    if not result.session.groups:
        left = result.session.unplaced[-1]
        console.print(safe(f"{new.name} was not aligned with {ref.name}: {left.reason}.", "red"))
        console.print(
            "Next: name track files with --ref-gpx and --new-gpx, or two places by hand with "
            "--anchor T_REF=T_NEW.",
            soft_wrap=True,
        )
        return
    placement = result.session.groups[0].placements[1]
    assert placement.time_map is not None  # an alignment always has one
    parts = len(placement.time_map.segments)
    stretches = words.count_words(parts, "stretch", "stretches")
    by = f", by {words.listed(placement.signals)}" if placement.signals else ""
    console.print(safe(f"{new.name} on the time of {ref.name}: {stretches}{by}"), style="bold")
    if len(placement.time_map.segments) == 1 and len(placement.time_map.longest.knots) == 2:
        console.print(f"A straight line is enough: drift {placement.drift_ppm:+.0f} ppm")
    if result.quality is not None:
        _show_quality(result)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("From", "To", "On the reference", "Plus or minus"):
        table.add_column(column, justify="right")
    for segment in placement.time_map.segments:
        (t_0, g_0), (t_1, g_1) = segment.knots[0], segment.knots[-1]
        unsure = _unsure(segment.std_s)
        table.add_row(f"{t_0:.2f} s", f"{t_1:.2f} s", f"{g_0:.2f} to {g_1:.2f} s", unsure)
    console.print(table)
    for gap in result.gaps:
        console.print(_of_gap(gap, placement.time_map), soft_wrap=True)
    if output is not None:
        console.print(
            f"Next: clapless markers transfer {printable(str(output))} --markers ref.csv --to "
            f"{new.id} -o new.csv",
            soft_wrap=True,
        )


def _unsure(std_s: Sequence[float]) -> str:
    if not std_s:
        return ""
    usual, most = median(std_s), max(std_s)
    return f"{usual:.2f} s" if most < 2 * usual else f"{usual:.2f} s, up to {most:.2f} s"


def _of_gap(gap: Gap, time_map: TimeMap) -> str:
    if gap.end_s - gap.start_s >= SHORT_GAP_S:
        return f"No answer from {gap.start_s:.1f} to {gap.end_s:.1f} s: {GAP_WORDS[gap.kind]}"
    before = [s.knots[-1][1] for s in time_map.segments if s.knots[-1][0] <= gap.start_s + 1e-6]
    after = [s.knots[0][1] for s in time_map.segments if s.knots[0][0] >= gap.end_s - 1e-6]
    alone = f" from {before[-1]:.1f} to {after[0]:.1f} s" if before and after else ""
    return f"At {gap.start_s:.1f} s the reference goes on alone{alone}: {GAP_WORDS[gap.kind]}"


def _show_quality(result: AlignResult) -> None:
    quality = result.quality
    assert quality is not None  # the caller asked
    console = stdout()
    if quality.places is not None:
        console.print(
            f"{quality.on_route:.0%} of {words.count_words(quality.places, 'place')} on the route; "
            f"the runs are apart by {quality.apart_p50_m:.1f} m (mean {quality.apart_mae_m:.1f}, "
            f"P90 {quality.apart_p90_m:.1f}, P95 {quality.apart_p95_m:.1f} m)",
            soft_wrap=True,
        )
    seen = f"; {quality.inliers:.0f} points in common" if quality.inliers is not None else ""
    console.print(
        f"{quality.coverage:.0%} of the time covered, plus or minus {quality.std_p50_s:.2f} s "
        f"(P90 {quality.std_p90_s:.2f}, P95 {quality.std_p95_s:.2f} s){seen}",
        soft_wrap=True,
    )
    if quality.singles is not None:
        console.print(
            f"{quality.inlier_share:.0%} of {words.count_words(quality.singles, 'single place')} "
            f"on the map; they lie off it by {quality.residual_mae_s:.2f} s "
            f"(P50 {quality.residual_p50_s:.2f}, P90 {quality.residual_p90_s:.2f}, "
            f"P95 {quality.residual_p95_s:.2f} s)",
            soft_wrap=True,
        )
    for gate in result.gates:
        mark, style = ("pass", "green") if gate.passed else ("FAIL", "red")
        wanted = f"at {'most' if gate.at_most else 'least'} {gate.wanted:.2f}"
        console.print(safe(f"{mark}  {gate.name}: {gate.reached:.2f} ({wanted})", style))
    failed = [gate.name for gate in result.gates if not gate.passed]
    if failed:
        what = words.count_words(len(failed), "gate")
        console.print(
            safe(f"Check it: {what} of {len(result.gates)} failed: {'; '.join(failed)}.", "yellow"),
            soft_wrap=True,
        )
    else:
        console.print(f"All {len(result.gates)} gates passed.")
