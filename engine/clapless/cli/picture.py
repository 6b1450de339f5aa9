"""A picture of each group: a row per camera or recorder, a bar per clip."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from clapless.aside import draw_aside
from clapless.cli.words import NOT_SYNCED, STATUS_WORDS
from clapless.errors import ClaplessError, printable, reason_of
from clapless.model import Group, Placement, Session

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = {"reference": "#3b6fb6", "synced": "#4f9d69", "manual": "#3a9ea5", "check": "#d9a441"}
INK, PALE = "#333333", "#dddddd"
TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
NAME_SHARE = 0.012
"""Least share of the picture's width per letter that a name needs to stand in its bar."""


def draw_session(session: Session, folder: Path) -> list[Path]:
    """Draw each group into a PNG file of the folder and return the files.

    Raises
    ------
    ClaplessError
        The folder cannot be written.
    """
    drawn = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for group in session.groups:
            name = re.sub(r"[^\w-]", "_", group.id, flags=re.ASCII)
            path = folder / f"{name}.png"
            figure = draw_group(session, group)
            with warnings.catch_warnings():
                # A name in a script that the font does not have is drawn as boxes.
                warnings.filterwarnings("ignore", message="Glyph .* missing from")
                draw_aside(figure, path, dpi=150)
            drawn.append(path)
    except OSError as error:
        why = reason_of(error)
        raise ClaplessError(
            f"The pictures cannot be written to {printable(str(folder))}: {why}."
        ) from error
    return drawn


def draw_group(session: Session, group: Group) -> Figure:
    """Return the picture of one group, and of what is not synced below it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = _rows(session, group)
    loose = [session.clip(one.clip).name for one in session.unplaced]
    figure = Figure(figsize=(11.0, 1.3 + 0.5 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    start_s, end_s = _extent(session, group)
    for height, (device, placements) in enumerate(rows):
        axes.text(
            -0.01,
            height,
            printable(device),
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            color=INK,
            parse_math=False,
        )
        for placement in placements:
            _draw_clip(axes, session, group, placement, height, end_s - start_s)
    _finish(axes, start_s, end_s, rows, group.reference)
    title = f"{len(group.placements)} clips on the clock of {session.clip(group.reference).name}"
    axes.set_title(printable(title), loc="left", color=INK, parse_math=False)
    if loose:
        words = f"{NOT_SYNCED}: {', '.join(loose[:8])}{' ...' if len(loose) > 8 else ''}"
        figure.supxlabel(printable(words), fontsize="small", color=INK, parse_math=False)
    return figure


def _rows(session: Session, group: Group) -> list[tuple[str, list[Placement]]]:
    """Return the placements by device, the reference's device first; loose clips have own rows."""
    rows: dict[str, list[Placement]] = {}
    order = sorted(group.placements, key=lambda p: (p.clip != group.reference, p.offset_s))
    for placement in order:
        clip = session.clip(placement.clip)
        rows.setdefault(clip.device or clip.name, []).append(placement)
    return list(rows.items())


def _extent(session: Session, group: Group) -> tuple[float, float]:
    starts_s = [p.to_group(0.0) for p in group.placements]
    ends_s = [p.to_group(float(session.clip(p.clip).duration_s)) for p in group.placements]
    start_s, end_s = min(starts_s), max(ends_s)
    return start_s, max(end_s, start_s + 1.0)


def _draw_clip(
    axes: Axes, session: Session, group: Group, placement: Placement, height: int, span_s: float
) -> None:
    clip = session.clip(placement.clip)
    kind = "reference" if placement.clip == group.reference else placement.status
    start_s = placement.to_group(0.0)
    length_s = placement.to_group(float(clip.duration_s)) - start_s
    axes.barh(height, length_s, left=start_s, height=0.62, color=COLORS[kind], edgecolor="white")
    if length_s > len(clip.name) * NAME_SHARE * span_s:
        axes.text(
            start_s + length_s / 2,
            height,
            printable(clip.name),
            ha="center",
            va="center",
            color="white",
            fontsize="small",
            clip_on=True,
            parse_math=False,
        )


def _finish(
    axes: Axes,
    start_s: float,
    end_s: float,
    rows: list[tuple[str, list[Placement]]],
    reference: str,
) -> None:
    from matplotlib.patches import Patch
    from matplotlib.ticker import MultipleLocator

    axes.set_xlim(start_s - 0.01 * (end_s - start_s), end_s + 0.01 * (end_s - start_s))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    step_s = next((step for step in TICKS_S if (end_s - start_s) / step <= 10), 7 * 86400)
    if (end_s - start_s) / step_s <= 20:
        axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(lambda value, _position: _clock(value))
    axes.grid(axis="x", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize="small")
    seen = {p.status for _, placements in rows for p in placements if p.clip != reference}
    words = {"reference": "reference"} | {k: w for k, w in STATUS_WORDS.items() if k in seen}
    patches = [Patch(color=COLORS[kind], label=word) for kind, word in words.items()]
    axes.legend(
        handles=patches,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(patches),
        frameon=False,
        fontsize="small",
    )


def _clock(time_s: float) -> str:
    """Return a time as [H:]MM:SS."""
    sign, whole = "-" if time_s < 0 else "", round(abs(time_s))
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{sign}{f'{hours}:' if hours else ''}{minutes:02d}:{seconds:02d}"
