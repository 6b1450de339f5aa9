"""Pictures with a burnt-in clock, so that an eye can check what a sync claims.

Each frame shows the event's time to the millisecond, the camera's name and frame number, and a hand
that goes round once a second. The time shown is that of the frame's presentation time.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np

from clapless.model import clock_rate
from clapless.synth.movie import Frame

_FONT = cv2.FONT_HERSHEY_DUPLEX


def clock_text(event_s: float) -> str:
    """Return event time as it is burnt in.

    >>> clock_text(83.4567), clock_text(-0.25)
    ('00:01:23.457', '-00:00:00.250')
    """
    whole = round(abs(event_s) * 1000)
    minutes, ms = divmod(whole, 60_000)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if event_s < 0 and whole else ""
    return f"{sign}{hours:02d}:{minutes:02d}:{ms // 1000:02d}.{ms % 1000:03d}"


def clock_frames(
    *,
    name: str,
    frames: int,
    frame_rate: Fraction,
    start_s: float,
    drift_ppm: float = 0.0,
    speed: Fraction = Fraction(1),
    width: int = 320,
    height: int = 180,
) -> Iterator[Frame]:
    """Yield the pictures of a clip, grey, uint8, shape (height, width).

    Parameters
    ----------
    name
        Of the camera.
    frames
        How many.
    frame_rate
        Frames per second of the camera's own clock.
    start_s, drift_ppm, speed
        Where the clip lies in the event, by the placement formula of `clapless.model`.
    width, height
        Size in pixels, even.
    """
    rate = clock_rate(speed, drift_ppm)
    background = _background(name, width, height)
    unit = height / 180.0
    thick = max(1, round(unit))
    centre = (round(width - 34 * unit), round(40 * unit))
    for index in range(frames):
        event_s = start_s + float(index / frame_rate) / rate
        picture = background.copy()
        angle = 2 * np.pi * (event_s % 1.0)
        tip = (
            round(centre[0] + 26 * unit * float(np.sin(angle))),
            round(centre[1] - 26 * unit * float(np.cos(angle))),
        )
        cv2.line(picture, centre, tip, 235, 2 * thick)
        for text, left, base, size, weight in (
            (clock_text(event_s), 8, 110, 1.25, 2),
            (f"{index:06d}", 8, 160, 0.9, 1),
        ):
            place = (round(left * unit), round(base * unit))
            cv2.putText(picture, text, place, _FONT, size * unit, 235, weight * thick)
        yield picture


def _background(name: str, width: int, height: int) -> Frame:
    """Draw a slope of grey of the camera's own, its name, and the dial of the second hand."""
    shade = 30 + 12 * (sum(name.encode()) % 7)
    slope = np.linspace(shade, shade + 40, height)[:, None] + np.linspace(0, 20, width)
    picture = slope.astype(np.uint8)
    unit = height / 180.0
    thick = max(1, round(unit))
    cv2.putText(picture, name, (round(8 * unit), round(40 * unit)), _FONT, 0.9 * unit, 200, thick)
    centre = (round(width - 34 * unit), round(40 * unit))
    cv2.circle(picture, centre, round(30 * unit), 200, thick)
    return picture
