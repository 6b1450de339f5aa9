"""Shake against gyroscopes: synthetic cameras driven by real rates, unlike pairs, real files.

A camera with a rolling shutter is turned by the real angular rates of GoPro telemetry (shared data)
through a scene with two depths, sways, and something passes before it; its pictures go through
H.264 into an MP4. Another camera on the same body delivers the rates, with noise and a bias of its
own, as a telemetry track in an MP4 with black pictures. Both are read as files. Truth is the time
of a frame as Clapless defines it: the exposure centre of the row that is read first.

Aims: at most 2 ms with 30 s or more, readout within 10 %; of unlike pairs (other recordings, and
all recordings backwards, of which the picture's own) none synced; hero5_karma.mp4 within 30 ms of
its own telemetry and hero7.mp4 refused as stabilised.
Run with: python tests/benchmarks/shake_accuracy.py [cases [seed]]
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import multiprocessing
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from motion_slices import GOPRO, recording
from scipy.spatial.transform import Rotation

from clapless.media import probe
from clapless.media.reader import read_once
from clapless.model import CHECK_CONFIDENCE, SYNCED_CONFIDENCE, Clip, Match, Refusal
from clapless.signals.shake import ShakeFeature, ShakeSignal
from clapless.synth.gpmf import Stream, Writer
from clapless.synth.movie import Encoding, write_movie
from clapless.synth.mp4_track import add_telemetry
from clapless.synth.shaken import ShakenCamera, Turning, shaken_pictures

MOVING = ("hero8 walking", "hero7 ride", "hero5")
"""Recordings that move and are long enough."""

OTHERS = (*MOVING, "hero8 basement", "hero5 karma", "hero7 run")
"""Recordings that pictures are held against."""

LENGTH_S = 31.0

PAYLOAD_S = 1.001

SIGNAL = ShakeSignal()


@dataclass(frozen=True)
class Case:
    """One synthetic camera and the gyroscope beside it."""

    name: str
    camera: ShakenCamera
    picture: ShakeFeature
    felt: ShakeFeature


def drawn(number: int, seed: int) -> tuple[str, ShakenCamera]:
    """Return recording and camera of a case."""
    rng = np.random.default_rng((seed, number))
    name = MOVING[number % len(MOVING)]
    length_s = float(recording(name)["GYRO"].times_s[-1])
    rates = (Fraction(25), Fraction(30000, 1001), Fraction(30000, 1001), Fraction(50))
    camera = ShakenCamera(
        frame_rate=rates[int(rng.integers(4))],
        field_deg=float(rng.uniform(55, 95)),
        readout_s=float(rng.uniform(0.008, 0.019)),
        exposure_s=float(rng.uniform(0.001, 0.010)),
        mount=Rotation.random(random_state=int(rng.integers(10**6))).as_matrix(),
        offset_s=float(rng.uniform(0.3, max(0.5, length_s - LENGTH_S - 1.5))),
        upside_down=number % 5 == 4,
        seed=seed + number,
    )
    return name, camera


def taken(path: Path, name: str) -> ShakeFeature | Refusal:
    """Return the feature of a file."""
    clip = replace(probe(path), id=name)
    extractor = SIGNAL.extractor(clip)
    read_once(clip, [extractor])
    return extractor.finish()


def felt_file(folder: Path, name: str, seed: int, *, stamped: bool) -> Path:
    """Write a recording's rates as a camera with nothing to see delivers them."""
    rng = np.random.default_rng((seed, 77))
    stream = recording(name)["GYRO"]
    after = stream.times_s >= 0
    times_s = stream.times_s[after]
    count = int(times_s[-1] / PAYLOAD_S)
    noise = rng.standard_normal((times_s.size, 3)) * 0.007 + rng.standard_normal(3) * 0.02
    # A microsecond late, so that none falls before the edge of its payload by rounding.
    frame_s = np.arange(0.0, count * PAYLOAD_S, PAYLOAD_S / 30) + 1e-6
    streams = [
        Stream(
            key="GYRO",
            times_s=times_s,
            values=stream.values[after] + noise,
            scale=(3755,),
            stamped=stamped,
        ),
        Stream(
            key="CORI",
            times_s=frame_s,
            values=np.tile([1.0, 0, 0, 0], (frame_s.size, 1)),
            scale=(32767,),
            stamped=stamped,
        ),
    ]
    black = folder / "black.mp4"
    pictures = (np.zeros((36, 64), np.uint8) for _ in range(int(count * PAYLOAD_S * 10)))
    write_movie(black, frames=pictures, frame_rate=Fraction(10), sound=None)
    payloads = Writer(device="HERO8 Black").payloads(streams, count=count)
    return add_telemetry(black, folder / "felt.mp4", payloads)


