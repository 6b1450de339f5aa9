"""Features of rides drawn in memory, and how far a map is from the truth."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from clapless.media.reading import FrameBlock
from clapless.model import Clip, Match, MediaFile, Refusal
from clapless.signals.scenery import SceneryFeature
from clapless.signals.scenery.extractor import EVERY_S, SceneryExtractor
from clapless.synth.ride_video import Passage, RideRun, passage, ride_frames, same_place_s

QUALITY = 50
"""Of JPEG, in place of a video encoder."""


def clip_of(name: str, run: RideRun, duration_s: float) -> Clip:
    return Clip(
        id=name,
        name=name,
        files=(MediaFile(path=Path(f"/memory/{name}.mp4")),),
        kind="video",
        duration_s=Fraction(duration_s).limit_denominator(1000),
        frame_rate=run.frame_rate,
    )


def extracted(
    name: str, run: RideRun, *, from_s: float = 0.0, for_s: float | None = None
) -> SceneryFeature | Refusal:
    """What the extractor makes of a run's pictures; those of its frames that it asks for."""
    duration_s = for_s or run.duration_s - from_s
    extractor = SceneryExtractor(clip_of(name, run, duration_s))
    frames = np.arange(int(duration_s * run.frame_rate)) / float(run.frame_rate)
    slots = np.floor(frames / EVERY_S + 1e-6)
    wanted_s = frames[np.concatenate([[True], np.diff(slots) > 0])]
    pictures = ride_frames(run, passage(run), times_s=wanted_s + from_s)
    for time_s, picture in zip(wanted_s, pictures, strict=True):
        coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        decoded = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
        assert decoded is not None
        small = cv2.resize(decoded, (480, 270), interpolation=cv2.INTER_AREA)
        extractor.feed(
            FrameBlock(
                times_s=np.array([time_s]),
                keyframes=np.array([False]),
                after_gap=np.array([False]),
                height=picture.shape[0],
                width=picture.shape[1],
                grey=np.asarray(small, np.uint8)[None],
            )
        )
    return extractor.finish()


def feature(name: str, run: RideRun, *, from_s: float = 0.0) -> SceneryFeature:
    found = extracted(name, run, from_s=from_s)
    assert isinstance(found, SceneryFeature), found
    return found


def errors_s(
    match: Match, ref: Passage, new: Passage, *, step_s: float = 0.1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times of the new run that the map answers, its errors there, and what it says of them.

    Where the reference stood, any time of its stop is right. Places that the reference did not
    pass are left out.
    """
    assert match.time_map is not None
    times, errors, stds = [], [], []
    for segment in match.time_map.segments:
        knots = np.array(segment.knots)
        for time_s in np.arange(knots[0, 0], knots[-1, 0], step_s):
            said_s = float(np.interp(time_s, knots[:, 0], knots[:, 1]))
            spans = same_place_s(ref, new, float(time_s))
            if not spans:
                continue
            off = min((said_s - np.clip(said_s, low, high) for low, high in spans), key=abs)
            times.append(time_s)
            errors.append(off)
            stds.append(np.interp(time_s, knots[:, 0], segment.std_s))
    return np.array(times), np.array(errors), np.array(stds)
