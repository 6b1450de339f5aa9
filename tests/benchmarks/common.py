"""What the benchmark programs share: cases, answers, a pool of two, tables.

Run the programs as ``python tests/benchmarks/NAME.py``. Each prints its seeds. Seeds from 100000 on
are for measuring; no constant was fitted on them. Ten wrong answers that measuring found there
(pairs without a common moment, seeds 700000 to 1320299) led to other rules and stand in the tests;
what is published was measured after that, on seeds that nobody had looked at.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import contextlib
import math
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from clapless.media.reading import SoundBlock
from clapless.model import (
    CHECK_CONFIDENCE,
    SYNCED_CONFIDENCE,
    AudioStream,
    Clip,
    Match,
    MediaFile,
    Refusal,
)
from clapless.numerics.sound import ArraySound
from clapless.synth.recording import Microphone, NoiseKind
from clapless.synth.sound import KINDS, Kind, Pair, draw_microphone, make_negative, make_pair

FIRST_SEED = 100_000
"""Seeds below are for fitting."""

MATERIALS: tuple[Kind, ...] = (
    "speech",
    "music",
    "drum_machine",
    "mixed",
    "ambience",
    "babble",
    "noise",
)
"""Kinds that sound can prove."""

T = TypeVar("T")
R = TypeVar("R")

console = Console(width=150)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One pair to be made: all that `build` needs.

    `negative` cases share no moment; their `overlap_s` is 0.
    """

    seed: int
    kind: Kind
    overlap_s: float
    a_s: float
    b_s: float
    snr_db: float | None = 20.0
    noise: NoiseKind = "pink"
    room: bool = False
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    agc: bool = False
    muffled: bool = False
    negative: bool = False

    @property
    def material(self) -> str:
        """Class of material: what is heard, and where."""
        return f"{self.kind}, {'room' if self.room else 'open'}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the matcher said of a case, beside the truth.

    Parameters
    ----------
    confidence
        0 where it refused.
    right
        Whether the error is under max(20 ms, 3 std) at both ends of the shared part.
    errors_s, stds_s
        Answer minus truth, and the standard deviation it claims, at both ends of the shared part.
    drift_error_ppm, drift_std_ppm
        The same of the drift.
    code
        Why it refused.
    cpu_s
        Of feature extraction and match.
    """

    case: Case
    provable: bool
    overlap_s: float
    confidence: float = 0.0
    right: bool = False
    errors_s: tuple[float, float] | None = None
    stds_s: tuple[float, float] = (math.nan, math.nan)
    drift_error_ppm: float = math.nan
    drift_std_ppm: float = math.nan
    code: str = ""
    cpu_s: float = 0.0
    details: dict[str, object] = field(default_factory=dict)

    @property
    def synced(self) -> bool:
        """Whether a user would see it as synced."""
        return self.confidence >= SYNCED_CONFIDENCE

    @property
    def check(self) -> bool:
        """Whether a user would see it as one to check."""
        return CHECK_CONFIDENCE <= self.confidence < SYNCED_CONFIDENCE


def draw_case(
    seed: int, *, negatives: float = 0.25, snr_db: tuple[float, float] = (-12.0, 20.0)
) -> Case:
    """Draw a case of everyday work, from easy to hopeless.

    Parameters
    ----------
    seed
        Decides everything.
    negatives
        Share of cases that share no moment (of all kinds, repeating ones included).
    snr_db
        Range of signal to own noise.
    """
    rng = np.random.default_rng((seed, 9))
    noises: tuple[NoiseKind, ...] = ("pink", "white", "babble", "wind", "hum")
    case = Case(
        seed=seed,
        kind=MATERIALS[rng.integers(len(MATERIALS))],
        overlap_s=float(np.exp(rng.uniform(np.log(3.0), np.log(90.0)))),
        a_s=0.0,
        b_s=0.0,
        snr_db=float(rng.uniform(*snr_db)),
        noise=noises[rng.choice(5, p=(0.4, 0.15, 0.25, 0.1, 0.1))],
        room=bool(rng.random() < 0.5),
        drift_ppm=float(np.clip(rng.normal(0.0, 30.0), -200, 200)),
        agc=bool(rng.random() < 0.2),
        muffled=bool(rng.random() < 0.1),
    )
    more_a_s, more_b_s = rng.uniform(2.0, 120.0, 2)
    contained = rng.random() < 0.5
    case = replace(
        case,
        a_s=case.overlap_s + float(more_a_s),
        b_s=case.overlap_s + (0.0 if contained else float(more_b_s)),
    )
    if rng.random() < negatives:
        kind = KINDS[rng.integers(len(KINDS))]
        return replace(case, kind=kind, negative=True, overlap_s=0.0, b_s=max(case.b_s, 8.0))
    return case


def build(case: Case) -> Pair:
    """Make the pair of a case."""
    if case.negative:
        return make_negative(
            case.seed,
            case.kind,
            a_s=case.a_s,
            b_s=case.b_s,
            snr_db=case.snr_db,
            room=case.room,
            drift_ppm=case.drift_ppm,
        )
    rng = np.random.default_rng((case.seed, 8))
    microphones = [_microphone(rng, case) for _ in range(2)]
    return make_pair(
        case.seed,
        kind=case.kind,
        overlap_s=case.overlap_s,
        a_s=case.a_s,
        b_s=case.b_s,
        drift_ppm=case.drift_ppm,
        speed=case.speed,
        microphone_a=microphones[0],
        microphone_b=microphones[1],
    )


def _microphone(rng: np.random.Generator, case: Case) -> Microphone:
    drawn = draw_microphone(rng, snr_db=case.snr_db, room=case.room, noise=case.noise)
    return replace(
        drawn,
        agc=case.agc,
        muffled_hz=float(rng.uniform(800, 2500)) if case.muffled else None,
    )


def clip_of(samples: NDArray[np.float32], rate_hz: int, name: str) -> Clip:
    """Return a clip without a file for sound in memory."""
    channels = np.atleast_2d(samples).shape[0]
    return Clip(
        id=name,
        name=name,
        files=(MediaFile(path=Path(f"/memory/{name}.wav")),),
        kind="audio",
        duration_s=Fraction(samples.shape[-1], rate_hz),
        audio=(AudioStream(index=0, channels=channels, sample_rate_hz=rate_hz),),
    )


def feature_of(samples: NDArray[np.float32], rate_hz: int, name: str) -> Any:
    """Return the audio signal's feature of sound in memory, or its refusal.

    Parameters
    ----------
    samples
        float32, full scale 1.0, shape (n,) or (channels, n).
    rate_hz
        Must be the rate at which sound is analysed.
    name
        Becomes the clip's id.
    """
    from clapless.signals.audio.extractor import AudioExtractor

    whole = np.clip(np.rint(np.atleast_2d(samples) * 32768.0), -32768, 32767).astype(np.int16)

    def opener(_clip: Clip, _stream: int, channel: int) -> ArraySound:
        return ArraySound(whole[channel], rate_hz)

    extractor = AudioExtractor(clip_of(samples, rate_hz, name), opener)
    step = 30 * rate_hz
    for first in range(0, whole.shape[1], step):
        extractor.feed(
            SoundBlock(
                stream=0,
                start_s=first / rate_hz,
                rate_hz=rate_hz,
                samples=whole[:, first : first + step],
            )
        )
    return extractor.finish()


def audio_signal() -> Any:
    """Return the audio signal."""
    from clapless.signals import SIGNALS

    return next(signal for signal in SIGNALS if signal.name == "audio")


def match_pair(pair: Pair, **options: Any) -> Match | Refusal:
    """Return what the audio signal says of a pair; options go to its `match`."""
    a = feature_of(pair.a, pair.rate_hz, "a")
    b = feature_of(pair.b, pair.rate_hz, "b")
    for feature in (a, b):
        if isinstance(feature, Refusal):
            return feature
    found: Match | Refusal = audio_signal().match(a, b, **options)
    return found


def judge(case: Case, pair: Pair, found: Match | Refusal, cpu_s: float = 0.0) -> Answer:
    """Set an answer beside the truth."""
    answer = Answer(case=case, provable=pair.provable, overlap_s=pair.overlap_s, cpu_s=cpu_s)
    if isinstance(found, Refusal):
        return replace(answer, code=found.code, details=dict(found.details))
    answer = replace(answer, confidence=found.confidence, details=dict(found.details))
    if pair.truth is None:
        return answer
    errors_s = pair.truth.errors_s(found)
    first_std_s, last_std_s = (found.std_s(t_s) for t_s in pair.truth.shared_b_s)
    close = all(
        abs(error) < max(0.020, 3.0 * std)
        for error, std in zip(errors_s, (first_std_s, last_std_s), strict=True)
    )
    return replace(
        answer,
        right=close and found.speed == pair.truth.speed,
        errors_s=errors_s,
        stds_s=(first_std_s, last_std_s),
        drift_error_ppm=found.drift_ppm - pair.truth.drift_ppm,
        drift_std_ppm=found.drift_std_ppm,
    )


def answer(case: Case, **options: Any) -> Answer:
    """Make a case's pair, match it with these options, judge it: one task of the pool."""
    pair = build(case)
    begin = time.process_time()
    found = match_pair(pair, **options)
    return judge(case, pair, found, time.process_time() - begin)


