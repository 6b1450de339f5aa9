"""Deliveries of many payloads become streams with a time for every sample.

Conventions
-----------
A stream is one key of one device. TSMP counts what the device delivered since its recording began,
so it must grow by exactly what each payload holds: where it does not, and no payload is missing,
the payload is damaged and is left out with a note. A count that starts again begins a new run with
its own clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.media.gpmf.clock import SampleClock, counted_clock, stamped_clock
from clapless.media.gpmf.model import TelemetryStream
from clapless.media.gpmf.payload import STATED, Delivery, Payload

FRAME_LOCKED = ("CORI", "IORI", "GRAV", "SHUT", "ISOE", "ISOG")
"""Streams with one sample per frame, best first; their stamps are those of the frames."""

FRAME_SPREAD_S = 0.002
"""Largest spread of a frame-locked stream's stamps against the payloads' times."""

LAPSE_TOLERANCE = 0.02
"""Camera stamps that run this much faster or slower than the clip are a time-lapse's."""

RARE_SHARE = 0.25
"""A stream whose meaning differs in less than this share of its payloads is damaged there."""

PAYLOAD_S = 1.001
"""What GoPro's payloads last, for one that does not say."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPayload:
    """One payload and when it begins and how long it lasts, in clip time, in seconds."""

    time_s: float
    duration_s: float
    content: Payload


@dataclass(slots=True)
class _Piece:
    """One delivery with its place among the payloads and among the samples of its run."""

    payload: int
    delivery: Delivery
    first: int
    run: int


@dataclass(frozen=True, slots=True)
class _FrameClock:
    """What the frame-locked streams say of the camera's stamps."""

    lapse: float = 1.0
    zero_s: float | None = None
    std_s: float = 0.0


def assemble(
    payloads: Sequence[TimedPayload], say: Say
) -> tuple[tuple[TelemetryStream, ...], float]:
    """Return the streams of a clip and its lapse (see `Telemetry.lapse`).

    Parameters
    ----------
    payloads
        In rising time.
    say
        Takes each note, a clause.
    """
    groups: dict[tuple[int, str, int], list[tuple[int, Delivery]]] = {}
    slots = _slots([payload.time_s for payload in payloads])
    for number, payload in enumerate(payloads):
        seen: Counter[tuple[int, str]] = Counter()
        for delivery in payload.content.deliveries:
            identity = (delivery.device_id, delivery.key)
            groups.setdefault((*identity, seen[identity]), []).append((number, delivery))
            seen[identity] += 1
    times_s = np.array([payload.time_s for payload in payloads])
    lengths_s = np.array([payload.duration_s for payload in payloads])
    numbered = {
        identity: pieces
        for identity, group in groups.items()
        if (pieces := _numbered(_alike(group, say), slots, say))
    }
    frames = _frame_clock(numbered.values(), times_s)
    streams = tuple(
        stream
        for pieces in numbered.values()
        if (stream := _stream(pieces, times_s, lengths_s, frames)) is not None
    )
    return streams, frames.lapse


def _alike(pieces: list[tuple[int, Delivery]], say: Say) -> list[tuple[int, Delivery]]:
    """Leave out the few payloads that say otherwise what the numbers mean."""
    meanings = Counter(delivery.meaning for _, delivery in pieces if delivery.count)
    if len(meanings) < 2:
        return pieces
    common, often = meanings.most_common(1)[0]
    total = sum(meanings.values())
    key = pieces[0][1].key
    if total < 3 or often < (1 - RARE_SHARE) * total:
        shapes = {delivery.values.shape[1] for _, delivery in pieces if delivery.count}
        if len(shapes) == 1:
            say(f"stream {key} changes its scale, units or axes")
            return pieces
    left = [piece for piece in pieces if piece[1].meaning == common or not piece[1].count]
    say(f"stream {key} contradicts itself in {total - often} of {total} payloads, left out")
    return left


def _slots(times_s: list[float]) -> list[int]:
    """Return a number per payload by when it begins: a missing one leaves its number out."""
    if len(times_s) < 2:
        return [0] * len(times_s)
    steps_s = np.diff(times_s)
    usual_s = float(np.median(steps_s))
    if usual_s <= 0:
        return list(range(len(times_s)))
    return [0, *np.cumsum(np.maximum(np.rint(steps_s / usual_s), 1).astype(int)).tolist()]