def made(number: int, seed: int) -> Case:
    """Render, write and read one case."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        return made_in(Path(folder), number, seed)


def made_in(folder: Path, number: int, seed: int) -> Case:
    """Do so in a folder."""
    name, camera = drawn(number, seed)
    stream = recording(name)["GYRO"]
    turning = Turning(times_s=stream.times_s, rates=stream.values, seed=seed + number)
    path = folder / "seen.mp4"
    write_movie(
        path,
        frames=shaken_pictures(camera, turning, int(LENGTH_S * camera.frame_rate)),
        frame_rate=camera.frame_rate,
        sound=None,
        encoding=Encoding(crf=26, keyframe_every=30),
    )
    picture = taken(path, "seen")
    felt = taken(felt_file(folder, name, seed + number, stamped=number % 2 == 0), "felt")
    assert isinstance(picture, ShakeFeature), picture
    assert isinstance(felt, ShakeFeature), felt
    return Case(name, camera, picture, felt)


def show(number: int, case: Case) -> tuple[float, float]:
    """Print one case; return its error in ms and that of the readout in percent."""
    found = SIGNAL.match(case.felt, case.picture)
    camera = case.camera
    title = (
        f"{number}: {case.name}, {float(camera.frame_rate):.2f} fps, {camera.field_deg:.0f} deg, "
        f"readout {camera.readout_s * 1e3:.1f} ms{' from below' if camera.upside_down else ''}"
    )
    if isinstance(found, Refusal):
        print(f"{title}: refused, {found.code}", flush=True)
        return np.nan, np.nan
    middle_s = LENGTH_S / 2
    error_ms = (found.to_a(middle_s) - float(camera.event_s(np.array(middle_s)))) * 1e3
    readouts = found.details["readouts_ms"]
    assert isinstance(readouts, dict)
    true_ms = camera.readout_s * 1e3 * (-1 if camera.upside_down else 1)
    readout_off = float(readouts["seen"] / true_ms - 1) * 100
    print(
        f"{title}: error {error_ms:+.2f} ms (fit's own std {found.details['fit_std_ms']}, with "
        f"latency {found.offset_std_s * 1e3:.1f}), readout {readouts['seen']:.1f} "
        f"({readout_off:+.1f} %), explained {found.details['explained']}, "
        f"confidence {found.confidence:.3f}",
        flush=True,
    )
    return float(error_ms), readout_off


def pictures(cases: list[Case]) -> None:
    """Print what pictures against pictures come to: of one recording, and of two."""
    errors_ms: list[float] = []
    shared = asked = wrong = 0
    for number, one in enumerate(cases):
        for two in cases[number + 1 :]:
            a = replace(one.picture, clip=replace(one.picture.clip, id="a"))
            b = replace(two.picture, clip=replace(two.picture.clip, id="b"))
            found = SIGNAL.match(a, b)
            apart_s = two.camera.offset_s - one.camera.offset_s
            sure = isinstance(found, Match) and found.confidence >= CHECK_CONFIDENCE
            if one.name != two.name:
                asked += 1
                wrong += sure
            elif abs(apart_s) < LENGTH_S - 12:
                shared += 1
                if sure:
                    assert isinstance(found, Match)
                    middle_s = sum(found.spans_s[0]) / 2
                    errors_ms.append((found.to_a(middle_s) - middle_s - apart_s) * 1e3)
    off = np.abs(errors_ms) if errors_ms else np.array([np.nan])
    print(
        f"picture against picture of one recording, other camera and scene: {len(errors_ms)} of "
        f"{shared} placed, error median {np.median(off):.2f} ms, largest {off.max():.2f} ms; of "
        f"{asked} pairs of two recordings {wrong} placed"
    )


def other_gyroscope(name: str, *, backwards: bool) -> ShakeFeature:
    """Return a recording's gyroscope as a clip of its own, as it is or backwards."""
    from clapless.numerics.movement import on_grid
    from clapless.signals.shake.feature import Gyroscope

    stream = recording(name)["GYRO"]
    values = -stream.values[::-1] if backwards else stream.values
    word = "backwards" if backwards else "as it is"
    return ShakeFeature(
        clip=Clip(id=f"{name} {word}", name=name, files=()),
        pairs=None,
        gyroscope=Gyroscope(movement=on_grid(stream.times_s, values), time_std_s=1e-3),
    )


