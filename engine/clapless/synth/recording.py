"""A device that records an event: its clock, its room, its microphone, its electronics.

Conventions
-----------
* Event time is 0 at sample 0 of the event. A recording that starts at ``start_s`` on a clock of
  rate ``r = speed * (1 + drift_ppm * 1e-6)`` holds at clip time t what happened at
  ``start_s + t / r``, which is the placement formula of `clapless.model`.
* The truth is the direct sound: its path is taken as 0 s, reflections come after it. Equalisation
  is of zero phase, so that the truth is one number for all pitches; only the low cut of the
  microphone (first order, 20 to 120 Hz) delays, by less than 0.02 ms above 1 kHz.
* Each device draws its noise from a generator of its own. Noise shared between two recordings is a
  shared sound, and a matcher would be right to find it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from clapless.model import clock_rate
from clapless.synth.noise import Samples, hum, pink_noise, white_noise, wind
from clapless.synth.resampling import REACH, resample_at
from clapless.synth.speech import babble

NoiseKind = Literal["white", "pink", "babble", "wind", "hum", "none"]

_CHUNK = 1 << 20
"""Samples made at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where the device stands: direct sound, a few early reflections, a tail that dies away.

    Parameters
    ----------
    rt60_s
        Time in which the tail falls by 60 dB.
    direct_db
        Energy of the direct sound over that of everything after it, in decibels.
    first_reflection_s
        Delay of the first reflection.
    """

    rt60_s: float = 0.4
    direct_db: float = 0.0
    first_reflection_s: float = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Microphone:
    """What a device does to the sound besides its clock. The defaults are a perfect one.

    Parameters
    ----------
    room
        None is the open air.
    eq_db
        Spread of a smooth random colouring, zero phase.
    low_cut_hz
        First-order high-pass, causal as in a capsule; 0 is none.
    muffled_hz
        Under a jacket: everything above is taken away at 24 dB an octave; None is not muffled.
    noise
        What its own noise sounds like.
    snr_db
        Power of the event over power of own noise over `snr_span_s` of the recording, in decibels.
    gain_db
        Peak of the recording against full scale, before clipping: +6 clips.
    agc
        Whether an automatic gain (20 ms attack, 1.5 s release) evens the level out.
    bits
        Quantisation, None is float.
    polarity
        +1 or -1.
    channels
        Channel count; all of them hear the same event with noise of their own.
    dead_channels
        Which of them hold nothing but the last bit.
    channel_delays_s
        Delay of each channel (the sound reaches it later); the truth stays that of no delay.
    drops
        Pairs (at_s, lost_s): at clip time at_s the device lost lost_s of the event.
    """

    room: Room | None = None
    eq_db: float = 0.0
    low_cut_hz: float = 0.0
    muffled_hz: float | None = None
    noise: NoiseKind = "pink"
    snr_db: float | None = None
    gain_db: float = -6.0
    agc: bool = False
    bits: int | None = 16
    polarity: Literal[1, -1] = 1
    channels: int = 1
    dead_channels: tuple[int, ...] = ()
    channel_delays_s: tuple[float, ...] = ()
    drops: tuple[tuple[float, float], ...] = ()


def impulse_response(rng: np.random.Generator, room: Room, rate_hz: int) -> Samples:
    """Return what a room makes of a click: sample 0 is the direct sound, of height 1.

    Early reflections thicken into a tail of noise; high pitches die away first.
    """
    length = max(int(min(room.rt60_s, 3.0) * rate_hz), 64)
    t = np.arange(length) / rate_hz
    decay = np.exp(-6.9078 * t / room.rt60_s)
    tail = rng.standard_normal(length) * decay * np.clip((t - room.first_reflection_s) / 0.03, 0, 1)
    dull = signal.butter(1, min(5000.0, 0.4 * rate_hz), fs=rate_hz, output="sos")
    tail = signal.sosfilt(dull, tail)
    early = np.zeros(length)
    delays_s = room.first_reflection_s * (1 + rng.exponential(4.0, 8) * (np.arange(8) > 0))
    for delay_s in delays_s:
        at = int(delay_s * rate_hz)
        if at + 1 < length:
            strength = rng.uniform(0.3, 1.0) * decay[at] / (1 + 20 * delay_s)
            # Two taps: a wall is no mirror.
            early[at : at + 2] += strength * rng.dirichlet([2.0, 2.0])
    late = early / np.sqrt(np.sum(early**2) + 1e-12) + tail / np.sqrt(np.sum(tail**2) + 1e-12)
    late[0] = 0.0
    late *= 10 ** (-room.direct_db / 20) / np.sqrt(np.sum(late**2))
    late[0] = 1.0
    response: Samples = late.astype(np.float32)
    return response


def record(
    event: Samples,
    rate_hz: int,
    *,
    start_s: float,
    duration_s: float,
    microphone: Microphone,
    seed: int | tuple[int, ...],
    drift_ppm: float = 0.0,
    speed: Fraction = Fraction(1),
    device_rate_hz: int | None = None,
    snr_span_s: tuple[float, float] | None = None,
) -> Samples:
    """Record a stretch of an event.

    Parameters
    ----------
    event
        float32, shape (n,).
    rate_hz
        Samples per second of the event.
    start_s
        Event time of the recording's clip time 0; may lie before or after the event's sound.
    duration_s
        Length in clip time.
    microphone
        What the device does to the sound.
    seed
        Of the device: room, colour and noise are drawn from it and from nothing else.
    drift_ppm, speed
        Clock of the device, see the module's conventions.
    device_rate_hz
        Samples per second of the recording, the event's where None.
    snr_span_s
        Clip times between which `Microphone.snr_db` holds; the whole recording where None.

    Returns
    -------
    samples
        float32, shape (n,) for one channel, else (channels, n), full scale 1.0.
    """
    rng = np.random.default_rng(seed)
    out_rate_hz = device_rate_hz or rate_hz
    n = round(duration_s * out_rate_hz)
    rate = clock_rate(speed, drift_ppm)
    lost_s = float(sum(lost for _, lost in microphone.drops))
    heard, heard_from_s = _stretch(event, rate_hz, start_s, duration_s / rate + lost_s)
    heard = _colour(rng, heard, rate_hz, microphone)
    delays_s = microphone.channel_delays_s or (0.0,) * microphone.channels
    channels = []
    for index in range(microphone.channels):
        if index in microphone.dead_channels:
            channels.append(np.zeros(n, np.float32))
            continue
        sound = np.empty(n, np.float32)
        for first in range(0, n, _CHUNK):
            # Positions are float64: made piece by piece, hours of them do not fill the memory.
            clip_s = np.arange(first, min(first + _CHUNK, n)) / out_rate_hz
            event_s = start_s - heard_from_s - delays_s[index] + clip_s / rate
            for at_s, lost in microphone.drops:
                event_s[clip_s >= at_s] += lost
            sound[first : first + _CHUNK] = resample_at(heard, event_s * rate_hz)
        sound = _add_noise(rng, sound, out_rate_hz, microphone, snr_span_s)
        channels.append(_electronics(rng, sound, out_rate_hz, microphone))
    return channels[0] if len(channels) == 1 else np.stack(channels)


def _stretch(
    event: Samples, rate_hz: int, start_s: float, length_s: float
) -> tuple[Samples, float]:
    """Cut what is heard out of the event, with 3 s before it for the room's tail."""
    first = max(0, int((start_s - 3.0) * rate_hz))
    last = min(event.size, int((start_s + length_s + 0.1) * rate_hz) + 2 * REACH)
    return event[first : max(first, last)], first / rate_hz


