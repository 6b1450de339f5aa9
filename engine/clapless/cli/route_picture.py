"""A picture of an alignment: map and markers, residuals of the evidence, pace, how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clapless.aside import write_aside
from clapless.cli.words import listed
from clapless.errors import ClaplessError, printable, reason_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from clapless.model import Marker
    from clapless.pipeline.routes import AlignResult
    from clapless.timing import TimeMap

INK, LINE, BAND, GAP, MARK = "#333333", "#3b6fb6", "#b9cfe8", "#f3e3c3", "#b0413e"

COLORS = {"gps": "#2a7f62", "tempo": "#c07a1c", "scenery": "#8a5fb0"}
"""One for each kind of evidence."""

GAP_NAMES = {"detour": "off the route", "lap": "left out", "stop": "stop", "again": "once more"}

PACES = (0.1, 0.2, 0.33, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
FINE_PACES = (0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Where the axis of paces has its ticks, and where it does not reach far."""

FINE_UP_TO = 4.0
"""Greatest pace over the least up to which the fine ticks do not crowd."""

PACE_OVER_S, PACE_STEPS = 2.0, 150
"""Pace is drawn over so long, and in so many steps at most: from knot to knot it jumps."""

LABEL_SHARE = 0.05
"""A gap that takes so much of the picture's width is named in it."""


def draw_map(result: AlignResult, path: Path, markers: Sequence[Marker] = ()) -> None:
    """Draw the time map of an alignment into a PNG file.

    Parameters
    ----------
    result
        Of an alignment that found a map.
    path
        The file.
    markers
        Of the reference or of the new run, drawn where they fall on the map.

    Raises
    ------
    ClaplessError
        The file cannot be written.
    """
    held = BytesIO()
    figure = map_figure(result, markers)
    figure.savefig(held, dpi=130, metadata={"Software": "Clapless"}, format="png")
    try:
        write_aside(path, held.getvalue())
    except OSError as error:
        why = reason_of(error)
        raise ClaplessError(
            f"The picture cannot be written to {printable(str(path))}: {why}."
        ) from error


