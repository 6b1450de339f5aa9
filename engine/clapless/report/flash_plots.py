"""A chart per camera: where in the picture each flash was seen, and how well its edges fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clapless.aside import draw_aside
from clapless.errors import ClaplessError, printable, reason_of
from clapless.model import Match, Session

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FITS, STRAY, INK = "#2e7d4f", "#c0392b", "#333333"

Edges = list[list[float]]
"""[clip time, row from the top (0 to 1), what is left over in ms, weight] per edge."""


def flash_edges(session: Session) -> dict[str, tuple[Match, int, Edges]]:
    """Return per clip the match that shows most of its flashes, its side (0 = a) and its edges."""
    best: dict[str, tuple[Match, int, Edges]] = {}
    for match in session.matches:
        if match.signal != "flash":
            continue
        for side, (clip, key) in enumerate(((match.a, "edges_a"), (match.b, "edges_b"))):
            edges = match.details.get(key)
            if isinstance(edges, list) and (clip not in best or len(edges) > len(best[clip][2])):
                best[clip] = (match, side, edges)
    return best


def draw_flashes(session: Session, folder: Path) -> list[Path]:
    """Draw a chart per clip with flashes into PNG files of a folder and return them.

    Raises
    ------
    ClaplessError
        The folder cannot be written.
    """
    drawn: list[Path] = []
    try:
        for clip, (match, side, edges) in sorted(flash_edges(session).items()):
            folder.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^\w-]", "_", f"flashes_{clip}", flags=re.ASCII)
            path = folder / f"{name}.png"
            figure = flash_figure(session.clip(clip).name, match.details, side, edges)
            draw_aside(figure, path, dpi=120)
            drawn.append(path)
    except OSError as error:
        why = reason_of(error)
        raise ClaplessError(
            f"The charts cannot be written to {printable(str(folder))}: {why}."
        ) from error
    return drawn


def flash_figure(name: str, details: Mapping[str, object], side: int, edges: Edges) -> Figure:
    """Return the chart of one camera."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    table = np.array(edges, np.float64).reshape(-1, 4)
    fits = table[:, 3] > 0.3
    figure = Figure(figsize=(10.0, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    for chosen, color, label in ((fits, FITS, "edge that fits"), (~fits, STRAY, "left out")):
        if chosen.any():
            upper.plot(table[chosen, 0], table[chosen, 1], "o", ms=5, color=color, label=label)
            shown = np.clip(table[chosen, 2], -1, 1)
            lower.plot(table[chosen, 0], shown, "o", ms=4, color=color)
    upper.set_ylim(1, 0)
    upper.set_ylabel("row (0 top, 1 bottom)")
    upper.set_title(_title(name, details, side, table, fits), loc="left", color=INK, fontsize=10)
    if len(table):
        upper.legend(loc="upper right", fontsize=8)
    lower.axhline(0, color=INK, lw=0.6)
    lower.set_ylim(-1.05, 1.05)
    lower.set_ylabel("left over, ms")
    lower.set_xlabel("time in the clip, s")
    return figure


def _title(
    name: str,
    details: Mapping[str, object],
    side: int,
    table: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    fits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> str:
    words = [printable(name)]
    readouts, exposures = details.get("readouts_ms"), details.get("exposures_ms")
    if isinstance(readouts, (list, tuple)) and isinstance(exposures, (list, tuple)):
        readout_ms = float(readouts[side])
        turned = ", read bottom first" if readout_ms < 0 else ""
        words.append(f"readout {abs(readout_ms):.2f} ms{turned}")
        words.append(f"exposure {float(exposures[side]):.2f} ms")
    words.append(f"{int(fits.sum())} of {len(table)} edges fit")
    return "  ·  ".join(words)