def unlike(cases: list[Case], karma: ShakeFeature) -> None:
    """Print what pairs that share no moment come to, whole pictures and 10 s of them."""
    pictures = [(case.name, case.picture) for case in cases] + [("hero5 karma", karma)]
    synced = checked = asked = 0
    evidence = [0.0]
    for own, whole in pictures:
        assert whole.pairs is not None
        inside = (whole.pairs.first_s > 1) & (whole.pairs.last_s < 11)
        short = replace(whole, pairs=whole.pairs.only(inside))
        for picture in (replace(whole, gyroscope=None), replace(short, gyroscope=None)):
            for name in OTHERS:
                for backwards in (False, True):
                    if name == own and not backwards:
                        continue
                    other = other_gyroscope(name, backwards=backwards)
                    found = SIGNAL.match(other, picture)
                    asked += 1
                    if isinstance(found, Match):
                        synced += found.confidence >= SYNCED_CONFIDENCE
                        checked += CHECK_CONFIDENCE <= found.confidence < SYNCED_CONFIDENCE
                        print(f"  {own} against {name}: {found}")
                    elif found.candidates:
                        evidence.append(max(place.score for place in found.candidates))
    print(
        f"unlike pairs: {asked}, synced {synced}, to check {checked}; "
        f"highest evidence {max(evidence):.1f} nats"
    )


def real() -> ShakeFeature:
    """Print what the two real files come to; return the first one's feature."""
    karma, hero7 = (taken(GOPRO / name, name) for name in ("hero5_karma.mp4", "hero7.mp4"))
    assert isinstance(karma, ShakeFeature), karma
    assert isinstance(hero7, ShakeFeature), hero7
    for name, feature in (("hero5_karma.mp4", karma), ("hero7.mp4", hero7)):
        felt = replace(feature, pairs=None, clip=replace(feature.clip, id="telemetry"))
        seen = replace(feature, gyroscope=None, clip=replace(feature.clip, id="picture"))
        found = SIGNAL.match(felt, seen)
        if isinstance(found, Match):
            print(
                f"{name}: picture {found.to_a(6.0) * 1e3 - 6e3:+.1f} ms against its own "
                f"telemetry (std {found.std_s(6.0) * 1e3:.1f} ms), confidence {found.confidence}"
            )
        else:
            print(f"{name}: refused, {found.code}: {found.reason}")
    return karma


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    print(f"seeds {seed} to {seed + count - 1}; {LENGTH_S:g} s each")
    cases, errors_ms, readouts = [], [], []
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for number, case in enumerate(pool.map(partial(made, seed=seed), range(count))):
            cases.append(case)
            error_ms, readout_off = show(number, case)
            errors_ms.append(abs(error_ms))
            readouts.append(abs(readout_off))
    placed = int(np.isfinite(errors_ms).sum())
    print(
        f"{placed} of {count} placed; largest error {np.nanmax(errors_ms):.2f} ms, median "
        f"{np.nanmedian(errors_ms):.2f} ms; readout off by at most {np.nanmax(readouts):.1f} %"
    )
    pictures(cases)
    unlike(cases, real())


if __name__ == "__main__":
    main()
