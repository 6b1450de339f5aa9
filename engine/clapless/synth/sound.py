"""Pairs of recordings with exact truth, in memory.

>>> pair = make_pair(1, kind="speech", overlap_s=5.0, a_s=12.0, b_s=8.0, drift_ppm=40.0)
>>> pair.a.shape, pair.b.shape, pair.rate_hz, pair.a.dtype.name
((192000,), (128000,), 16000, 'float32')
>>> pair.truth is not None and pair.truth.drift_ppm
40.0

Conventions
-----------
The truth is that of `clapless.model.Match` with a the first recording: clip time t of b lies at
``offset_s + t / (speed * (1 + drift_ppm * 1e-6))`` on a's clock. It is the truth of the direct
sound. Seeds below 100000 are for fitting, those from 100000 on for measuring.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from clapless.model import Match, clock_rate
from clapless.synth.events import KINDS, RATE_HZ, REPEATING, Kind, make_event
from clapless.synth.noise import Samples
from clapless.synth.recording import Microphone, NoiseKind, Room, record
from clapless.timing import Segment, TimeMap

__all__ = [
    "KINDS",
    "RATE_HZ",
    "REPEATING",
    "Kind",
    "Microphone",
    "Pair",
    "Room",
    "Truth",
    "draw_microphone",
    "draw_room",
    "make_event",
    "make_negative",
    "make_pair",
]

PROVABLE_SNR_DB = 0.0
"""The event is at least as loud as own noise on both, in the shared part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Where b lies on a's clock, and what the two share.

    Parameters
    ----------
    offset_s, drift_ppm, speed
        As in `clapless.model.Match`; before the first jump where `time_map` is set.
    shared_b_s
        Clip time of b at which the shared part starts and ends.
    time_map
        From b's clip time to a's, where a device dropped samples.
    """

    offset_s: float
    drift_ppm: float
    speed: Fraction
    shared_b_s: tuple[float, float]
    time_map: TimeMap | None = None

    def to_a(self, t_b_s: float) -> float:
        """Return the time on a's clock of a clip time of b, both in seconds.

        Raises
        ------
        ValueError
            It lies in no segment of the time map.
        """
        if self.time_map is None:
            return self.offset_s + t_b_s / clock_rate(self.speed, self.drift_ppm)
        at_s = self.time_map.to_group(t_b_s)
        if at_s is None:
            raise ValueError(f"the time map says nothing of {t_b_s} s")
        return at_s

    def errors_s(self, match: Match) -> tuple[float, float]:
        """Return answer minus truth at the start and the end of the shared part, in seconds.

        A match with a time map answers by it; where it has no segment, by its line.
        """
        first_s, last_s = (_answer_s(match, t_s) - self.to_a(t_s) for t_s in self.shared_b_s)
        return first_s, last_s


def _answer_s(match: Match, t_b_s: float) -> float:
    mapped = match.time_map.to_group(t_b_s) if match.time_map else None
    return match.to_a(t_b_s) if mapped is None else mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two recordings.

    Parameters
    ----------
    a, b
        float32, full scale 1.0, shape (n,), or (channels, n) for more than one channel.
    rate_hz
        Samples per second as both are labelled.
    truth
        None where they share no moment.
    overlap_s
        Seconds of the event that both hold, 0 where they share no moment.
    provable
        Whether sound can prove the truth: 0 dB or better on both, no exact repeat of the shared
        part. A machine's drums under a band that varies are no repeat of the whole.
    """

    a: Samples
    b: Samples
    rate_hz: int
    truth: Truth | None
    overlap_s: float
    provable: bool
    kind: Kind
    seed: int


def draw_room(rng: np.random.Generator) -> Room:
    """Draw a room between a living room and a church hall, and a place in it."""
    return Room(
        rt60_s=float(rng.uniform(0.25, 1.2)),
        direct_db=float(rng.uniform(-4.0, 6.0)),
        first_reflection_s=float(rng.uniform(0.001, 0.008)),
    )