def _numbered(pieces: list[tuple[int, Delivery]], slots: list[int], say: Say) -> list[_Piece]:
    """Give each delivery the number of its first sample; leave out what cannot be numbered."""
    done: list[_Piece] = []
    end, run, lost, missing = 0, 0, 0, 0
    for position, (payload, delivery) in enumerate(pieces):
        following = pieces[position + 1][1] if position + 1 < len(pieces) else None
        if done:
            hole = slots[payload] - slots[done[-1].payload] > 1
            begin = _next_begin(delivery, following, end, hole)
        else:
            begin = _first_begin(delivery, following, payload)
        if begin is None:
            lost += 1
            continue
        if begin < end:
            run += 1
        elif done:
            missing += begin - end
        done.append(_Piece(payload, delivery, begin, run))
        end = begin + delivery.count
    key = pieces[0][1].key if pieces else ""
    if lost:
        say(
            f"stream {key} counts its samples wrongly in {lost} of {len(pieces)} payloads, left out"
        )
    if missing:
        say(f"stream {key} lacks {missing} samples")
    return done


def _counted_before(delivery: Delivery | None) -> int | None:
    if delivery is None or delivery.total is None:
        return None
    return delivery.total - delivery.count


def _first_begin(delivery: Delivery, following: Delivery | None, payload: int) -> int | None:
    """Return the number of a stream's first sample, None where the counts contradict it."""
    begin, after = _counted_before(delivery), _counted_before(following)
    if begin is None:
        return 0
    if after == delivery.total or begin == 0:
        return begin
    if after is not None:
        # Its own count is wrong if the next one leaves room for it.
        return after - delivery.count if after >= delivery.count else None
    # One payload alone: of a file that was cut out of another, or a key that is damaged.
    return begin if payload == 0 and begin > 0 else None


def _next_begin(delivery: Delivery, following: Delivery | None, end: int, hole: bool) -> int | None:
    """Return the number of a later delivery's first sample, None where the counts deny it."""
    begin, after = _counted_before(delivery), _counted_before(following)
    if begin is None or begin == end:
        return end
    if after == end + delivery.count:
        return end  # only this payload's own count is wrong
    if begin == 0:
        return 0  # a new run
    # Samples may only be missing where a payload is.
    if begin > end and hole and after in (delivery.total, None):
        return begin
    return None


def _frame_clock(groups: Iterable[list[_Piece]], times_s: NDArray[np.float64]) -> _FrameClock:
    """Return what the best frame-locked stream says."""
    by_key = {pieces[0].delivery.key: pieces for pieces in groups}
    for key in FRAME_LOCKED:
        if key not in by_key:
            continue
        stamps_s = np.array([piece.delivery.stamp_s for piece in by_key[key]])
        begins_s = times_s[[piece.payload for piece in by_key[key]]]
        known = np.isfinite(stamps_s)
        stamps_s, begins_s = stamps_s[known], begins_s[known]
        moved = np.diff(begins_s) > 0
        if not moved.any():
            continue
        lapse = float(np.median((np.diff(stamps_s) / np.diff(begins_s))[moved]))
        if abs(lapse - 1) > LAPSE_TOLERANCE:
            return _FrameClock(lapse=lapse)
        zeros_s = stamps_s - begins_s
        zero_s = float(np.median(zeros_s))
        std_s = 1.4826 * float(np.median(np.abs(zeros_s - zero_s)))
        if std_s <= FRAME_SPREAD_S:
            return _FrameClock(zero_s=zero_s, std_s=std_s)
    return _FrameClock()


