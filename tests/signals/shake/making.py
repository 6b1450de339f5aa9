"""Shaken cameras in memory. Import from ``tests.signals.shake.making``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

from clapless.media.gpmf import Telemetry, TelemetryStream
from clapless.media.reading import Block, FrameBlock, TelemetryBlock
from clapless.model import Clip, Refusal, clock_rate
from clapless.signals.shake import ShakeFeature
from clapless.signals.shake.extractor import ShakeExtractor
from clapless.synth.movie import Frame
from clapless.synth.shaken import ShakenCamera, Turning, shaken_pictures

Doubles = NDArray[np.float64]

FINE_HZ = 500.0

MOUNT = np.asarray(Rotation.random(random_state=11).as_matrix(), np.float64)


def turning(length_s: float, seed: int, *, size: float = 0.35, high_hz: float = 6.0) -> Turning:
    """Return how a hand turns, up to some Hz, `size` rad/s about each axis."""
    rng = np.random.default_rng((seed, 21))
    sections = butter(2, [0.3, high_hz], "bandpass", fs=FINE_HZ, output="sos")
    rates = sosfiltfilt(sections, rng.standard_normal((int(length_s * FINE_HZ), 3)), axis=0)
    rates = size * rates / rates.std()
    return Turning(times_s=np.arange(rates.shape[0]) / FINE_HZ, rates=rates, seed=seed)


def camera(**changes: object) -> ShakenCamera:
    """Return a small camera."""
    plain = ShakenCamera(
        frame_rate=Fraction(30000, 1001), size=(192, 108), mount=MOUNT, exposure_s=0.001
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def clip_of(name: str, frame_rate: Fraction, frames: int) -> Clip:
    return Clip(
        id=name,
        name=name,
        files=(),
        frame_rate=frame_rate,
        duration_s=Fraction(frames) / frame_rate,
    )


def blocks(pictures: Iterable[Frame], frame_rate: Fraction) -> Iterator[FrameBlock]:
    """Yield pictures as they come from a file, eight at a time."""
    held: list[Frame] = []
    index = 0
    for picture in pictures:
        held.append(picture)
        if len(held) == 8:
            yield _block(held, index, frame_rate)
            index, held = index + len(held), []
    if held:
        yield _block(held, index, frame_rate)


def _block(held: list[Frame], first: int, frame_rate: Fraction) -> FrameBlock:
    numbers = range(first, first + len(held))
    return FrameBlock(
        times_s=np.array([float(number / frame_rate) for number in numbers]),
        keyframes=np.array([number % 30 == 0 for number in numbers]),
        after_gap=np.array([number == 0 for number in numbers]),
        height=held[0].shape[0],
        width=held[0].shape[1],
        grey=np.stack(held),
    )


def gyroscope(
    body: Turning,
    start_s: float,
    end_s: float,
    *,
    drift_ppm: float = 0.0,
    noise: float = 0.005,
    scale: float = 1.0,
    seed: int = 0,
) -> TelemetryBlock:
    """Return what a sensor on a body delivers of a stretch, in its clip's time."""
    rng = np.random.default_rng((seed, 22))
    rate = clock_rate(Fraction(1), drift_ppm)
    own_s = np.arange(0.0, (end_s - start_s) * rate, 1 / 201.3)
    event_s = start_s + own_s / rate
    values = np.stack([np.interp(event_s, body.times_s, axis) for axis in body.rates.T], axis=1)
    stream = TelemetryStream(
        device_id=1,
        device="HERO9 Black",
        key="GYRO",
        times_s=own_s,
        values=scale * values + noise * rng.standard_normal(values.shape) + 0.02,
        rate_hz=201.3,
        time_std_s=1e-4,
        payload_first=np.zeros(1, np.int64),
        payload_time_s=np.zeros(1),
        stamps_s=np.full(1, np.nan),
    )
    return TelemetryBlock(telemetry=Telemetry(streams=(stream,)))


def fed(clip: Clip, *given: Block) -> ShakeFeature | Refusal:
    extractor = ShakeExtractor(clip)
    for block in given:
        extractor.feed(block)
    return extractor.finish()


def seen(
    name: str, body: Turning, view: ShakenCamera, length_s: float, *more: Block
) -> ShakeFeature:
    """Return the feature of a camera's pictures, and of more blocks (a gyroscope)."""
    frames = int(length_s * view.frame_rate)
    pictures = blocks(shaken_pictures(view, body, frames), view.frame_rate)
    found = fed(clip_of(name, view.frame_rate, frames), *more, *pictures)
    assert isinstance(found, ShakeFeature), found
    return found


def felt(name: str, body: Turning, start_s: float, end_s: float, **options: float) -> ShakeFeature:
    """Return the feature of a clip with a gyroscope and nothing to see."""
    black = (np.zeros((108, 192), np.uint8) for _ in range(30))
    rate = Fraction(25)
    found = fed(
        clip_of(name, rate, 30),
        gyroscope(body, start_s, end_s, **options),  # type: ignore[arg-type]
        *blocks(black, rate),
    )
    assert isinstance(found, ShakeFeature), found
    return found