def draw_microphone(
    rng: np.random.Generator,
    *,
    snr_db: float | None = 20.0,
    room: bool = False,
    noise: NoiseKind = "pink",
    eq_db: float = 3.0,
) -> Microphone:
    """Draw an ordinary device: some colour, a low cut, own noise, perhaps a room."""
    return Microphone(
        room=draw_room(rng) if room else None,
        eq_db=eq_db,
        low_cut_hz=float(rng.uniform(20.0, 120.0)),
        noise=noise,
        snr_db=snr_db,
        gain_db=float(rng.uniform(-20.0, -1.0)),
    )


def make_pair(
    seed: int,
    *,
    kind: Kind,
    overlap_s: float,
    a_s: float,
    b_s: float,
    snr_db: float | None = 20.0,
    room: bool = False,
    drift_ppm: float = 0.0,
    speed: Fraction = Fraction(1),
    noise: NoiseKind = "pink",
    microphone_a: Microphone | None = None,
    microphone_b: Microphone | None = None,
    offset_s: float | None = None,
) -> Pair:
    """Make two recordings that share a stretch of one event.

    Parameters
    ----------
    seed
        Everything is drawn from it.
    kind
        What is heard.
    overlap_s
        Seconds of the event that both hold: at most the shorter of the two recordings. Where it is
        the whole of the shorter one, that one lies at a random place within the longer one; else
        chance decides who starts first.
    a_s, b_s
        Lengths of the recordings in their own time.
    snr_db
        Event over own noise within the shared part, on both, in decibels; None is no noise.
    room
        Whether both stand in rooms (each at another place).
    drift_ppm, speed
        Clock of b against a.
    noise
        What the own noise of both sounds like; each draws its own.
    microphone_a, microphone_b
        Devices in place of drawn ones; `snr_db`, `room` and `noise` do not touch them.
    offset_s
        Where b starts on a's clock, in place of `overlap_s` deciding it.

    Raises
    ------
    ValueError
        The recordings are too short for the overlap, or `offset_s` leaves none.
    """
    rng = np.random.default_rng((seed, 0))
    rate = clock_rate(speed, drift_ppm)
    b_event_s = b_s / rate
    if offset_s is None:
        offset_s = _draw_offset(rng, overlap_s, a_s, b_event_s)
    if not -b_event_s < offset_s < a_s:
        raise ValueError(f"an offset of {offset_s} s leaves nothing in common")
    mic_a = microphone_a or draw_microphone(rng, snr_db=snr_db, room=room, noise=noise)
    mic_b = microphone_b or draw_microphone(rng, snr_db=snr_db, room=room, noise=noise)
    lost_a_s, lost_b_s = (sum(lost for _, lost in mic.drops) for mic in (mic_a, mic_b))
    lead_s = 3.0  # sound before both, so that the rooms ring from the start
    a_start_s = lead_s + max(0.0, -offset_s)
    b_start_s = a_start_s + offset_s
    end_s = max(a_start_s + a_s + lost_a_s, b_start_s + b_event_s + lost_b_s)
    event = make_event(rng, kind, end_s + 0.5)
    time_map = _time_map(mic_a, mic_b, offset_s, rate, a_s, b_s)
    shared_b_s, shared_a_s = _shared(time_map, offset_s, rate, a_s, b_s)
    a = record(
        event,
        RATE_HZ,
        start_s=a_start_s,
        duration_s=a_s,
        microphone=mic_a,
        seed=(seed, 1),
        snr_span_s=shared_a_s,
    )
    b = record(
        event,
        RATE_HZ,
        start_s=b_start_s,
        duration_s=b_s,
        microphone=mic_b,
        seed=(seed, 2),
        drift_ppm=drift_ppm,
        speed=speed,
        snr_span_s=shared_b_s,
    )
    loud = all(mic.snr_db is None or mic.snr_db >= PROVABLE_SNR_DB for mic in (mic_a, mic_b))
    return Pair(
        a=a,
        b=b,
        rate_hz=RATE_HZ,
        truth=Truth(
            offset_s=offset_s,
            drift_ppm=drift_ppm,
            speed=speed,
            shared_b_s=shared_b_s,
            time_map=time_map,
        ),
        overlap_s=(shared_b_s[1] - shared_b_s[0]) / rate,
        provable=loud and kind not in REPEATING,
        kind=kind,
        seed=seed,
    )