def run(work: Callable[[T], R], items: Sequence[T], jobs: int) -> Iterator[R]:
    """Yield ``work(item)`` for each item, in order, with progress on stderr."""
    begin = time.monotonic()
    errors = Console(stderr=True)
    results: Iterable[R]
    with multiprocessing.get_context("spawn").Pool(jobs) if jobs > 1 else _NoPool() as pool:
        results = pool.imap(work, items) if jobs > 1 else map(work, items)
        for done, result in enumerate(results, start=1):
            if done % 50 == 0:
                errors.print(f"{done} of {len(items)} in {time.monotonic() - begin:.0f} s")
            yield result


class _NoPool:
    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@contextlib.contextmanager
def private_cache() -> Iterator[None]:
    """Keep features in a folder of their own, so that nothing is known from another run."""
    before = os.environ.get("CLAPLESS_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLAPLESS_CACHE"] = folder
        try:
            yield
        finally:
            del os.environ["CLAPLESS_CACHE"]
            if before is not None:
                os.environ["CLAPLESS_CACHE"] = before


def arguments(
    description: str | None,
    *,
    pairs: int,
    more: Callable[[argparse.ArgumentParser], None] | None = None,
) -> argparse.Namespace:
    """Parse what all programs take: how many, from which seed, how many processes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--pairs", type=int, default=pairs, help="how many pairs (or shoots)")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--jobs", type=int, default=1, choices=(1, 2), help="processes")
    if more is not None:
        more(parser)
    found = parser.parse_args()
    if found.seed < FIRST_SEED:
        parser.error(f"seeds below {FIRST_SEED} are for fitting")
    return found


def print_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; floats with four significant digits."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for index, head in enumerate(heads):
        table.add_column(head, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*(f"{x:.4g}" if isinstance(x, float) else str(x) for x in row))
    console.print(table)


def print_seeds(seeds: Sequence[int]) -> None:
    """Print which seeds were used."""
    console.print(f"seeds {seeds[0]} to {seeds[-1]}, {len(seeds)} in all")
