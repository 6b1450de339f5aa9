"""Timelines, their items, and how clips come onto them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from clapless.timing import Timecode, snap_rate
from tests.fakes.resolve import api
from tests.fakes.resolve.marking import Marked
from tests.fakes.resolve.world import World

KEYS = {"mediaPoolItem", "startFrame", "endFrame", "mediaType", "trackIndex", "recordFrame"}
SPEED_KEYS = {"Percentage", "PitchCorrection", "StretchKeyframesToFit", "RippleTimeline"}
KINDS = {"mono", "stereo", "5.1", "7.1", *(f"adaptive{n}" for n in range(1, 25))}


class Lane:
    """A track."""

    def __init__(self, name: str, sub: str = "") -> None:
        self.name = name
        self.sub = sub
        self.items: list[TimelineItem] = []


class Timeline(Marked):
    kind = "Timeline"

    def __init__(self, world: World, name: str, rate: str) -> None:
        super().__init__(world)
        self.name = name
        self.rate_text = rate
        self.custom = False
        self.start_text = "01:00:00:00"
        self.folder: Any = None
        self.tracks = {"video": [Lane("Video 1")], "audio": [Lane("Audio 1", "stereo")]}
        self.tracks["subtitle"] = []

    @property
    def rate(self) -> Fraction:
        return snap_rate(float(self.rate_text.split()[0]))

    @property
    def items(self) -> list[TimelineItem]:
        return [i for lanes in self.tracks.values() for lane in lanes for i in lane.items]

    def GetName(self) -> str:  # noqa: N802
        return self.name

    def GetStartFrame(self) -> int:  # noqa: N802
        drop = "DF" in self.rate_text
        return Timecode.parse(self.start_text, self.rate, drop_frame=drop).frame

    def GetEndFrame(self) -> int:  # noqa: N802
        return max((i.end for i in self.items), default=self.GetStartFrame())

    def SetStartTimecode(self, text: str) -> bool:  # noqa: N802
        if self.items:
            return False
        try:
            Timecode.parse(text, self.rate)
        except ValueError:
            return False
        self.start_text = text
        return True

    def GetStartTimecode(self) -> str:  # noqa: N802
        return self.start_text

    def SetSetting(self, name: str, value: Any) -> bool:  # noqa: N802
        return isinstance(value, str) and self._set(name, value)

    def SetSettings(self, settings: dict[str, Any]) -> bool:  # noqa: N802
        return min([self._set(n, v) for n, v in settings.items()], default=True)

    def _set(self, name: str, value: Any) -> bool:
        if name == "useCustomSettings":
            self.custom = value == "1"
            return True
        if name == "timelineFrameRate":
            if self.items or not self.custom or str(value) not in RATES:
                return False
            self.rate_text = str(value)
            return True
        return name in ("timelineResolutionWidth", "timelineResolutionHeight") and self.custom

    def GetSetting(self, name: str = "") -> Any:  # noqa: N802
        settings = self.GetSettings()
        return settings.get(name, "") if name else settings

    def GetSettings(self) -> dict[str, Any]:  # noqa: N802
        return {
            "timelineFrameRate": float(self.rate_text.split()[0]),
            "timelineDropFrameTimecode": "1" if "DF" in self.rate_text else "0",
            "useCustomSettings": "1" if self.custom else "0",
        }

    def GetTrackCount(self, kind: str) -> int:  # noqa: N802
        return len(self.tracks.get(kind, []))

    def AddTrack(self, kind: str, sub: Any = None) -> bool:  # noqa: N802
        lanes = self.tracks.get(kind)
        if lanes is None or (kind == "audio" and sub is not None and sub not in KINDS):
            return False
        lanes.append(Lane(f"{kind.title()} {len(lanes) + 1}", sub or "mono"))
        return True

    def DeleteTrack(self, kind: str, index: int) -> bool:  # noqa: N802
        lanes = self.tracks.get(kind, [])
        if not 1 <= index <= len(lanes) or (kind == "video" and len(lanes) == 1):
            return False
        del lanes[index - 1]
        return True

    def GetTrackSubType(self, kind: str, index: int) -> str:  # noqa: N802
        return self.tracks[kind][index - 1].sub

    def GetTrackName(self, kind: str, index: int) -> str:  # noqa: N802
        return self.tracks[kind][index - 1].name

    def SetTrackName(self, kind: str, index: int, name: str) -> bool:  # noqa: N802
        if not 1 <= index <= len(self.tracks.get(kind, [])):
            return False
        self.tracks[kind][index - 1].name = name
        return True

    def GetItemListInTrack(self, kind: str, index: int) -> list[TimelineItem] | None:  # noqa: N802
        lanes = self.tracks.get(kind, [])
        if type(index) is not int or not 1 <= index <= len(lanes):
            return None
        return sorted(lanes[index - 1].items, key=lambda item: item.start)

    def GetItemsInTrack(self, kind: str, index: int) -> dict[float, TimelineItem]:  # noqa: N802
        """Return a dict numbered from 1, as calls of the old form do."""
        return {float(n): i for n, i in enumerate(self.GetItemListInTrack(kind, index) or [], 1)}

    def DuplicateTimeline(self, name: str) -> Timeline | None:  # noqa: N802
        assert self.world.project is not None
        made = self.world.project.pool.CreateEmptyTimeline(name)
        if made is not None:
            made.markers = {frame: dict(one) for frame, one in self.markers.items()}
        return made

    def Export(self, path: str, kind: Any, _sub: Any = None) -> bool:  # noqa: N802
        known = [v for n, v in self.world.constants.items() if n.startswith("EXPORT_")]
        return bool(path) and not isinstance(kind, str) and kind in known

    def GetSelectedClips(self) -> list[TimelineItem]:  # noqa: N802
        return [item for item in self.items if item.selected]

    def forget(self, clips: list[Any]) -> None:
        """Take off the items of clips that are deleted."""
        for lanes in self.tracks.values():
            for lane in lanes:
                lane.items = [item for item in lane.items if item.clip not in clips]

    def DeleteClips(self, items: list[TimelineItem], ripple: bool = False) -> bool:  # noqa: N802
        if self.world.page == "fairlight":
            return False
        for lanes in self.tracks.values():
            for lane in lanes:
                for item in lane.items:
                    item.dead = item.dead or item in items
                lane.items = [item for item in lane.items if item not in items]
        return True


class TimelineItem(Marked):
    kind = "TimelineItem"

    def __init__(
        self, timeline: Timeline, clip: Any, start: int, source: int, length: int, picture: bool
    ) -> None:
        super().__init__(timeline.world)
        self.timeline, self.clip, self.start, self.source = timeline, clip, start, source
        self.end = start + length
        self.picture = picture
        self.linked: list[TimelineItem] = []
        self.selected = False
        self.color = ""
        self.enabled = True
        self.percentage = 100.0
        self.gone_when_saved = False
        self.renders = start >= timeline.GetStartFrame()

    def GetName(self) -> str:  # noqa: N802
        return str(self.clip.GetName())

    def GetStart(self, _subframe: bool = False) -> int:  # noqa: N802
        return self.start

    def GetEnd(self, _subframe: bool = False) -> int:  # noqa: N802
        return self.end

    def GetDuration(self, _subframe: bool = False) -> int:  # noqa: N802
        return self.end - self.start

    def GetLeftOffset(self, _subframe: bool = False) -> int:  # noqa: N802
        if self.picture:
            return self.source
        return int(self.source * self.timeline.rate / self.clip.rate)

    def GetSourceStartFrame(self) -> int:  # noqa: N802
        return self.source

    def GetSourceEndFrame(self) -> int:  # noqa: N802
        frames: int = round((self.end - self.start) * self.clip.rate / self.timeline.rate)
        # Exclusive where the rates are one, else inclusive.
        return self.source + frames - int(self.clip.rate != self.timeline.rate)

    def SetProperty(self, name: str, _value: Any) -> bool:  # noqa: N802
        return name in ("RetimeProcess", "MotionEstimation")

    def GetMediaPoolItem(self) -> Any:  # noqa: N802
        return self.clip

    def GetLinkedItems(self) -> list[TimelineItem]:  # noqa: N802
        return list(self.linked)

    def SetClipEnabled(self, enabled: Any) -> bool:  # noqa: N802
        if not isinstance(enabled, bool):
            return False
        self.enabled = enabled
        return True

    def GetClipEnabled(self) -> bool:  # noqa: N802
        return self.enabled

    def SetSpeed(self, options: dict[str, Any]) -> bool:  # noqa: N802
        digits = self.world.speed_digits
        if not set(options) <= SPEED_KEYS or type(options.get("Percentage")) is not float:
            return False
        if digits is None:
            return False
        self.percentage = round(options["Percentage"], digits)
        return True

    def GetSpeed(self) -> dict[str, Any]:  # noqa: N802
        return {"Percentage": self.percentage, "PitchCorrection": False}

    def SetClipColor(self, color: str) -> bool:  # noqa: N802
        if color not in api.CLIP_COLORS:
            return False
        self.color = color
        return True


RATES = {
    "23.976", "24", "25", "29.97", "29.97 DF", "30", "47.952", "48", "50", "59.94", "59.94 DF",
    "60",
}  # fmt: skip


def append(timeline: Timeline, infos: list[Any], clip_kind: type) -> list[Any] | None:
    """Place what fits; one bad entry refuses the batch, an occupied place drops the entry."""
    for info in infos:
        if not isinstance(info, dict) or not set(info) <= KEYS:
            return None
        if not isinstance(info.get("mediaPoolItem"), clip_kind):
            return None
        if any(type(value) is not int for key, value in info.items() if key != "mediaPoolItem"):
            return None
    if timeline.world.failure == "raise" and len(infos) > timeline.world.batch_limit:
        raise RuntimeError("the batch was too much")
    spoilt = len(infos) > timeline.world.batch_limit
    if spoilt and timeline.world.failure != "half":
        return None
    placed: list[Any] = []
    for info in infos[: len(infos) // 2] if spoilt else infos:
        item = _place(timeline, info)
        if item is not None:
            for one in [item, *item.linked]:
                one.gone_when_saved = spoilt
        if item is not None or timeline.world.failure == "none":
            placed.append(item)
        elif timeline.world.failure == "dead":
            dead = TimelineItem(timeline, info["mediaPoolItem"], 0, 0, 0, True)
            dead.dead = True
            placed.append(dead)
    return None if spoilt else placed


def _place(timeline: Timeline, info: dict[str, Any]) -> TimelineItem | None:
    world, clip = timeline.world, info["mediaPoolItem"]
    first, last = info.get("startFrame", 0), info.get("endFrame", clip.frames)
    frames = last - first + (0 if world.at_least("19.0") else 1)
    if first < 0 or frames < 1 or first + frames > clip.frames or not clip.online:
        return None
    length = int(frames * timeline.rate / clip.rate)
    start = info.get("recordFrame", timeline.GetEndFrame())
    wanted = info.get("mediaType")
    parts = [k for n, k in ((1, "video"), (2, "audio")) if wanted in (None, n)]
    parts = [k for k in parts if (clip.has_picture if k == "video" else clip.file.channels)]
    index = info.get("trackIndex", 1)
    if hasattr(clip, "sources_moved"):
        # A multicam clip lands on the first track, and nowhere after its sources were moved.
        if clip.sources_moved:
            return None
        index = 1
    lanes = []
    for kind in parts:
        counted = timeline.tracks[kind]
        if kind == "audio" and wanted == 2 and not world.at_least("20.2.2"):
            counted = timeline.tracks["video"]
        if index < 1 or index > min(len(counted), len(timeline.tracks[kind])):
            return None
        lanes.append((kind, timeline.tracks[kind][index - 1]))
    if not lanes or length < 1:
        return None
    for _, lane in lanes:
        if any(one.start < start + length and start < one.end for one in lane.items):
            return None
    made = []
    for kind, lane in lanes:
        item = TimelineItem(timeline, clip, start, first, length, kind == "video")
        lane.items.append(item)
        made.append(item)
    for item in made:
        item.linked = [one for one in made if one is not item]
    return made[0]
