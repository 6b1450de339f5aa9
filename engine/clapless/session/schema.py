"""What a session document of version 1 holds, as msgspec structs.

The structs are the document, `clapless.model` is what the program speaks of: the model may change,
a version of the document may not. Fields stand in the order in which they are written. What has a
default may be missing in a document; what has none may not.

Raises from `__post_init__` reach the reader as msgspec's validation errors, with their place.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

SCHEMA = "clapless/session"
VERSION = 1


class Entry(Struct, kw_only=True):
    """An object of the document; keys it does not know are kept beside it."""


class FileEntry(Entry, kw_only=True):
    """`clapless.model.MediaFile`; the path is relative to the document where it can be."""

    path: str
    role: Literal["main", "chapter", "parallel", "backup", "proxy"] = "main"
    start_s: Fraction = Fraction(0)
    duration_s: Fraction = Fraction(0)
    fingerprint: str = ""


class AudioEntry(Entry, kw_only=True):
    """`clapless.model.AudioStream`."""

    index: int
    channels: int
    names: tuple[str, ...] = ()
    sample_rate_hz: int
    file: int = 0
    codec: str = ""
    start_s: Fraction = Fraction(0)


class ClipEntry(Entry, kw_only=True):
    """`clapless.model.Clip`."""

    id: str
    name: str
    device: str | None = None
    kind: Literal["video", "audio"] = "video"
    files: Annotated[tuple[FileEntry, ...], Meta(min_length=1)]
    duration_s: Fraction = Fraction(0)
    frame_rate: Fraction | None = None
    variable_frame_rate: bool = False
    capture_rate: Fraction | None = None
    start_timecode: str | None = None
    timecode_rate: Fraction | None = None
    time_reference_samples: int | None = None
    width: int | None = None
    height: int | None = None
    rotation: int = 0
    scene: str = ""
    take: str = ""
    reel: str = ""
    metadata: dict[str, str] = {}
    audio: tuple[AudioEntry, ...] = ()

    def __post_init__(self) -> None:
        for rate in (self.frame_rate, self.capture_rate, self.timecode_rate):
            if rate is not None and rate <= 0:
                raise ValueError(f"a frame rate must be positive, not {rate}")


class DeviceEntry(Entry, kw_only=True):
    """`clapless.model.Device`."""

    id: str
    source: str = ""
    drift_ppm: float | None = None
    drift_std_ppm: float | None = None
    maker: str = ""
    model: str = ""
    serial: str = ""


class SegmentEntry(Entry, kw_only=True):
    """`clapless.timing.Segment`."""

    knots: tuple[tuple[float, float], ...]
    std_s: tuple[float, ...] = ()


class TimeMapEntry(Entry, kw_only=True):
    """`clapless.timing.TimeMap`."""

    segments: tuple[SegmentEntry, ...]


def _check_line(speed: Fraction, drift_ppm: float) -> None:
    if speed <= 0:
        raise ValueError(f"a speed must be positive, not {speed}")
    if drift_ppm <= -1e6:
        raise ValueError(f"a drift of {drift_ppm} ppm would stop the clock")


class DisagreementEntry(Entry, kw_only=True):
    """`clapless.model.Disagreement`."""

    signal: str
    difference_s: float
    reason: str = ""


class ResidualEntry(Entry, kw_only=True):
    """`clapless.model.Residual`."""

    part: Literal["head", "middle", "tail"]
    median_s: float
    spread_s: float
    windows: int


class VerificationEntry(Entry, kw_only=True):
    """`clapless.model.Verification`."""

    verdict: Literal["pass", "fail", "not_verifiable"]
    median_s: float = 0.0
    spread_s: float = 0.0
    windows: int = 0
    parts: tuple[ResidualEntry, ...] = ()
    suggested_drift_ppm: float | None = None
    reason: str = ""


class PlacementEntry(Entry, kw_only=True):
    """`clapless.model.Placement`."""

    clip: str
    offset_s: float
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    offset_std_s: float = 0.0
    drift_std_ppm: float = 0.0
    pivot_s: float = 0.0
    confidence: float = 1.0
    status: Literal["synced", "check", "manual"] = "synced"
    coarse: bool = False
    sound_delay_s: float = 0.0
    signals: tuple[str, ...] = ()
    time_map: TimeMapEntry | None = None
    disagreements: tuple[DisagreementEntry, ...] = ()
    verification: VerificationEntry | None = None

    def __post_init__(self) -> None:
        _check_line(self.speed, self.drift_ppm)


class GroupEntry(Entry, kw_only=True):
    """`clapless.model.Group`."""

    id: str
    reference: str
    placements: tuple[PlacementEntry, ...]


class CandidateEntry(Entry, kw_only=True):
    """`clapless.model.Candidate`."""

    a: str
    offset_s: float
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    confidence: float = 0.0
    score: float = 0.0

    def __post_init__(self) -> None:
        _check_line(self.speed, self.drift_ppm)


class PinEntry(Entry, kw_only=True):
    """`clapless.model.Pin`."""

    a: str
    a_s: float
    b: str
    b_s: float


class UnplacedEntry(Entry, kw_only=True):
    """`clapless.model.Unplaced`."""

    clip: str
    code: str
    reason: str
    candidates: tuple[CandidateEntry, ...] = ()
    suggested_pins: tuple[PinEntry, ...] = ()


class MatchEntry(Entry, kw_only=True):
    """`clapless.model.Match`."""

    a: str
    b: str
    signal: str
    offset_s: float
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    offset_std_s: float = 0.0
    drift_std_ppm: float = 30.0
    pivot_s: float = 0.0
    confidence: float = 0.0
    spans_s: tuple[tuple[float, float], ...] = ()
    accepted: bool = True
    ceiling: Literal["check"] | None = None
    time_map: TimeMapEntry | None = None
    details: dict[str, Any] = {}

    def __post_init__(self) -> None:
        _check_line(self.speed, self.drift_ppm)


class MarkerEntry(Entry, kw_only=True):
    """`clapless.model.Marker`."""

    id: str
    name: str
    clip: str | None = None
    group: str | None = None
    time_s: float
    duration_s: float = 0.0
    color: str = ""
    comment: str = ""
    kind: Literal["standard", "chapter", "todo", "done"] = "standard"
    confidence: float = 1.0
    needs_review: bool = False


class SessionEntry(Entry, kw_only=True):
    """`clapless.model.Session`, the whole document."""

    schema: str = SCHEMA
    version: int = VERSION
    created: str = ""
    engine: str = ""
    devices: tuple[DeviceEntry, ...] = ()
    clips: tuple[ClipEntry, ...] = ()
    groups: tuple[GroupEntry, ...] = ()
    unplaced: tuple[UnplacedEntry, ...] = ()
    matches: tuple[MatchEntry, ...] = ()
    pins: tuple[PinEntry, ...] = ()
    markers: tuple[MarkerEntry, ...] = ()