def _stream(
    pieces: list[_Piece],
    times_s: NDArray[np.float64],
    lengths_s: NDArray[np.float64],
    frames: _FrameClock,
) -> TelemetryStream | None:
    runs = [[p for p in pieces if p.run == run] for run in range(pieces[-1].run + 1)]
    parts: list[NDArray[np.float64]] = []
    clocks: list[SampleClock] = []
    for run in runs:
        clock = _clock(run, times_s, lengths_s, frames)
        clocks.append(clock)
        parts.extend(
            clock.times_s(np.arange(piece.first, piece.first + piece.delivery.count, dtype=float))
            for piece in run
        )
    sample_s = np.concatenate(parts)
    width = max(piece.delivery.values.shape[1] for piece in pieces)
    values = np.full((sample_s.size, width), np.nan)
    firsts = np.concatenate([[0], np.cumsum([piece.delivery.count for piece in pieces])])
    for piece, first, last in zip(pieces, firsts, firsts[1:], strict=False):
        if not piece.delivery.texts:
            values[first:last, : piece.delivery.values.shape[1]] = piece.delivery.values
    delay_s = np.repeat(
        [dict(piece.delivery.stated).get("TIMO", 0.0) for piece in pieces], np.diff(firsts)
    )
    sample_s = sample_s - np.where(np.abs(delay_s) < 60.0, delay_s, 0.0)
    keep = np.isfinite(sample_s)
    # Runs may overlap by what a camera buffers before it starts.
    ceiling = np.maximum.accumulate(np.concatenate([[-np.inf], sample_s[:-1]]))
    keep &= sample_s > ceiling
    if not keep.any():
        return None
    kept = np.concatenate([[0], np.cumsum(keep)])
    leader = max(pieces, key=lambda piece: piece.delivery.count).delivery
    texts = tuple(text for piece in pieces for text in piece.delivery.texts)
    main = clocks[int(np.argmax([len(run) for run in runs]))]
    return TelemetryStream(
        device_id=leader.device_id,
        device=leader.device,
        key=leader.key,
        name=leader.name,
        axes=leader.axes,
        units=leader.units,
        times_s=sample_s[keep],
        values=values[keep],
        texts=tuple(t for t, k in zip(texts, keep, strict=True) if k) if texts else (),
        rate_hz=main.rate_hz if keep.sum() > 1 else 0.0,
        clock=main.kind,
        time_std_s=main.std_s,
        payload_first=kept[firsts[:-1]].astype(np.int64),
        payload_time_s=times_s[[piece.payload for piece in pieces]],
        stated=_stated(pieces),
        stamps_s=np.array([piece.delivery.stamp_s for piece in pieces]),
        ticks_s=np.array([piece.delivery.tick_s for piece in pieces]),
    )


def _clock(
    run: list[_Piece],
    times_s: NDArray[np.float64],
    lengths_s: NDArray[np.float64],
    frames: _FrameClock,
) -> SampleClock:
    """Return the best clock one run allows."""
    number = np.array([piece.first for piece in run], float)
    begins_s = times_s[[piece.payload for piece in run]]
    counts = np.array([piece.delivery.count for piece in run])
    # A payload with nothing new says what was delivered before it as well as any other.
    distinct = np.r_[True, np.diff(number) > 0]
    if frames.lapse == 1.0:
        stamps_s = np.array([piece.delivery.stamp_s for piece in run])
        stamped = bool(np.isfinite(stamps_s).any())
        counted = None
        if not stamped or frames.zero_s is None:
            counted = counted_clock(number, begins_s)
        start_s, start_std_s = frames.zero_s, frames.std_s
        if start_s is None and stamped and counted is not None:
            start_s = float(np.nanmedian(stamps_s - counted.times_s(number)))
            start_std_s = counted.std_s
        if start_s is not None and stamped:
            clock = stamped_clock(
                number[distinct & (counts > 0)],
                stamps_s[distinct & (counts > 0)],
                zero_s=start_s,
                std_s=max(start_std_s, 1e-4),
            )
            if clock is not None:
                return clock
        if counts.max() > 1:
            counted = counted or counted_clock(number, begins_s)
            if counted is not None:
                return counted
    if distinct.sum() >= 2:
        step_s = float(np.median(np.diff(begins_s[distinct])))
        return SampleClock(
            number=number[distinct],
            time_s=begins_s[distinct],
            kind="delivered",
            std_s=step_s / np.sqrt(12),
        )
    # One payload alone: its samples are spread over the time it is said to last.
    whole = float(counts.sum())
    length_s = float(lengths_s[run[0].payload]) or PAYLOAD_S
    return SampleClock(
        number=np.array([number[0], number[0] + max(whole, 1.0)]),
        time_s=np.array([begins_s[0], begins_s[0] + length_s]),
        kind="delivered",
        std_s=length_s / np.sqrt(12),
    )


def _stated(pieces: list[_Piece]) -> dict[str, NDArray[np.float64]]:
    said = [dict(piece.delivery.stated) for piece in pieces]
    return {
        key: np.array([numbers.get(key, np.nan) for numbers in said])
        for key in STATED
        if any(key in numbers for numbers in said)
    }
