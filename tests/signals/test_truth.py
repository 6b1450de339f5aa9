"""One shoot that every signal can tell the truth of: one sign, one convention, on real files.

Two cameras ride on one body. Both write sensors, satellites, timecode, sound and linear timecode,
and see the same things move and the same flashes. Whatever a signal goes by, it must say that B
starts `B_STARTS_S` later than A, and that B's clock is fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import clapless
from clapless.media.gpmf import Telemetry
from clapless.model import Session
from clapless.signals import SIGNALS
from clapless.synth.ltc import linear_timecode
from clapless.synth.movie import Encoding, Frame, Labels
from clapless.synth.receiver import Receiver, telemetry
from clapless.synth.recording import Microphone, record
from clapless.synth.ride import ride
from clapless.synth.rolling_shutter import ShutterCamera
from clapless.synth.sensors import Mount, mounted, shaken, write_sensor_movie
from clapless.synth.sound import RATE_HZ, make_event
from clapless.synth.views import View, paths, view_pictures
from clapless.timing import Timecode

pytestmark = pytest.mark.media

A_STARTS_S, B_STARTS_S = 1.0, 8.5
A_S, B_S = 38.0, 34.0
B_DRIFT_PPM = 40.0
EVENT_S = 48.0
MIDNIGHT_S = 36_000
WIDTH, ROWS = 96, 240
SOUND_HZ = 48000

TOLERANCE_S = {
    "audio": 1e-3,
    "motion": 5e-3,
    "ltc": 1e-3,
    "timecode": 0.025,
    "gps": 0.3,
    "flash": 2e-3,
    "picture": 0.02,
}
"""How near each must come; satellites know the time to some tenths of a second."""

ELSEWHERE = {"shake": "the pictures here hang still while the cameras turn"}
"""Signals that this shoot cannot serve; the contract of all signals holds their signs."""

MOMENTS = [
    signal.name for signal in SIGNALS if signal.proves == "moment" and signal.name not in ELSEWHERE
]


def flashes() -> list[tuple[float, float]]:
    """Return when it flashes: unevenly, so that no two gaps are alike."""
    times_s = np.sort(np.random.default_rng(21).uniform(9.5, 38.5, 14))
    return [(float(t), 1.0) for t in times_s]


def pictures(view: View, shutter: ShutterCamera, seconds: float) -> Iterator[Frame]:
    """Yield what a camera sees: things that move, and flashes in its rows."""
    gain = shutter.gain()[:, None] * shutter.light
    frames = round(seconds * view.frame_rate)
    series = flashes()
    seen = view_pictures(view, paths(4, EVENT_S + 10), frames, width=WIDTH, height=ROWS)
    for number, picture in enumerate(seen):
        light = shutter.light_of(number, series)
        if light.any():
            lit = picture.astype(np.float64) + light[:, None] * gain
            picture = np.clip(np.rint(lit), 0, 255).astype(np.uint8)
        yield picture


def camera(
    path: Path, body: Telemetry, *, start_s: float, seconds: float, drift_ppm: float, number: int
) -> Path:
    rate = (Fraction(25), Fraction(24))[number]
    heard = record(
        make_event(np.random.default_rng(31), "speech", EVENT_S),
        RATE_HZ,
        start_s=start_s,
        duration_s=seconds,
        microphone=Microphone(),
        seed=(number,),
        drift_ppm=drift_ppm,
        device_rate_hz=SOUND_HZ,
    )
    label = Timecode.at(Fraction(MIDNIGHT_S) + Fraction(start_s).limit_denominator(1000), rate)
    code = linear_timecode(
        label, heard.shape[-1] / SOUND_HZ, SOUND_HZ, drift_ppm=drift_ppm, level_db=-20.0
    )
    view = View(
        frame_rate=rate,
        offset_s=start_s,
        drift_ppm=drift_ppm,
        left=0.1 * number,
        scale=1.0 - 0.1 * number,
        noise=1.0,
        seed=number,
    )
    shutter = ShutterCamera(
        frame_rate=rate,
        readout_s=(0.020, 0.016)[number],
        exposure_s=(0.011, 0.009)[number],
        offset_s=start_s,
        drift_ppm=drift_ppm,
        rows=ROWS,
        light=60.0,
        seed=number,
    )
    mount = Mount(
        start_s=start_s,
        duration_s=seconds,
        drift_ppm=drift_ppm,
        turned=number or None,
        seed=number,
    )
    return write_sensor_movie(
        path,
        mounted(body, mount, stamped_by=rate),
        frames=pictures(view, shutter, seconds),
        frame_rate=rate,
        duration_s=seconds,
        sound=np.stack([np.atleast_2d(heard)[0], code]),
        rate_hz=SOUND_HZ,
        labels=Labels(timecode=str(label), creation_time="2026-05-04T10:00:00Z"),
        encoding=Encoding(crf=20, audio_bit_rate=192_000),
        device=("HERO9 Black", "HERO11 Black")[number],
    )


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("truth")
    felt = shaken(6, EVENT_S)
    placed = telemetry(ride(12, EVENT_S + 10), Receiver(), start_s=0.0, duration_s=EVENT_S, seed=12)
    body = replace(felt, streams=(*felt.streams, *placed.streams))
    a = camera(
        folder / "A" / "GX010001.MP4", body,
        start_s=A_STARTS_S, seconds=A_S, drift_ppm=0.0, number=0,
    )  # fmt: skip
    b = camera(
        folder / "B" / "GX010002.MP4", body,
        start_s=B_STARTS_S, seconds=B_S, drift_ppm=B_DRIFT_PPM, number=1,
    )  # fmt: skip
    return a, b


def placed_on(session: Session, reference: Path, other: Path) -> clapless.Placement:
    ids = {clip.path: clip.id for clip in session.clips}
    (group,) = session.groups
    assert group.reference == ids[reference]
    return next(p for p in group.placements if p.clip == ids[other])


@pytest.mark.parametrize("name", MOMENTS)
def test_every_signal_says_the_same(shoot: tuple[Path, Path], name: str) -> None:
    a, b = shoot
    rate = 1 + B_DRIFT_PPM * 1e-6
    later_s = B_STARTS_S - A_STARTS_S
    told = set()
    for reference, other, offset_s, drift_ppm in (
        (a, b, later_s, B_DRIFT_PPM),
        (b, a, -later_s * rate, -B_DRIFT_PPM),
    ):
        session = clapless.sync([a.parent, b.parent], signals=[name], reference=reference)
        placement = placed_on(session, reference, other)
        assert placement.signals == (name,)
        assert placement.offset_s == pytest.approx(offset_s, abs=TOLERANCE_S[name])
        assert abs(placement.offset_s - offset_s) < 3.5 * placement.offset_std_s + 1e-4
        assert abs(placement.drift_ppm - drift_ppm) < 3 * placement.drift_std_ppm + 0.5
        if placement.drift_std_ppm < 10:
            # What measures clocks says which is the fast one.
            assert np.sign(placement.drift_ppm) == np.sign(drift_ppm)
            told.add(name)
    assert told == {name} & {"audio", "ltc"}


def test_the_bar_is_set_for_every_signal_that_proves_a_moment() -> None:
    assert set(TOLERANCE_S) == set(MOMENTS)
