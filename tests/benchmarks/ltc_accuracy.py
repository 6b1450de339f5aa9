"""Linear timecode: frames found, labels wrong, errors and cost, by what was done to the sound.

Run with ``python tests/benchmarks/ltc_accuracy.py [SECONDS]``. Every row holds all five rates, both
directions where it says so; errors are of frames against their exact times, in microseconds (a
sample at 48 kHz is 20.8), "line" those of the runs' lines. Labels are wrong "read" where a single
frame was misread, "kept" where it is still in a run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from clapless.media.probe import probe
from clapless.media.reader import sound_blocks
from clapless.numerics.ltc import LtcDecoder, find_runs
from clapless.numerics.ltc.frames import count_frames
from clapless.synth.ltc import linear_timecode
from clapless.synth.noise import pink_noise
from clapless.timing import Timecode, nominal_rate

RATES = (Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30))
LEAD_S = 0.1234567
Samples = NDArray[np.float32]


def noisy(snr_db: float, colour: str) -> Callable[[Samples, np.random.Generator], Samples]:
    def add(sound: Samples, rng: np.random.Generator) -> Samples:
        if colour == "white":
            noise = rng.standard_normal(len(sound)).astype(np.float32)
        else:
            noise = pink_noise(rng, len(sound), 48000)
        wanted = np.mean(sound**2) / 10 ** (snr_db / 10)
        return sound + noise * np.float32(np.sqrt(wanted / np.mean(noise**2)))

    return add


def through_aac(bit_rate: int) -> Callable[[Samples, np.random.Generator], Samples]:
    def code(sound: Samples, _: np.random.Generator) -> Samples:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "code.m4a"
            with av.open(path, "w") as out:
                stream = out.add_stream("aac", rate=48000, layout="mono")
                stream.bit_rate = bit_rate
                frame = av.AudioFrame.from_ndarray(
                    sound.reshape(1, -1), format="fltp", layout="mono"
                )
                frame.sample_rate = 48000
                frame.pts, frame.time_base = 0, Fraction(1, 48000)
                for packet in (*stream.encode(frame), *stream.encode(None)):
                    out.mux(packet)
            clip = probe(path)
            blocks = [block.samples[0] for block in sound_blocks(clip, rates_hz=(48000,))]
        return np.asarray(np.concatenate(blocks)[: len(sound)] / 32767, np.float32)

    return code


def clean(sound: Samples, _: np.random.Generator) -> Samples:
    return sound


def row(
    name: str,
    seconds: float,
    change: Callable[[Samples, np.random.Generator], Samples] = clean,
    *,
    rate_hz: int = 48000,
    speed: float = 1.0,
    backwards: bool = False,
    level_db: float = -12.0,
) -> None:
    expected = found = misread = kept = 0
    errors: list[NDArray[np.float64]] = []
    line_errors: list[float] = []
    firsts: list[float] = []
    used_s = 0.0
    for rate in RATES:
        rng = np.random.default_rng(7)
        start = Timecode.parse("01:02:03:04", rate)
        sound = linear_timecode(
            start,
            seconds,
            48000,
            lead_s=LEAD_S,
            speed=speed,
            backwards=backwards,
            level_db=level_db,
            user_bits=0x13572468,
        )
        sound = change(sound, rng)
        if rate_hz != 48000:
            sound = soxr.resample(sound, 48000, rate_hz)
        sound16 = np.clip(np.round(sound * 32767), -32768, 32767).astype(np.int16)
        begun = time.process_time()
        decoder = LtcDecoder(rate_hz)
        for first in range(0, len(sound16), 1 << 17):
            decoder.feed(sound16[first : first + (1 << 17)])
        frames = decoder.finish()
        runs = find_runs(frames)
        used_s += time.process_time() - begun
        steps = count_frames(
            frames.hours,
            frames.minutes,
            frames.seconds,
            frames.frames,
            nominal=nominal_rate(rate),
            drop_frame=False,
        )
        steps = (steps - start.frame) * (-1 if backwards else 1)
        late = frames.time_s - LEAD_S - steps / float(rate) / speed
        right = np.abs(late) < 1e-3
        expected += int((seconds - LEAD_S) * float(rate) * speed)
        found += int(right.sum())
        misread += int((~right).sum())
        errors.append(np.abs(late[right]))
        firsts.append(float(frames.time_s[right][0]) - LEAD_S if right.any() else np.inf)
        sign = -1.0 if backwards else 1.0
        for run in runs:
            for t_s in (run.start_s, run.end_s):
                truth = float(start.seconds) + sign * (t_s - LEAD_S) * speed
                off = abs(run.label_s(t_s) - truth) / speed
                if off < 1e-3:
                    line_errors.append(off)
                else:
                    kept += run.count
                    break
    every = np.concatenate(errors) * 1e6
    if not len(every):
        print(f"{name:34s} nothing found, {misread} read wrong, {kept} kept wrong")
        return
    print(
        f"{name:34s} {found / expected:7.2%} found, {misread} read wrong, {kept} kept wrong; "
        f"error median {np.median(every):5.2f} max {every.max():6.2f} us, "
        f"line {max(line_errors) * 1e6:5.2f}; first after {max(firsts):.3f} s; "
        f"{used_s / (len(RATES) * seconds) * 3600:4.1f} CPU-s/h"
    )


def main(seconds: float) -> None:
    for rate_hz in (48000, 16000, 44100, 96000):
        row(f"clean, {rate_hz} Hz", seconds, rate_hz=rate_hz)
    row("clean, -40 dB", seconds, level_db=-40.0)
    row("clean, -40 dB, 16000 Hz", seconds, level_db=-40.0, rate_hz=16000)
    for speed in (0.5, 2.0):
        for backwards in (False, True):
            way = "backwards" if backwards else "forwards"
            row(f"speed {speed}, {way}", seconds, speed=speed, backwards=backwards)
            row(
                f"speed {speed}, {way}, 16000 Hz",
                seconds,
                speed=speed,
                backwards=backwards,
                rate_hz=16000,
            )
    row("backwards", seconds, backwards=True)
    for colour in ("white", "pink"):
        for snr_db in (20.0, 6.0, 0.0, -3.0):
            for rate_hz in (48000, 16000):
                name = f"{colour} {snr_db:g} dB, {rate_hz} Hz"
                row(name, seconds, noisy(snr_db, colour), rate_hz=rate_hz)
    for bit_rate in (192000, 64000, 32000):
        row(f"AAC {bit_rate // 1000} kb/s, 16000 Hz", seconds, through_aac(bit_rate), rate_hz=16000)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