def _colour(
    rng: np.random.Generator, sound: Samples, rate_hz: int, microphone: Microphone
) -> Samples:
    """Room, colouring, muffling and low cut, on the event's clock (all of them are linear)."""
    if sound.size == 0:
        return sound
    if microphone.room is not None:
        response = impulse_response(rng, microphone.room, rate_hz)
        sound = signal.oaconvolve(sound, response)[: sound.size]
    gains = _gain_curve(rng, rate_hz, microphone)
    if gains is not None:
        taps = np.roll(fft.irfft(gains), 512)[:1024] * np.hanning(1025)[:1024]
        sound = signal.oaconvolve(sound, taps.astype(np.float32), mode="full")[512:][: sound.size]
    if microphone.low_cut_hz > 0:
        cut = signal.butter(1, microphone.low_cut_hz, "high", fs=rate_hz, output="sos")
        sound = signal.sosfilt(cut, sound).astype(np.float32)
    return sound.astype(np.float32, copy=False)


def _gain_curve(
    rng: np.random.Generator, rate_hz: int, microphone: Microphone
) -> NDArray[np.float64] | None:
    """Gain of colouring and muffling over 513 bins up to half the rate, or None where flat."""
    if microphone.eq_db == 0 and microphone.muffled_hz is None:
        return None
    bins_hz = np.maximum(np.linspace(0, rate_hz / 2, 513), 50.0)
    knots_hz = np.geomspace(50.0, rate_hz / 2, 8)
    levels_db = rng.normal(0.0, microphone.eq_db, knots_hz.size)
    gain_db = np.interp(np.log(bins_hz), np.log(knots_hz), levels_db)
    if microphone.muffled_hz is not None:
        gain_db -= 24.0 * np.maximum(0.0, np.log2(bins_hz / microphone.muffled_hz))
    return np.power(10.0, gain_db / 20)


