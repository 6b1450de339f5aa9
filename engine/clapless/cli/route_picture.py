"""A picture of an alignment: the map, how the new run's pace differs, how sure it is, markers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clapless.errors import ClaplessError, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from clapless.pipeline.routes import AlignResult
    from clapless.timing import TimeMap

INK, LINE, BAND, GAP = "#333333", "#3b6fb6", "#b9cfe8", "#f3e3c3"


def draw_map(result: AlignResult, path: Path) -> None:
    """Draw the time map of an alignment into a PNG file.

    Raises
    ------
    ClaplessError
        The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ref, new = result.session.clips
    time_map = result.session.groups[0].placements[1].time_map
    assert time_map is not None  # an alignment always has one
    figure = Figure(figsize=(10.0, 8.5), layout="constrained")
    FigureCanvasAgg(figure)
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=[3, 1.4, 1.2])
    _draw_line(upper, time_map)
    _draw_pace(middle, time_map)
    _draw_std(lower, time_map)
    for axes in (upper, middle, lower):
        for gap in result.gaps:
            axes.axvspan(gap.start_s, gap.end_s, color=GAP, zorder=0)
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK, labelsize="small")
    for marker in result.session.markers:
        if marker.clip == new.id:
            upper.axvline(marker.time_s, color="#b0413e", linewidth=0.8)
    upper.set_title(
        printable(f"{new.name} on the time of {ref.name}"), loc="left", parse_math=False
    )
    upper.set_ylabel("reference, s")
    middle.set_ylabel("pace: reference s\nper s of the run")
    lower.set_ylabel("plus or minus, s")
    lower.set_xlabel("new run, s (shaded: no answer)")
    try:
        figure.savefig(path, dpi=130, metadata={"Software": "Clapless"}, format="png")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ClaplessError(
            f"The picture cannot be written to {printable(str(path))}: {why}."
        ) from error


def _draw_line(axes: Axes, time_map: TimeMap) -> None:
    for segment in time_map.segments:
        new, ref = np.array(segment.knots).T
        axes.plot(new, ref, color=LINE, linewidth=1.6)
        if segment.std_s:
            std = np.array(segment.std_s)
            axes.fill_between(new, ref - 2 * std, ref + 2 * std, color=BAND, linewidth=0)


def _draw_pace(axes: Axes, time_map: TimeMap) -> None:
    for segment in time_map.segments:
        new, ref = np.array(segment.knots).T
        axes.step(new[1:], np.diff(ref) / np.diff(new), where="pre", color=LINE, linewidth=1.0)
    axes.axhline(1.0, color=INK, linewidth=0.6)
    axes.set_yscale("log")


def _draw_std(axes: Axes, time_map: TimeMap) -> None:
    for segment in time_map.segments:
        if segment.std_s:
            axes.plot([t for t, _ in segment.knots], segment.std_s, color=LINE, linewidth=1.0)
    axes.set_ylim(bottom=0)