def map_figure(result: AlignResult, markers: Sequence[Marker] = ()) -> Figure:
    """Return the picture: map and markers, residuals, pace, and how sure the map is."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ref, new = result.session.clips
    placement = result.session.groups[0].placements[1]
    time_map = placement.time_map
    assert time_map is not None  # an alignment always has one
    figure = Figure(figsize=(11.0, 10.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(4, 1, sharex=True, height_ratios=[3.4, 1.4, 1.2, 1.0])
    upper, residual, pace, lower = axes
    _draw_line(upper, time_map)
    _draw_left_out(upper, result)
    _draw_residuals(residual, result, time_map)
    _draw_pace(pace, time_map)
    _draw_std(lower, time_map)
    for one in axes:
        for gap in result.gaps:
            one.axvspan(gap.start_s, gap.end_s, color=GAP, zorder=0)
        one.grid(color="#dddddd", linewidth=0.6)
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(colors=INK, labelsize="small")
    drawn = places(result, markers)
    _draw_markers(upper, drawn)
    for one in (residual, pace, lower):
        for _, new_s, _ in drawn:
            one.axvline(new_s, color=MARK, linewidth=0.7, linestyle=":")
    _name_gaps(upper, result)
    by = f", by {listed(placement.signals)}" if placement.signals else ", by hand"
    figure.suptitle(
        printable(f"{new.name} on the time of {ref.name}{by}: {placement.status}"),
        x=0.01,
        ha="left",
        parse_math=False,
    )
    upper.set_title(_in_short(result), loc="left", fontsize="small", color=INK)
    upper.set_ylabel("reference, s")
    residual.set_ylabel("single places\nminus map, s")
    pace.set_ylabel("pace beside\nthe reference")
    lower.set_ylabel("plus or\nminus, s")
    lower.set_xlabel("new run, s (shaded: no answer)")
    return figure


def places(result: AlignResult, markers: Sequence[Marker]) -> list[tuple[Marker, float, float]]:
    """Return each marker with its time on the new run and on the reference, in seconds.

    Those in a gap are at its nearer end, as `clapless markers transfer` puts them; those of other
    clips are left out.
    """
    from clapless.markers.formats import TIMELINE
    from clapless.markers.transfer import carry, host_of

    session = result.session
    ref, new = session.clips
    hosts = {clip.id: host_of(session, clip.id, clip=clip.id) for clip in (ref, new)}
    timelines = (TIMELINE, session.groups[0].id)
    found = []
    for marker in markers:
        home = ref.id if marker.clip is None and marker.group in timelines else marker.clip
        if home is None or home not in hosts:
            continue
        (other,) = carry(
            [marker],
            source=hosts[home],
            target=hosts[new.id if home == ref.id else ref.id],
        )
        times = {home: marker.time_s, str(other.marker.clip): other.marker.time_s}
        found.append((other.marker, times[new.id], times[ref.id]))
    return found


def _in_short(result: AlignResult) -> str:
    quality = result.quality
    if quality is None:
        return "by anchors alone"
    told = f"{quality.coverage:.0%} of the time answered"
    if quality.residual_mae_s is not None:
        told += (
            f"; single places lie off by {quality.residual_mae_s:.2f} s "
            f"(P90 {quality.residual_p90_s:.2f}, P95 {quality.residual_p95_s:.2f} s)"
        )
    failed = [gate.name for gate in result.gates if not gate.passed]
    return f"{told}; failed: {', '.join(failed)}" if failed else f"{told}; all gates passed"


def _draw_markers(axes: Axes, drawn: Sequence[tuple[Marker, float, float]]) -> None:
    low, high = axes.get_ylim()
    left, right = axes.get_xlim()
    last_s, lower = -np.inf, False
    for marker, new_s, true_s in sorted(drawn, key=lambda one: one[1]):
        # What lies beyond the map is drawn at the picture's edge.
        ref_s = float(np.clip(true_s, low, high))
        axes.plot([new_s, new_s], [low, ref_s], color=MARK, linewidth=0.7, linestyle=":")
        # Hollow: to be looked at.
        face = "white" if marker.needs_review else MARK
        axes.plot(
            new_s,
            ref_s,
            "o",
            markersize=6,
            markerfacecolor=face,
            markeredgecolor=MARK,
            zorder=5,
            clip_on=False,
        )
        # Close ones take turns, so that their names do not lie on each other.
        lower = not lower if new_s - last_s < 0.12 * (right - left) else False
        last_s = new_s
        at_right = new_s > left + 0.85 * (right - left)
        name = printable(marker.name or marker.id)[:24]
        axes.annotate(
            f"{name} (look)" if marker.needs_review else name,
            (new_s, ref_s),
            xytext=(-7, 4) if at_right else (7, -26 if lower else -12),
            ha="right" if at_right else "left",
            textcoords="offset points",
            fontsize="small",
            color=MARK,
            parse_math=False,
        )
    axes.set_ylim(low, high)


def _name_gaps(axes: Axes, result: AlignResult) -> None:
    left, right = axes.get_xlim()
    for gap in result.gaps:
        if gap.end_s - gap.start_s < LABEL_SHARE * (right - left):
            continue
        axes.annotate(
            GAP_NAMES[gap.kind],
            ((gap.start_s + gap.end_s) / 2, 0.98),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            fontsize="small",
            color=INK,
        )


def _draw_left_out(axes: Axes, result: AlignResult) -> None:
    """Draw evidence that disagrees where it says the map should be."""
    for match in result.session.matches:
        if match.accepted or match.time_map is None:
            continue
        label: str | None = f"{match.signal}, left out"
        for segment in match.time_map.segments:
            new, ref = np.array(segment.knots).T
            color = COLORS.get(match.signal, INK)
            axes.plot(new, ref, color=color, linewidth=1.0, linestyle="--", label=label)
            label = None
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", fontsize="small", frameon=False)


def _draw_residuals(axes: Axes, result: AlignResult, time_map: TimeMap) -> None:
    """Draw places found by themselves against the map, within what the map is unsure of."""
    from clapless.pipeline.routes.line import sampled

    stds: list[float] = []
    for segment in time_map.segments:
        if segment.std_s:
            new, std = [t for t, _ in segment.knots], np.array(segment.std_s)
            axes.fill_between(new, -2 * std, 2 * std, color=BAND, alpha=0.6, linewidth=0)
            stds += segment.std_s
    # About a stop one knot may be unsure by all of it: the rest shall be seen.
    highest = 2.5 * float(np.percentile(stds, 95)) if stds else 0.0
    for signal, singles in result.singles_s:
        off = singles[:, 1] - sampled(time_map, singles[:, 0])[0]
        known = np.isfinite(off)
        # Single places that are far off would press the rest onto the line.
        shown = np.clip(off[known], -highest, highest) if highest else off[known]
        label = f"{signal}, {known.sum()} places"
        color = COLORS.get(signal, INK)
        axes.plot(singles[known, 0], shown, ".", color=color, markersize=3, label=label)
    axes.axhline(0.0, color=INK, linewidth=0.6)
    if highest:
        axes.set_ylim(-1.1 * highest, 1.1 * highest)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right", fontsize="small", frameon=False, ncols=3)


def _draw_line(axes: Axes, time_map: TimeMap) -> None:
    for segment in time_map.segments:
        new, ref = np.array(segment.knots).T
        axes.plot(new, ref, color=LINE, linewidth=1.6)
        if segment.std_s:
            std = np.array(segment.std_s)
            axes.fill_between(new, ref - 2 * std, ref + 2 * std, color=BAND, linewidth=0)


def _draw_pace(axes: Axes, time_map: TimeMap) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    paces: list[float] = [0.9, 1.1]
    ends = time_map.segments[0].knots[0][0], time_map.segments[-1].knots[-1][0]
    over_s = max(PACE_OVER_S, (ends[1] - ends[0]) / PACE_STEPS)
    for segment in time_map.segments:
        new, ref = np.array(segment.knots).T
        steps = max(2, int((new[-1] - new[0]) / over_s) + 1)
        times = np.linspace(new[0], new[-1], steps)
        pace = np.diff(np.interp(times, new, ref)) / np.diff(times)
        pace = np.clip(pace, PACES[0], PACES[-1])
        axes.stairs(pace, times, baseline=None, color=LINE, linewidth=1.2)
        paces += pace.tolist()
    axes.axhline(1.0, color=INK, linewidth=0.6)
    axes.set_yscale("log")
    axes.set_ylim(0.94 * min(paces), 1.06 * max(paces))
    fine = max(paces) <= FINE_UP_TO * min(paces)
    axes.yaxis.set_major_locator(FixedLocator(FINE_PACES if fine else PACES))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} x"))
    axes.yaxis.set_minor_locator(NullLocator())


def _draw_std(axes: Axes, time_map: TimeMap) -> None:
    for segment in time_map.segments:
        if segment.std_s:
            axes.plot([t for t, _ in segment.knots], segment.std_s, color=LINE, linewidth=1.2)
    stds = [std for segment in time_map.segments for std in segment.std_s]
    axes.set_ylim(0.0, 1.5 * float(np.percentile(stds, 95)) if stds else None)
