"""Telemetry in words and as curves, for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clapless.aside import draw_aside
from clapless.media.gpmf.gps import gps_recordings
from clapless.media.gpmf.model import Telemetry, TelemetryStream

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLOTTED = ("GYRO", "ACCL", "MAGN", "GRAV", "CORI", "GPS5", "GPS9")
"""Streams that are drawn; the rest are settings of the picture."""

MOST_POINTS = 4000
"""Points of a curve; more cannot be seen."""


def describe_telemetry(telemetry: Telemetry) -> tuple[str, ...]:
    """Return one line per stream: device, name, samples, measured rate, times, how they were had.

    Then come what the camera says of itself, the receivers' fixes, and what is damaged.
    """
    lines = [_line(stream) for stream in telemetry.streams]
    if telemetry.lapse != 1.0:
        lines.append(f"time-lapse: {telemetry.lapse:.3g} real seconds per second")
    for recording in gps_recordings(telemetry):
        share = float(np.mean(recording.fixed)) if recording.fixed.size else 0.0
        said = f"{recording.source}: {share:.0%} of {recording.fixed.size} positions have a fix"
        known = recording.utc_s[np.isfinite(recording.utc_s)]
        if known.size:
            first = np.datetime64(round(known[0] * 1000), "ms")
            said += f", from {first} UTC"
        lines.append(said)
    names = {"MINF": "model", "CASN": "serial", "FMWR": "firmware", "EISE": "stabilised"}
    lines += [
        f"{word}: {telemetry.settings[key]}"
        for key, word in names.items()
        if key in telemetry.settings
    ]
    return (*lines, *telemetry.notes)


def _line(stream: TelemetryStream) -> str:
    wide = 0 if stream.texts else stream.values.shape[1]
    axes = f" x {wide}" if wide else "" if stream.texts else " without values"
    unit = stream.units[0] if len(set(stream.units)) == 1 else ", ".join(stream.units[:5])
    name = stream.name.split("(")[0].split("[")[0].strip()
    how = {"stamped": "camera's stamps", "counted": "counted", "delivered": "per payload"}
    said = f"{stream.device}: {stream.key} {name}".rstrip()
    said += f", {stream.count}{axes} at {stream.rate_hz:.3f} Hz"
    if unit:
        said += f", {unit}"
    if stream.count:
        said += f", {stream.times_s[0]:.3f} to {stream.times_s[-1]:.3f} s"
    return f"{said}, times {how[stream.clock]} to {1000 * stream.time_std_s:.1f} ms"


def plot_telemetry(telemetry: Telemetry, *, title: str = "") -> Figure | None:
    """Return the curves of sensors and receivers over clip time, None where there are none.

    Parameters
    ----------
    telemetry
        What was read.
    title
        Stands above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = [
        stream
        for stream in telemetry.streams
        if stream.key in PLOTTED and stream.count > 1 and stream.values.shape[1]
    ]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 1.9 * len(drawn) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(drawn), 1, sharex=True, squeeze=False)[:, 0]
    for row, stream in zip(rows, drawn, strict=True):
        step = max(1, stream.count // MOST_POINTS)
        values = stream.values[::step]
        if stream.key.startswith("GPS"):
            values = values[:, 3:4]
            row.set_ylabel(f"{stream.key} speed\nm/s")
        else:
            row.set_ylabel("\n".join(filter(None, (stream.key, "".join(stream.units[:1])))))
        names = stream.axes if len(stream.axes) == values.shape[1] else None
        lines = row.plot(stream.times_s[::step], values, linewidth=0.6)
        if names:
            row.legend(lines, names, loc="upper right", fontsize="x-small")
    rows[-1].set_xlabel("clip time, s")
    if title:
        figure.suptitle(title)
    return figure


def save_plot(telemetry: Telemetry, path: Path, *, title: str = "") -> bool:
    """Draw the curves into a picture; return whether there was anything to draw.

    Parameters
    ----------
    telemetry
        What was read.
    path
        The picture, a PNG; it is written whole or not at all.
    title
        Stands above.

    Raises
    ------
    OSError
        The folder or the disk does not take it.
    """
    figure = plot_telemetry(telemetry, title=title)
    if figure is None:
        return False
    draw_aside(figure, path, dpi=110)
    return True
