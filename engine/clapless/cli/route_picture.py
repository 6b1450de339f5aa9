"""A picture of an alignment: map and markers, residuals of the evidence, pace, how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clapless.aside import write_aside
from clapless.errors import ClaplessError, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from clapless.model import Marker
    from clapless.pipeline.routes import AlignResult
    from clapless.timing import TimeMap

INK, LINE, BAND, GAP, MARK = "#333333", "#3b6fb6", "#b9cfe8", "#f3e3c3", "#b0413e"

COLORS = ("#2a7f62", "#8a5fb0", "#c07a1c")
"""One for each kind of evidence."""


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
    _draw_residuals(residual, result)
    _draw_pace(pace, time_map)
    _draw_std(lower, time_map)
    for one in axes:
        for gap in result.gaps:
            one.axvspan(gap.start_s, gap.end_s, color=GAP, zorder=0)
        one.grid(color="#dddddd", linewidth=0.6)
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(colors=INK, labelsize="small")
    _draw_markers(upper, result, markers)
    by = f", by {' and '.join(placement.signals)}" if placement.signals else ", by hand"
    upper.set_title(
        printable(f"{new.name} on the time of {ref.name}{by}: {placement.status}"),
        loc="left",
        parse_math=False,
    )
    upper.set_ylabel("reference, s")
    pace.set_ylabel("pace: reference s\nper s of the run")
    lower.set_ylabel("plus or\nminus, s")
    lower.set_xlabel("new run, s (shaded: no answer)")
    held = BytesIO()
    figure.savefig(held, dpi=130, metadata={"Software": "Clapless"}, format="png")
    try:
        write_aside(path, held.getvalue())
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ClaplessError(
            f"The picture cannot be written to {printable(str(path))}: {why}."
        ) from error


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


def _draw_markers(axes: Axes, result: AlignResult, markers: Sequence[Marker]) -> None:
    for marker, new_s, ref_s in places(result, markers):
        axes.plot([new_s, new_s], [0, ref_s], color=MARK, linewidth=0.7, linestyle=":")
        # Hollow: to be looked at.
        face = "white" if marker.needs_review else MARK
        axes.plot(
            new_s, ref_s, "o", markersize=6, markerfacecolor=face, markeredgecolor=MARK, zorder=5
        )
        axes.annotate(
            printable(marker.name or marker.id)[:24],
            (new_s, ref_s),
            xytext=(7, -12),
            textcoords="offset points",
            fontsize="x-small",
            color=MARK,
            parse_math=False,
        )


def _draw_residuals(axes: Axes, result: AlignResult) -> None:
    """Draw the evidence against the map; where there is only one, the map against its line."""
    from clapless.pipeline.routes.line import sampled

    placement = result.session.groups[0].placements[1]
    time_map = placement.time_map
    assert time_map is not None  # an alignment always has one
    several = len(result.session.matches) > 1
    for match, color in zip(result.session.matches, COLORS, strict=False):
        if match.time_map is None:
            continue
        ends = [knot[0] for s in match.time_map.segments for knot in (s.knots[0], s.knots[-1])]
        times_s = np.arange(ends[0], ends[-1], max((ends[-1] - ends[0]) / 2000, 0.05))
        got, std = sampled(match.time_map, times_s)
        line = placement.offset_s + times_s / placement.rate
        off = got - (sampled(time_map, times_s)[0] if several else line)
        label = match.signal if match.accepted else f"{match.signal} (left out)"
        axes.plot(times_s, off, color=color, linewidth=1.0, label=label)
        axes.fill_between(
            times_s, off - 2 * std, off + 2 * std, color=color, alpha=0.15, linewidth=0
        )
    against = "the map" if several else "its nearest line"
    axes.set_ylabel(f"residual: evidence\nminus {against}, s")
    axes.axhline(0.0, color=INK, linewidth=0.6)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right", fontsize="x-small", frameon=False)


def _draw_line(axes: Axes, time_map: TimeMap) -> None:
    for segment in time_map.segments:
        new, ref = np.array(segment.knots).T
        axes.plot(new, ref, color=LINE, linewidth=1.6)
        if segment.std_s:
            std = np.array(segment.std_s)
            axes.fill_between(new, ref - 2 * std, ref + 2 * std, color=BAND, linewidth=0)


def _draw_pace(axes: Axes, time_map: TimeMap) -> None:
    from matplotlib.ticker import LogFormatter

    for segment in time_map.segments:
        new, ref = np.array(segment.knots).T
        axes.step(new[1:], np.diff(ref) / np.diff(new), where="pre", color=LINE, linewidth=1.0)
    axes.axhline(1.0, color=INK, linewidth=0.6)
    axes.set_yscale("log")
    plain = LogFormatter(labelOnlyBase=False, minor_thresholds=(1.5, 0.5))
    axes.yaxis.set_major_formatter(plain)
    axes.yaxis.set_minor_formatter(plain)


def _draw_std(axes: Axes, time_map: TimeMap) -> None:
    for segment in time_map.segments:
        if segment.std_s:
            axes.plot([t for t, _ in segment.knots], segment.std_s, color=LINE, linewidth=1.0)
    axes.set_ylim(bottom=0)
