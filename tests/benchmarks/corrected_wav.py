"""An hour of sound at a clock corrected by 100 ppm: how exact, and what it costs.

Run ``python tests/benchmarks/corrected_wav.py``. Prints the error at head and tail against where
clicks must lie, THD+N of a sine of -6 dBFS, and the CPU beside what soxr alone takes for the same
samples in memory.
"""

from __future__ import annotations

import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import soxr

from clapless.render import WavWriter, correct_wav
from clapless.render.samples import blocks

RATE_HZ = 48000
SECONDS = 3600
SPEED = Fraction(1000100, 1000000)
CLICKS_S = (2.00001, 1800.00002, 3597.50003)
BLOCK_S = 30


def click_block(start_s: float) -> np.ndarray:
    t = start_s + np.arange(BLOCK_S * RATE_HZ) / RATE_HZ
    out = 1e-4 * np.random.default_rng(int(start_s)).standard_normal(len(t))
    for at_s in CLICKS_S:
        since = t - at_s
        near = np.abs(since) < 0.01
        out[near] += 0.5 * np.sinc(since[near] * 8000) * np.exp(-((since[near] * 2000) ** 2))
    return out[:, None]


def centre_s(samples: np.ndarray) -> float:
    """Time of a click by the slope of its phase over 750 Hz to 7.5 kHz."""
    peak = int(np.argmax(np.abs(samples)))
    spectrum = np.fft.rfft(np.roll(samples[peak - 256 : peak + 256], -256))[8:80]
    frequency = np.fft.rfftfreq(512)[8:80]
    slope = np.polyfit(frequency, np.unwrap(np.angle(spectrum)), 1, w=np.abs(spectrum))[0]
    return float((peak - slope / (2 * np.pi)) / RATE_HZ)


def thd_db(folder: Path) -> float:
    """THD+N of 997 Hz at -6 dBFS after the correction: what is left beside the sine, in dB.

    Its frequency is fitted too (to first order): a clock a nanosecond off is no distortion.
    """
    t = np.arange(60 * RATE_HZ) / RATE_HZ
    with WavWriter(folder / "sine.wav", channels=1, rate_hz=RATE_HZ) as wav:
        wav.write(0.5 * np.sin(2 * np.pi * 997 * t)[:, None])
    correct_wav(folder / "sine.wav", folder / "out.wav", speed=SPEED)
    out = np.concatenate(list(blocks(folder / "out.wav")))[RATE_HZ : 59 * RATE_HZ, 0]
    phase = 2 * np.pi * 997 * float(SPEED) * np.arange(len(out)) / RATE_HZ
    sine, cosine, t = np.sin(phase), np.cos(phase), np.linspace(-1.0, 1.0, len(out))
    basis = np.stack([sine, cosine, t * sine, t * cosine, np.ones_like(t)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, out, rcond=None)
    return float(20 * np.log10(np.std(out - basis @ fit) / np.std(basis @ fit)))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "a.wav", Path(folder) / "b.wav"
        with WavWriter(source, channels=1, rate_hz=RATE_HZ) as wav:
            for start_s in range(0, SECONDS, BLOCK_S):
                wav.write(click_block(float(start_s)))
        begin = time.process_time()
        correct_wav(source, target, speed=SPEED)
        ours_s = time.process_time() - begin
        stream = soxr.ResampleStream(
            float(RATE_HZ * SPEED), float(RATE_HZ), 1, dtype="float64", quality="VHQ"
        )
        data = click_block(0.0)
        begin = time.process_time()
        for _ in range(SECONDS // BLOCK_S):
            stream.resample_chunk(data)
        alone_s = time.process_time() - begin
        at = 0
        windows: dict[float, list[np.ndarray]] = {at_s: [] for at_s in CLICKS_S}
        for block in blocks(target):
            for at_s in CLICKS_S:
                first = int((at_s / float(SPEED) - 1) * RATE_HZ)
                low, high = max(first, at), min(first + 2 * RATE_HZ, at + len(block))
                if high > low:
                    windows[at_s].append(block[low - at : high - at, 0])
            at += len(block)
        for at_s, parts in windows.items():
            first = int((at_s / float(SPEED) - 1) * RATE_HZ)
            found_s = first / RATE_HZ + centre_s(np.concatenate(parts))
            print(f"click at {at_s:10.5f} s: {(found_s - at_s / float(SPEED)) * 1e6:+.3f} us")
        print(f"THD+N of -6 dBFS at 997 Hz: {thd_db(Path(folder)):.1f} dB")
        print(f"CPU {ours_s:.1f} s, soxr alone {alone_s:.1f} s: {ours_s / alone_s:.2f} times")


if __name__ == "__main__":
    main()
