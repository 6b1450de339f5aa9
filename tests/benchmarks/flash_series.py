"""Flashes on simulated rolling shutters: how many series are joined, and how well.

Three cameras of 29.97, 25 (upside down) and 59.94 frames per second over five minutes; two flashes
are missing and one is extra in the third. Readout 8 to 30 ms and exposure 1 to 16 ms are drawn anew
for each camera. Run with: python tests/benchmarks/flash_series.py [draws]
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction

import numpy as np

from clapless.model import Clip, Match, inverse
from clapless.numerics.flash_spikes import SpikeFinder
from clapless.numerics.flashes import find_events
from clapless.signals.flash import FlashFeature, FlashSignal
from clapless.signals.flash.joint import compare
from clapless.synth.rolling_shutter import ShutterCamera, row_tables

RATES = (Fraction(30000, 1001), Fraction(25), Fraction(60000, 1001))
LENGTH_S = 300.0


def draw(
    seed: int, flashes: int, readouts_s: tuple[float, float], exposures_s: tuple[float, float]
) -> tuple[list[ShutterCamera], list[list[tuple[float, float]]]]:
    """Return three cameras and the flashes that each one could see."""
    rng = np.random.default_rng(seed)
    all_flashes = [
        (float(t), float(rng.uniform(0.6, 1.3))) for t in np.sort(rng.uniform(8, LENGTH_S, flashes))
    ]
    cameras = []
    for number, rate in enumerate(RATES):
        longest_s = 0.95 / float(rate)
        low, high = exposures_s
        cameras.append(
            ShutterCamera(
                frame_rate=rate,
                readout_s=float(rng.uniform(readouts_s[0], min(readouts_s[1], longest_s))),
                exposure_s=float(np.exp(rng.uniform(np.log(low), np.log(min(high, longest_s))))),
                offset_s=0.0 if number == 0 else float(rng.uniform(-5, 5)),
                drift_ppm=0.0 if number == 0 else float(rng.uniform(-50, 50)),
                light=float(rng.uniform(15, 45)),
                upside_down=number == 1,
                seed=seed * 10 + number,
            )
        )
    seen = [list(all_flashes) for _ in cameras]
    if flashes > 4:
        for index in sorted(rng.choice(flashes, 2, replace=False).tolist(), reverse=True):
            seen[2].pop(index)
        seen[2] = sorted([*seen[2], (float(rng.uniform(20, LENGTH_S - 20)), 1.0)])
    return cameras, seen


def feature(name: str, camera: ShutterCamera, flashes: list[tuple[float, float]]) -> FlashFeature:
    """Return what the flash signal would keep of a clip of this camera."""
    finder = SpikeFinder()
    before_s = None
    for time_s, rows in row_tables(camera, flashes):
        if before_s is not None and time_s - before_s > 1.5 / float(camera.frame_rate):
            finder.gap()
        finder.add(time_s, rows)
        before_s = time_s
    interval_s = 1 / float(camera.frame_rate)
    events = find_events(finder.frames(), interval_s=interval_s, noise=finder.noise)
    clip = Clip(
        id=name,
        name=name,
        files=(),
        frame_rate=camera.frame_rate,
        duration_s=Fraction(int(LENGTH_S) + 10),
        height=camera.rows,
    )
    return FlashFeature(clip=clip, events=tuple(events), interval_s=interval_s, rows=camera.rows)


def trial(
    seed: int,
    flashes: int,
    readouts_s: tuple[float, float] = (0.008, 0.030),
    exposures_s: tuple[float, float] = (0.001, 0.016),
    *,
    given: bool = False,
) -> dict[str, object]:
    """Sync one draw; return its errors."""
    cameras, seen = draw(seed, flashes, readouts_s, exposures_s)
    features = {
        name: feature(name, camera, own)
        for name, camera, own in zip("abc", cameras, seen, strict=True)
    }
    readouts = {name: camera.readout_s * 1.003 for name, camera in zip("abc", cameras, strict=True)}
    signal = FlashSignal(readouts_s=readouts if given else {})
    answers = [m for m in signal.match_group(features) if isinstance(m, Match)]
    sure = [m for m in answers if m.confidence >= 0.9]
    matches = {(m.a, m.b): m for m in (*sure, *map(inverse, sure))}
    errors_s, stds_s, readout_errors = [], [], []
    for number, name in ((1, "b"), (2, "c")):
        match = matches.get(("a", name))
        if match is None:
            continue
        for event_s in (20.0, 150.0, 280.0):
            t_b = cameras[number].clip_s(event_s)
            errors_s.append(match.to_a(t_b) - cameras[0].clip_s(event_s))
            stds_s.append(match.std_s(t_b))
        measured = match.details["readouts_ms"]
        assert isinstance(measured, list)
        if ("a", name) not in {(m.a, m.b) for m in sure}:
            measured = measured[::-1]
        readout_errors += [
            abs(abs(value) / 1e3 / camera.readout_s - 1)
            for value, camera in zip(measured, (cameras[0], cameras[number]), strict=True)
        ]
    visible = used = 0
    for name, camera, own in zip("abc", cameras, seen, strict=True):
        times = np.array([e.time_s for e in features[name].events if e.edges] or [-99.0])
        for event_s, _ in own:
            if camera.visible(event_s):
                visible += 1
                used += bool(np.abs(times - camera.clip_s(event_s)).min() < 0.09)
    return {
        "joined": len(errors_s) == 6,
        "errors": np.array(errors_s),
        "stds": np.array(stds_s),
        "readout": max(readout_errors, default=np.nan),
        "visible": visible,
        "used": used,
    }


def report(name: str, results: list[dict[str, object]]) -> None:
    """Print one line of figures."""
    joined = [r for r in results if r["joined"]]
    wrong = sum(bool(np.abs(r["errors"]).max() > 0.03) for r in results if len(r["errors"]))  # type: ignore[arg-type,call-overload]
    text = f"{name}: joined {len(joined)}/{len(results)}, wrong {wrong}"
    if joined:
        errors = np.array([r["errors"] for r in joined]) * 1e3
        stds = np.array([r["stds"] for r in joined]) * 1e3
        rms = np.sqrt((errors**2).mean(axis=1))
        sure = stds.max(axis=1) < 0.2
        worst = np.array([r["readout"] for r in joined]) * 100
        text += (
            f", rms median {np.median(rms):.3f} P90 {np.percentile(rms, 90):.3f} ms, "
            f"<= 0.2 ms {np.mean(rms <= 0.2):.0%}, "
            f"2 std holds {np.mean(np.abs(errors) < 2 * stds):.0%}, "
            f"claims < 0.2 ms {sure.mean():.0%}"
        )
        if sure.any():
            text += (
                f" (of these rms P90 {np.percentile(rms[sure], 90):.3f} ms, "
                f"readout P90 {np.percentile(worst[sure], 90):.1f} %)"
            )
    share = sum(int(r["used"]) for r in results) / max(sum(int(r["visible"]) for r in results), 1)  # type: ignore[call-overload]
    print(f"{text}; used of visible {share:.1%}", flush=True)


def main() -> None:
    """Print the table."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    begin_s = time.process_time()
    print(f"seeds 200000 to 204000 and up, {draws} draws each")
    report("12 flashes", [trial(200_000 + s, 12) for s in range(draws)])
    report("12, readout given", [trial(200_000 + s, 12, given=True) for s in range(draws)])
    report("20 flashes", [trial(201_000 + s, 20) for s in range(draws)])
    report("20, readout given", [trial(201_000 + s, 20, given=True) for s in range(draws)])
    report("30 flashes", [trial(202_000 + s, 30) for s in range(draws)])
    report("6 flashes", [trial(203_000 + s, 6) for s in range(draws)])
    report("2 flashes", [trial(204_000 + s, 2) for s in range(draws)])
    print(f"CPU of one draw {(time.process_time() - begin_s) / (7 * draws):.2f} s")
    rng = np.random.default_rng(200_009)
    sure = []
    for _ in range(500):
        a, b = np.sort(rng.uniform(0, 300, 12)), np.sort(rng.uniform(0, 300, 12))
        verdict = compare(a, b)
        sure.append(0.0 if verdict.code else verdict.confidence)
    print(f"500 unrelated series: {sum(one >= 0.5 for one in sure)} joined or to check")


if __name__ == "__main__":
    main()