_NOISES: dict[str, Callable[[np.random.Generator, int, int], Samples]] = {
    "white": lambda rng, n, _: white_noise(rng, n),
    "pink": pink_noise,
    "babble": babble,
    "wind": wind,
    "hum": hum,
}


def _add_noise(
    rng: np.random.Generator,
    sound: Samples,
    rate_hz: int,
    microphone: Microphone,
    span_s: tuple[float, float] | None,
) -> Samples:
    if microphone.noise == "none" or microphone.snr_db is None:
        return sound
    noise = _NOISES[microphone.noise](rng, sound.size, rate_hz)
    first, last = (round(t * rate_hz) for t in span_s) if span_s else (0, sound.size)
    power = [float(np.mean(np.square(x[first:last], dtype=np.float64))) for x in (sound, noise)]
    if power[0] == 0.0 or power[1] == 0.0:
        return sound + noise * np.float32(10 ** (-60 / 20))
    wanted = power[0] / 10 ** (microphone.snr_db / 10)
    return (sound + noise * np.float32(np.sqrt(wanted / power[1]))).astype(np.float32)


def _electronics(
    rng: np.random.Generator, sound: Samples, rate_hz: int, microphone: Microphone
) -> Samples:
    """Automatic gain, level, clipping, polarity, quantisation with dither."""
    if microphone.agc:
        sound = _even_out(sound, rate_hz)
    peak = float(np.max(np.abs(sound))) if sound.size else 0.0
    if peak > 0:
        # The rarest peaks do not set the level: a person at the gain knob looks at the loud parts.
        loud = float(np.quantile(np.abs(sound[:: max(1, sound.size // 100_000)]), 0.9995))
        level = 10 ** (microphone.gain_db / 20) / max(loud, 1e-3 * peak)
        sound = np.clip(sound * np.float32(level * microphone.polarity), -1.0, 1.0)
    if microphone.bits is not None:
        steps = np.float32(2 ** (microphone.bits - 1))
        dither = rng.random(sound.size, dtype=np.float32) - rng.random(sound.size, dtype=np.float32)
        sound = np.clip(np.round(sound * steps + dither) / steps, -1.0, 1.0)
    return sound.astype(np.float32, copy=False)


def _even_out(sound: Samples, rate_hz: int) -> Samples:
    """Automatic gain as recorders have it: quick to turn down, slow to turn up."""
    hop = max(1, rate_hz // 100)
    blocks = -(-sound.size // hop)
    padded = np.pad(sound, (0, blocks * hop - sound.size)).reshape(blocks, hop)
    levels = np.sqrt(np.mean(padded**2, axis=1)) + 1e-6
    attack, release = np.exp(-0.01 / 0.02), np.exp(-0.01 / 1.5)
    held = np.empty(blocks)
    now = float(levels[: 1 + blocks // 10].max())
    for i, level in enumerate(levels.tolist()):
        keep = attack if level > now else release
        now = keep * now + (1 - keep) * level
        held[i] = now
    gain = np.minimum((held / np.median(held)) ** -0.8, 30.0)
    at = np.arange(sound.size) / hop - 0.5
    return (sound * np.interp(at, np.arange(blocks), gain)).astype(np.float32)
