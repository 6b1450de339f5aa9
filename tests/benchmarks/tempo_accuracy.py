"""How well two takes of one song at two tempos are aligned, and what unrelated sound gives.

Takes are made (`clapless.synth.takes`): players, a tempo that wanders by 3 %, the second take at
0.6 to 1.6 times the tempo, through a duller microphone and with noise 15 dB below. The truth is the
grid of eighths; players strike 9 ms beside it. The negatives are other songs in the same key and at
a like tempo, unlike halves of one song's sound turned round, and speech.

    .venv/bin/python tests/benchmarks/tempo_accuracy.py [--seed 100000] [--pairs 40]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from clapless.media.reading import SoundBlock
from clapless.model import Clip, Match, MediaFile, Refusal
from clapless.signals.tempo import TempoFeature, TempoSignal
from clapless.synth.music import Song, song
from clapless.synth.sound import make_negative
from clapless.synth.takes import beats, perform_take

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]

RATE_HZ = 16000
NOISE = 10 ** (-15 / 20)
INTERVAL = 1.96


def feature(samples: Samples, name: str) -> TempoFeature | Refusal:
    """Return what the signal keeps of some sound of power 1."""
    length = Fraction(len(samples), RATE_HZ)
    file = MediaFile(path=Path(f"{name}.wav"), duration_s=length)
    clip = Clip(id=name, name=name, kind="audio", files=(file,), duration_s=length)
    extractor = TempoSignal().extractor(clip)
    steps = np.clip(np.rint(samples * 3000), -32768, 32767).astype(np.int16)[None]
    for start in range(0, steps.shape[1], 40_000):
        block = steps[:, start : start + 40_000]
        extractor.feed(
            SoundBlock(stream=0, start_s=start / RATE_HZ, rate_hz=RATE_HZ, samples=block)
        )
    return extractor.finish()


def heard(samples: Samples, rng: np.random.Generator) -> Samples:
    """Return sound through a duller microphone, with noise."""
    edges = (float(rng.uniform(80, 250)), float(rng.uniform(2500, 6000)))
    dull = sosfilt(butter(2, edges, "bandpass", fs=RATE_HZ, output="sos"), samples)
    noise = NOISE * rng.standard_normal(len(samples))
    return np.asarray(dull / dull.std() + noise, np.float32)


def take(piece: Song, seed: int, *, sections: int, ratio: float = 1.0) -> tuple[Samples, Floats]:
    """Return a take and when its eighths fall."""
    rng = np.random.default_rng(seed)
    grid = beats(rng, piece, sections=sections, ratio=ratio)
    return perform_take(rng, piece, grid, RATE_HZ), grid


def positives(seeds: range) -> None:
    """Print how near the maps of pairs of takes come."""
    errors: list[Floats] = []
    medians, within, refused, known, cost = [], [], [], [], 0.0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        piece = song(rng)
        count = int(rng.integers(3, 8))
        one, grid_a = take(piece, seed + 1_000_000, sections=count)
        ratio = float(np.exp(rng.uniform(np.log(0.6), np.log(1.6))))
        two, grid_b = take(piece, seed + 2_000_000, sections=count, ratio=ratio)
        began = time.process_time()
        a, b = feature(one, "a"), feature(heard(two, rng), "b")
        assert isinstance(a, TempoFeature)
        assert isinstance(b, TempoFeature)
        found = TempoSignal().match(a, b)
        cost += time.process_time() - began
        if isinstance(found, Refusal):
            refused.append(f"{seed}: {found.code}")
            continue
        assert found.time_map is not None
        at_s = np.arange(grid_b[0], grid_b[-1], 0.1)
        true = np.interp(at_s, grid_b, grid_a)
        got, std = answers(found, at_s)
        ok = np.isfinite(got)
        error = np.abs(got - true)[ok]
        errors.append(error)
        medians.append(np.median(error))
        within.append(np.mean(error < INTERVAL * std[ok]))
        known.append(ok.mean())
    every = np.concatenate(errors)
    p50, p90, p95 = 1000 * np.percentile(every, [50, 90, 95])
    print(
        f"{len(medians)} of {len(seeds)} pairs of takes aligned; error median {p50:.0f} ms, "
        f"P90 {p90:.0f}, P95 {p95:.0f} ms; worst pair's median {1000 * max(medians):.0f} ms; "
        f"95 % interval holds {np.mean(within):.1%}; {np.mean(known):.1%} of the music answered; "
        f"{cost / len(seeds):.1f} CPU-s a pair"
    )
    print(f"not aligned: {', '.join(refused) or 'none'}")


def answers(found: Match, at_s: Floats) -> tuple[Floats, Floats]:
    """Return mapped times and their deviations, NaN where there is no answer."""
    got, std = np.full(len(at_s), np.nan), np.full(len(at_s), np.nan)
    assert found.time_map is not None
    for segment in found.time_map.segments:
        new, ref = np.array(segment.knots).T
        inside = (at_s >= new[0]) & (at_s <= new[-1])
        got[inside] = np.interp(at_s[inside], new, ref)
        std[inside] = np.interp(at_s[inside], new, segment.std_s)
    return got, std


def negatives(seeds: range) -> None:
    """Print what unrelated sound gives."""
    accepted: dict[str, list[str]] = {}
    told: dict[str, int] = {}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        one = song(rng)
        other = replace(song(rng), key_hz=one.key_hz, beat_s=one.beat_s * rng.uniform(0.8, 1.25))
        first, _ = take(one, seed + 1_000_000, sections=7)
        second, _ = take(other, seed + 2_000_000, sections=7)
        speech = make_negative(seed, "speech", a_s=60.0, b_s=60.0)
        cases = {
            "another song in the same key": (first, second),
            "the song turned round": (first, first[::-1]),
            "other speech": (speech.a, speech.b),
            "a song and speech": (first, speech.a),
        }
        for name, (x, y) in cases.items():
            a, b = feature(unit(x), "a"), feature(unit(y), "b")
            told[name] = told.get(name, 0) + 1
            if isinstance(a, Refusal) or isinstance(b, Refusal):
                continue
            found = TempoSignal().match(a, b)
            if isinstance(found, Match):
                accepted.setdefault(name, []).append(f"{seed} ({found.confidence:.2f})")
    for name, count in told.items():
        wrong = accepted.get(name, [])
        print(f"{name}: {len(wrong)} of {count} taken for one piece {', '.join(wrong)}")


def unit(samples: NDArray[np.generic]) -> Samples:
    """Return sound at power 1."""
    real = np.asarray(samples, np.float32)
    return np.asarray(real / max(float(real.std()), 1e-9), np.float32)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=40)
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + given.pairs)
    print(f"seeds {seeds.start} to {seeds.stop - 1}")
    positives(seeds)
    negatives(seeds)


if __name__ == "__main__":
    main()
