"""What shall be shot: events, devices and their takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from clapless.synth.movie import Encoding
from clapless.synth.recording import Microphone
from clapless.synth.sound import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPlan:
    """What happens, and at what time of day.

    Parameters
    ----------
    kind
        What is heard.
    duration_s
        Until when.
    begins_s
        Seconds since midnight of event time 0, for timecode and dates.
    """

    kind: Kind
    duration_s: float
    begins_s: float = 36_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """From start to stop: which event (by index), where in it, and how long by the device's clock.

    The length is rounded to whole frames.
    """

    start_s: float
    duration_s: float
    event: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """A camera or a recorder.

    Parameters
    ----------
    name
        Of the device.
    files
        Path under the shoot's folder with ``{n}`` for the running number of the clip; its suffix
        decides the format: MP4, MOV, MKV (a camera), WAV, M4A (a recorder).
    takes
        In order of time.
    frame_rate
        Exact frames per second of a camera.
    drift_ppm, speed
        Its clock.
    microphone
        None draws an ordinary one.
    timecode
        Whether it writes timecode (MP4, MOV) or a time reference (WAV); all devices that do are
        jammed to the time of day, to the frame.
    clock_error_s
        How far the clock is off that dates its files.
    sound_start_s
        How much later than the picture its sound begins.
    rate_hz
        Samples per second.
    encoding
        Codecs.
    """

    name: str
    files: str
    takes: tuple[Take, ...]
    frame_rate: Fraction | None = None
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    microphone: Microphone | None = None
    timecode: bool = False
    clock_error_s: float = 0.0
    sound_start_s: Fraction = Fraction(0)
    rate_hz: int = 48000
    encoding: Encoding = field(default_factory=Encoding)
