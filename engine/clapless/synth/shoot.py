"""A whole shoot as real media, with exact truth: cameras, a recorder, stop and start, cards.

>>> shoot = demo_shoot(getfixture("tmp_path"), seed=3, scale=0.02)
>>> [clip.device for clip in shoot.clips]
['CAM_A', 'CAM_A', 'CAM_A', 'CAM_B', 'CAM_B', 'CAM_B', 'CAM_C', 'RECORDER']
>>> a, recorder = shoot.clips[0], shoot.clips[-1]
>>> round(shoot.offset_s(a, recorder), 3) == round(a.start_s - recorder.start_s, 3)
True

The truth of the clips is that of `clapless.synth.truth`, in memory and as ``truth.json``.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from clapless.synth.movie import Encoding, Labels, write_movie, write_sound
from clapless.synth.noise import Samples
from clapless.synth.picture import Scene, clock_frames, scene
from clapless.synth.plan import DevicePlan, EventPlan, Take
from clapless.synth.recording import Microphone, record
from clapless.synth.sound import RATE_HZ, draw_microphone, make_event
from clapless.synth.truth import ClipTruth, Shoot, read_shoot, write_truth
from clapless.synth.wave import RecorderLabels, write_wave
from clapless.timing import Timecode, may_drop, nominal_rate

__all__ = [
    "ClipTruth",
    "DevicePlan",
    "EventPlan",
    "Shoot",
    "Take",
    "demo_shoot",
    "read_shoot",
    "write_shoot",
]

_LEAD_S = 4.0
"""Sound before event time 0, so that a clip may begin a little before its event."""

Report = Callable[[int, int, str], None]
"""Called with clips done, clips in all and the name of the last one."""


def write_shoot(
    folder: Path,
    *,
    events: tuple[EventPlan, ...],
    devices: tuple[DevicePlan, ...],
    seed: int,
    size: tuple[int, int] = (320, 180),
    report: Report | None = None,
    jobs: int = 2,
) -> Shoot:
    """Write a shoot.

    Parameters
    ----------
    folder
        Made where it is missing; files of the same names are replaced.
    events
        What happens.
    devices
        Who records it.
    seed
        Everything is drawn from it; the same seed gives the same sound and truth.
    size
        Width and height of the pictures.
    report
        Told after each clip.
    jobs
        Clips encoded at once.
    """
    sounds = [
        make_event(np.random.default_rng((seed, 1, index)), plan.kind, plan.duration_s + _LEAD_S)
        for index, plan in enumerate(events)
    ]
    scenes = [
        scene(
            np.random.default_rng((seed, 5, index)),
            duration_s=plan.duration_s,
            begins_s=plan.begins_s,
        )
        for index, plan in enumerate(events)
    ]
    work: list[tuple[DevicePlan, Microphone, Take, ClipTruth, tuple[int, ...]]] = []
    for device_index, device in enumerate(devices):
        rng = np.random.default_rng((seed, 2, device_index))
        microphone = device.microphone or draw_microphone(rng, snr_db=20.0, room=True)
        for number, take in enumerate(device.takes, start=1):
            truth = _truth(folder, device, take, number)
            work.append((device, microphone, take, truth, (seed, 3, device_index, number)))
    done = 0
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = [
            pool.submit(_write_clip, device, microphone, scenes, sounds, take, truth, key, size)
            for device, microphone, take, truth, key in work
        ]
        for future, (*_, truth, _key) in zip(futures, work, strict=True):
            future.result()
            done += 1
            if report is not None:
                report(done, len(work), truth.path.name)
    shoot = Shoot(folder=folder, clips=tuple(item[3] for item in work), seed=seed)
    write_truth(shoot)
    return shoot


def _truth(folder: Path, device: DevicePlan, take: Take, number: int) -> ClipTruth:
    grid = device.frame_rate or Fraction(device.rate_hz)
    return ClipTruth(
        path=folder / device.files.format(n=number),
        device=device.name,
        event=take.event,
        start_s=take.start_s,
        duration_s=round(take.duration_s * grid) / grid,
        drift_ppm=device.drift_ppm,
        speed=device.speed,
        frame_rate=device.frame_rate,
    )


def _write_clip(
    device: DevicePlan,
    microphone: Microphone,
    scenes: list[Scene],
    sounds: list[Samples],
    take: Take,
    truth: ClipTruth,
    key: tuple[int, ...],
    size: tuple[int, int],
) -> None:
    sound = record(
        sounds[take.event],
        RATE_HZ,
        start_s=_LEAD_S + take.start_s + float(device.sound_start_s) / truth.rate,
        duration_s=float(truth.duration_s - device.sound_start_s),
        microphone=microphone,
        seed=key,
        drift_ppm=device.drift_ppm,
        speed=device.speed,
        device_rate_hz=device.rate_hz,
    )
    truth.path.parent.mkdir(parents=True, exist_ok=True)
    midnight_s = scenes[take.event].begins_s + take.start_s
    if truth.path.suffix.lower() == ".wav":
        write_wave(
            truth.path, sound, device.rate_hz, labels=_recorder_labels(device, midnight_s, key)
        )
        return
    labels = Labels(
        timecode=_timecode(device, midnight_s),
        creation_time=f"2025-06-14T{_clock(midnight_s + device.clock_error_s)}Z",
    )
    if device.frame_rate is None:
        write_sound(truth.path, sound, device.rate_hz, labels=labels, encoding=device.encoding)
        return
    pictures = clock_frames(
        name=device.name,
        frames=int(truth.duration_s * device.frame_rate),
        frame_rate=device.frame_rate,
        start_s=truth.start_s,
        seen=scenes[take.event],
        drift_ppm=device.drift_ppm,
        speed=device.speed,
        width=size[0],
        height=size[1],
    )
    write_movie(
        truth.path,
        frames=pictures,
        frame_rate=device.frame_rate,
        sound=sound,
        rate_hz=device.rate_hz,
        sound_start_s=device.sound_start_s,
        labels=labels,
        encoding=device.encoding,
    )


def _clock(midnight_s: float) -> str:
    whole = int(midnight_s) % 86_400
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _timecode(device: DevicePlan, midnight_s: float) -> str | None:
    """Label of the first frame by the time of day; drop frame where the rate has it."""
    if not device.timecode or device.frame_rate is None:
        return None
    if may_drop(device.frame_rate):
        frame = int(Fraction(midnight_s) * device.frame_rate)
        return str(Timecode(frame=frame, rate=device.frame_rate, drop_frame=True))
    # Without dropping, the label counts whole frames and runs at the nominal rate from midnight.
    frame = int(Fraction(midnight_s) * nominal_rate(device.frame_rate))
    return str(Timecode(frame=frame, rate=device.frame_rate))


def _recorder_labels(
    device: DevicePlan, midnight_s: float, key: tuple[int, ...]
) -> RecorderLabels | None:
    if not device.timecode:
        return None
    return RecorderLabels(
        time_reference_samples=round(midnight_s * device.rate_hz),
        originator=device.name,
        time=_clock(midnight_s + device.clock_error_s),
        project="CLAPLESS",
        scene="1",
        take=str(key[-1]),
        tracks=("Boom", "Lav")[: device.microphone.channels if device.microphone else 1],
    )


def demo_shoot(
    folder: Path, *, seed: int = 1, scale: float = 1.0, report: Report | None = None
) -> Shoot:
    """Write the shoot of ``clapless demo``: four minutes of talk and music in a room.

    Three cameras of 29.97, 25 and 23.976 frames per second and a recorder; two of the cameras stop
    and start, and the last clip of camera B is of something else.

    Parameters
    ----------
    folder
        Where to.
    seed
        Draws everything.
    scale
        Of all times: less than 1 for a quick look.
    report
        Told after each clip.
    """
    rng = np.random.default_rng((seed, 4))
    event_s = 240.0 * scale

    def takes(*spans: tuple[float, float]) -> tuple[Take, ...]:
        # Nobody presses a button on a whole second.
        shifts = rng.uniform(0.0, 1.0, len(spans)) * scale
        return tuple(
            Take(start_s=start * scale + float(shift), duration_s=length * scale)
            for (start, length), shift in zip(spans, shifts, strict=True)
        )

    elsewhere = Take(start_s=0.0, duration_s=25.0 * scale, event=1)
    boom = draw_microphone(rng, snr_db=30.0, room=True)
    devices = (
        DevicePlan(
            name="CAM_A",
            files="CAM_A/PRIVATE/M4ROOT/CLIP/C{n:04d}.MP4",
            frame_rate=Fraction(30000, 1001),
            drift_ppm=float(rng.uniform(5.0, 25.0)),
            takes=takes((12.0, 55.0), (80.0, 48.0), (150.0, 62.0)),
            clock_error_s=71.0,
        ),
        DevicePlan(
            name="CAM_B",
            files="CAM_B/DCIM/100CANON/MVI_{n:04d}.MP4",
            frame_rate=Fraction(25),
            drift_ppm=float(rng.uniform(-30.0, -5.0)),
            takes=(*takes((5.0, 90.0), (118.0, 100.0)), elsewhere),
            clock_error_s=-2.0,
        ),
        DevicePlan(
            name="CAM_C",
            files="CAM_C/CLIP/A001C{n:03d}.MOV",
            frame_rate=Fraction(24000, 1001),
            drift_ppm=float(rng.uniform(-8.0, 8.0)),
            takes=takes((20.0, 200.0)),
            timecode=True,
            encoding=Encoding(audio_codec="pcm_s16le"),
        ),
        DevicePlan(
            name="RECORDER",
            files="RECORDER/250614_{n:03d}.WAV",
            takes=takes((0.0, 236.0)),
            microphone=_with_channels(boom, 2),
            timecode=True,
        ),
    )
    events = (
        EventPlan(kind="mixed", duration_s=event_s),
        EventPlan(kind="speech", duration_s=26.0 * scale, begins_s=50_411.37),
    )
    return write_shoot(folder, events=events, devices=devices, seed=seed, report=report)


def _with_channels(microphone: Microphone, channels: int) -> Microphone:
    """Return the microphone with more channels, each 0.4 ms farther away than the one before."""
    return replace(
        microphone,
        channels=channels,
        channel_delays_s=tuple(0.0004 * index for index in range(channels)),
    )
