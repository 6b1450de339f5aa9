"""Where the clips of a shoot lie, in memory and as a small JSON beside the media.

Conventions
-----------
A clip that begins at event time ``start_s`` on a clock of rate ``r = speed * (1 + drift_ppm *
1e-6)`` holds at clip time t the event at ``start_s + t / r``: picture and sound alike, since both
hang on the device's one quartz. Clip time is that of `clapless.model`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from clapless.model import clock_rate
from clapless.synth.movie import aside

TRUTH_NAME = "truth.json"
_SCHEMA = "clapless/shoot-truth"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTruth:
    """Where a clip lies in its event, by the module's formula.

    Parameters
    ----------
    path
        Its file.
    device
        Name of its device.
    event
        Index of its event; clips of two events share no moment.
    start_s
        Event time of clip time 0.
    duration_s
        Exact length in clip time.
    drift_ppm, speed
        Its clock against the event's.
    frame_rate
        Exact, None without picture.
    """

    path: Path
    device: str
    event: int
    start_s: float
    duration_s: Fraction
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    frame_rate: Fraction | None = None

    @property
    def rate(self) -> float:
        """Clip seconds per second of the event."""
        return clock_rate(self.speed, self.drift_ppm)

    @property
    def end_s(self) -> float:
        """Event time of its end."""
        return self.start_s + float(self.duration_s) / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Shoot:
    """A folder of media and the truth of each file."""

    folder: Path
    clips: tuple[ClipTruth, ...]
    seed: int

    def clip(self, path: Path) -> ClipTruth:
        """Return the truth of a file; `KeyError` where it is none of the shoot's."""
        wanted = path.resolve()
        for clip in self.clips:
            if clip.path.resolve() == wanted:
                return clip
        raise KeyError(str(path))

    def group_time_s(self, clip: ClipTruth, reference: ClipTruth, t_clip_s: float) -> float:
        """Return the time on the reference's clock of a clip time, in seconds.

        Raises
        ------
        ValueError
            The two belong to different events.
        """
        if clip.event != reference.event:
            raise ValueError(f"{clip.path.name} and {reference.path.name} share no event")
        return (clip.start_s + t_clip_s / clip.rate - reference.start_s) * reference.rate

    def offset_s(self, clip: ClipTruth, reference: ClipTruth) -> float:
        """Return `offset_s` of the clip's placement; > 0: it starts later than the reference."""
        return self.group_time_s(clip, reference, 0.0)

    def drift_ppm(self, clip: ClipTruth, reference: ClipTruth) -> float:
        """Return `drift_ppm` of the clip's placement; > 0: its clock is fast."""
        speed = float(clip.speed / reference.speed)
        return (clip.rate / reference.rate / speed - 1.0) * 1e6

    def overlap_s(self, clip: ClipTruth) -> float:
        """Return how much of a clip, in event seconds, one other device holds at best."""
        others = (c for c in self.clips if c.device != clip.device and c.event == clip.event)
        return max(
            (min(c.end_s, clip.end_s) - max(c.start_s, clip.start_s) for c in others), default=0.0
        )


def write_truth(shoot: Shoot) -> None:
    """Write the truth beside the media, as `TRUTH_NAME`."""
    clips = [
        {
            "path": clip.path.relative_to(shoot.folder).as_posix(),
            "device": clip.device,
            "event": clip.event,
            "start_s": clip.start_s,
            "duration_s": str(clip.duration_s),
            "drift_ppm": clip.drift_ppm,
            "speed": str(clip.speed),
            "frame_rate": str(clip.frame_rate) if clip.frame_rate else None,
        }
        for clip in shoot.clips
    ]
    document = {"schema": _SCHEMA, "version": 1, "seed": shoot.seed, "clips": clips}
    with aside(shoot.folder / TRUTH_NAME) as part:
        part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_shoot(folder: Path) -> Shoot:
    """Return the truth that lies beside the media of a shoot.

    Raises
    ------
    FileNotFoundError
        There is none.
    ValueError
        The file is something else.
    """
    document = json.loads((folder / TRUTH_NAME).read_text(encoding="utf-8"))
    if document.get("schema") != _SCHEMA or document.get("version") != 1:
        raise ValueError(f"{folder / TRUTH_NAME} is not the truth of a shoot")
    clips = tuple(
        ClipTruth(
            path=folder / entry["path"],
            device=entry["device"],
            event=entry["event"],
            start_s=entry["start_s"],
            duration_s=Fraction(entry["duration_s"]),
            drift_ppm=entry["drift_ppm"],
            speed=Fraction(entry["speed"]),
            frame_rate=Fraction(entry["frame_rate"]) if entry["frame_rate"] else None,
        )
        for entry in document["clips"]
    )
    return Shoot(folder=folder, clips=clips, seed=document["seed"])
