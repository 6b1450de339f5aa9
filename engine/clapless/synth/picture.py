"""Pictures with a burnt-in clock, so that an eye can check what a sync claims.

Each frame shows the time of day to the millisecond, the camera's name and frame number, and a dial
whose hand swings as something at the event would: at random, alike for all cameras there, otherwise
at another event. The time shown is that of the frame's presentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from clapless.model import clock_rate
from clapless.synth.movie import Frame
from clapless.synth.noise import slow_curve

_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all cameras of an event see.

    Parameters
    ----------
    begins_s
        Seconds since midnight of event time 0.
    angles
        Where the hand points, in radians, every `STEP_S` from event time `FROM_S` on.
    """

    begins_s: float
    angles: NDArray[np.float64]

    def angle(self, event_s: float) -> float:
        """Return where the hand points at an event time."""
        at = (event_s - FROM_S) / STEP_S
        return float(np.interp(at, np.arange(self.angles.size), self.angles))


STEP_S = 0.02
FROM_S = -10.0


def scene(rng: np.random.Generator, *, duration_s: float, begins_s: float = 0.0) -> Scene:
    """Draw what is seen at an event that lasts so long."""
    count = int((duration_s - 2 * FROM_S) / STEP_S)
    angles = slow_curve(rng, count, round(1 / STEP_S), step_s=0.45, spread=1.5)
    return Scene(begins_s=begins_s, angles=angles.astype(np.float64))


def clock_text(day_s: float) -> str:
    """Return the time of day as it is burnt in.

    >>> clock_text(83.4567), clock_text(86400.25)
    ('00:01:23.457', '00:00:00.250')
    """
    minutes, ms = divmod(round(day_s * 1000) % 86_400_000, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{ms // 1000:02d}.{ms % 1000:03d}"


def clock_frames(
    *,
    name: str,
    frames: int,
    frame_rate: Fraction,
    start_s: float,
    seen: Scene | None = None,
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
    seen
        What happens there; a still hand at midnight where None.
    width, height
        Size in pixels, even.
    """
    rate = clock_rate(speed, drift_ppm)
    seen = seen or Scene(begins_s=0.0, angles=np.zeros(2))
    background = _background(name, width, height)
    unit = height / 180.0
    thick = max(1, round(unit))
    centre = (round(width - 34 * unit), round(40 * unit))
    for index in range(frames):
        event_s = start_s + float(index / frame_rate) / rate
        picture = background.copy()
        angle = seen.angle(event_s)
        tip = (
            round(centre[0] + 26 * unit * float(np.sin(angle))),
            round(centre[1] - 26 * unit * float(np.cos(angle))),
        )
        cv2.line(picture, centre, tip, 235, 2 * thick)
        for text, left, base, size, weight in (
            (clock_text(seen.begins_s + event_s), 8, 110, 1.25, 2),
            (f"{index:06d}", 8, 160, 0.9, 1),
        ):
            place = (round(left * unit), round(base * unit))
            cv2.putText(picture, text, place, _FONT, size * unit, 235, weight * thick)
        yield picture


def _background(name: str, width: int, height: int) -> Frame:
    """Draw a slope of grey of the camera's own, its name, and the dial."""
    shade = 30 + 12 * (sum(name.encode()) % 7)
    slope = np.linspace(shade, shade + 40, height)[:, None] + np.linspace(0, 20, width)
    picture = slope.astype(np.uint8)
    unit = height / 180.0
    thick = max(1, round(unit))
    cv2.putText(picture, name, (round(8 * unit), round(40 * unit)), _FONT, 0.9 * unit, 200, thick)
    centre = (round(width - 34 * unit), round(40 * unit))
    cv2.circle(picture, centre, round(30 * unit), 200, thick)
    return picture