def _draw_offset(rng: np.random.Generator, overlap_s: float, a_s: float, b_event_s: float) -> float:
    shorter_s = min(a_s, b_event_s)
    # A drifting clip may be a hair shorter in the event's time than it was asked to be.
    if overlap_s > shorter_s * 1.001:
        raise ValueError(f"recordings of {a_s} s and {b_event_s} s cannot share {overlap_s} s")
    if overlap_s >= shorter_s * 0.999:
        inside = float(rng.uniform(0.0, max(a_s, b_event_s) - shorter_s))
        return inside if b_event_s <= a_s else -inside
    return a_s - overlap_s if rng.random() < 0.5 else overlap_s - b_event_s


def _time_map(
    mic_a: Microphone, mic_b: Microphone, offset_s: float, rate: float, a_s: float, b_s: float
) -> TimeMap | None:
    """Exact map from b's clip time to a's where either of them lost samples."""
    if not mic_a.drops and not mic_b.drops:
        return None
    segments = []
    for a_from, a_to, a_lost in _runs(mic_a.drops, a_s):
        for b_from, b_to, b_lost in _runs(mic_b.drops, b_s):
            # On a's clock before its first loss: t_a + a_lost = offset + t_b / rate + b_lost
            shift_s = offset_s + b_lost - a_lost
            first = max(b_from, (a_from - shift_s) * rate)
            last = min(b_to, (a_to - shift_s) * rate)
            if last > first:
                segments.append(
                    Segment(((first, shift_s + first / rate), (last, shift_s + last / rate)))
                )
    return TimeMap(tuple(sorted(segments, key=lambda segment: segment.knots[0])))


def _runs(
    drops: tuple[tuple[float, float], ...], duration_s: float
) -> list[tuple[float, float, float]]:
    """Stretches of clip time without a loss: (from_s, to_s, lost_s so far)."""
    edges = [0.0, *(at_s for at_s, _ in drops), duration_s]
    lost = np.concatenate(([0.0], np.cumsum([lost_s for _, lost_s in drops])))
    return [(edges[i], edges[i + 1], float(lost[i])) for i in range(len(edges) - 1)]


def _shared(
    time_map: TimeMap | None, offset_s: float, rate: float, a_s: float, b_s: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the shared stretch in b's and in a's clip time."""
    if time_map is not None:
        (b_from, a_from), (b_to, a_to) = (
            time_map.segments[0].knots[0],
            time_map.segments[-1].knots[-1],
        )
        return (b_from, b_to), (a_from, a_to)
    first_s, last_s = max(0.0, offset_s), min(a_s, offset_s + b_s / rate)
    return ((first_s - offset_s) * rate, (last_s - offset_s) * rate), (first_s, last_s)


def make_negative(
    seed: int,
    kind: Kind,
    *,
    a_s: float = 90.0,
    b_s: float = 60.0,
    gap_s: float = 5.0,
    snr_db: float | None = 20.0,
    room: bool = False,
    drift_ppm: float = 0.0,
) -> Pair:
    """Make two recordings of one event that share no moment of it.

    The first ends `gap_s` before the second begins: the same speakers say other words, the same
    band plays the same piece at another moment, the same room sounds on. For the kinds of
    `REPEATING` what is heard is the same, at another moment; every answer but a refusal is wrong.
    Either of the two may be the earlier one.
    """
    rng = np.random.default_rng((seed, 0))
    lead_s = 3.0
    event = make_event(rng, kind, lead_s + a_s + b_s + gap_s + 0.5)
    mics = [draw_microphone(rng, snr_db=snr_db, room=room) for _ in range(2)]
    if kind == "silence":
        mics = [replace(mic, noise="pink", snr_db=0.0) for mic in mics]
    a_first = rng.random() < 0.5
    starts_s = (lead_s, lead_s + a_s + gap_s) if a_first else (lead_s + b_s + gap_s, lead_s)
    a, b = (
        record(
            event,
            RATE_HZ,
            start_s=start_s,
            duration_s=length_s,
            microphone=mic,
            seed=(seed, index),
            drift_ppm=ppm,
        )
        for index, (start_s, length_s, mic, ppm) in enumerate(
            zip(starts_s, (a_s, b_s), mics, (0.0, drift_ppm), strict=True), start=1
        )
    )
    return Pair(
        a=a, b=b, rate_hz=RATE_HZ, truth=None, overlap_s=0.0, provable=False, kind=kind, seed=seed
    )
