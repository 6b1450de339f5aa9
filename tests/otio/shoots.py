"""Sessions as shoots give them, for the exporters' tests: small by hand, large by hypothesis."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from clapless.model import (
    AudioStream,
    Clip,
    Device,
    Group,
    Marker,
    MediaFile,
    Placement,
    Session,
    Unplaced,
)
from clapless.timing import STANDARD_RATES, Timecode, may_drop

NTSC_24, NTSC_30, NTSC_60 = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)


def few(count: int) -> settings:
    """Return the profile with fewer examples; a run that asks for a number gets that many."""
    profile = settings.get_profile("otio")
    return profile if os.environ.get("CLAPLESS_EXAMPLES") else settings(profile, max_examples=count)


HOSTILE_NAMES = [
    "C0001",
    'clap <1> & "é"',
    "..",
    "a/b",
    "CON",
    "two\nlines",
    "nul\x00 bell\x07",
    "🎬 ]]> <!-- --",
    "\udcff raw",
    "' ; | % :",
    "&#0;&amp;",
    " ",
    "￾￿",
]


def camera(
    clip_id: str = "c1",
    *,
    rate: Fraction = NTSC_24,
    frames: int = 2400,
    device: str | None = "A",
    timecode: str | None = "01:00:00:00",
    name: str | None = None,
    sound: tuple[AudioStream, ...] | None = None,
    **facts: object,
) -> Clip:
    """One camera clip with stereo sound."""
    if sound is None:
        sound = (AudioStream(index=0, channels=2, sample_rate_hz=48000),)
    return Clip(
        id=clip_id,
        name=clip_id.upper() if name is None else name,
        files=(MediaFile(path=Path(f"/shoot/{device or 'loose'}/{clip_id}.mov")),),
        device=device,
        duration_s=frames / rate,
        frame_rate=rate,
        start_timecode=timecode,
        timecode_rate=rate if timecode else None,
        width=1920,
        height=1080,
        audio=sound,
        **facts,  # type: ignore[arg-type]
    )


def recorder(
    clip_id: str = "r1",
    *,
    seconds: Fraction = Fraction(120),
    device: str | None = "Zoom",
    names: tuple[str, ...] = (),
    channels: int = 2,
    rate_hz: int = 48000,
    time_reference: int | None = None,
    name: str | None = None,
) -> Clip:
    """One take of a sound recorder."""
    return Clip(
        id=clip_id,
        name=clip_id.upper() if name is None else name,
        files=(MediaFile(path=Path(f"/shoot/{device or 'loose'}/{clip_id}.wav")),),
        device=device,
        kind="audio",
        duration_s=seconds,
        time_reference_samples=time_reference,
        audio=(AudioStream(index=0, channels=channels, sample_rate_hz=rate_hz, names=names),),
    )


def session(
    *clips: Clip,
    placements: tuple[Placement, ...] = (),
    unplaced: tuple[str, ...] = (),
    markers: tuple[Marker, ...] = (),
) -> Session:
    """One group of the placed clips; the first placement is the reference's."""
    devices = dict.fromkeys(clip.device for clip in clips if clip.device)
    groups: tuple[Group, ...] = ()
    if placements:
        groups = (Group(id="g1", reference=placements[0].clip, placements=placements),)
    return Session(
        created="2026-01-31T12:00:00Z",
        engine="0.1.0",
        devices=tuple(Device(id=device) for device in devices),
        clips=clips,
        groups=groups,
        unplaced=tuple(Unplaced(clip=c, code="no_match", reason="no sound") for c in unplaced),
        markers=markers,
    )


names = st.sampled_from(HOSTILE_NAMES) | st.text(max_size=8)


@st.composite
def clips(draw: st.DrawFn, clip_id: str, device: str | None) -> Clip:
    """A clip of seconds to four hours: camera with or without sound, vertical, or recorder."""
    name = draw(names)
    seconds = draw(st.integers(1, 20) | st.integers(20, 4 * 3600))
    if draw(st.integers(0, 3)) == 0:
        channels = draw(st.integers(1, 8))
        rate_hz = draw(st.sampled_from([44100, 48000, 96000]))
        samples = seconds * rate_hz + draw(st.integers(0, rate_hz - 1))
        return recorder(
            clip_id,
            seconds=Fraction(samples, rate_hz),
            device=device,
            channels=channels,
            names=draw(st.just(()) | st.just(tuple(f"Mic <{n}>.1" for n in range(channels)))),
            rate_hz=rate_hz,
            time_reference=draw(st.none() | st.integers(0, 86400 * rate_hz)),
            name=name,
        )
    rate = draw(st.sampled_from(STANDARD_RATES))
    drop = may_drop(rate) and draw(st.booleans())
    label = Timecode(draw(st.integers(0, int(86000 * rate))), rate, drop)
    return camera(
        clip_id,
        rate=rate,
        frames=max(1, int(seconds * rate)),
        device=device,
        timecode=draw(st.sampled_from([None, str(label)])),
        name=name,
        sound=draw(st.sampled_from([None, ()])),
        rotation=draw(st.sampled_from([0, 0, 90])),
        variable_frame_rate=draw(st.booleans()),
    )


@st.composite
def shoots(draw: st.DrawFn, *, max_devices: int = 12, max_clips: int = 40) -> Session:
    """Sessions of 1 to 12 devices and 1 to 40 clips, with sub-frame offsets and drift."""
    devices = [f"Cam {n}" for n in range(draw(st.integers(1, max_devices)))]
    count = draw(st.integers(1, 6) | st.integers(1, max_clips))
    made = [draw(clips(f"c{n}", draw(st.sampled_from([*devices, None])))) for n in range(count)]
    placed = draw(st.integers(0, count))
    groups: list[Group] = []
    at = 0
    while at < placed:
        size = draw(st.integers(1, placed - at))
        members = made[at : at + size]
        groups.append(
            Group(
                id=f"g{len(groups)}",
                reference=members[0].id,
                placements=(
                    Placement(clip=members[0].id, offset_s=0.0),
                    *(
                        Placement(
                            clip=clip.id,
                            offset_s=draw(st.floats(-7200.0, 7200.0)),
                            drift_ppm=draw(st.just(0.0) | st.floats(-200.0, 200.0)),
                            speed=draw(st.sampled_from([Fraction(1)] * 4 + [Fraction(1001, 1000)])),
                            status=draw(st.sampled_from(["synced", "synced", "check", "manual"])),
                        )
                        for clip in members[1:]
                    ),
                ),
            )
        )
        at += size
    marks = []
    for n in range(draw(st.integers(0, 4))):
        clip = draw(st.sampled_from(made))
        group = draw(st.sampled_from([None, *groups]))
        marks.append(
            Marker(
                id=f"m{n}",
                name=draw(names),
                time_s=draw(st.floats(0.0, 60.0)),
                duration_s=draw(st.just(0.0) | st.floats(0.0, 5.0)),
                clip=None if group else clip.id,
                group=group.id if group else None,
                color=draw(st.sampled_from(["", "blue", "red"])),
                comment=draw(names),
                kind=draw(st.sampled_from(["standard", "chapter", "todo", "done"])),
            )
        )
    return Session(
        created="2026-01-31T12:00:00Z",
        devices=tuple(Device(id=device) for device in devices),
        clips=tuple(made),
        groups=tuple(groups),
        unplaced=tuple(
            Unplaced(clip=clip.id, code="no_match", reason="no sound") for clip in made[placed:]
        ),
        markers=tuple(marks),
    )
