"""The application, the project and its Media Pool."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from clapless.timing import Timecode, round_half_up, snap_rate
from tests.fakes.resolve import api
from tests.fakes.resolve.handles import Thing
from tests.fakes.resolve.marking import Marked
from tests.fakes.resolve.timeline import Timeline, append
from tests.fakes.resolve.world import OnDisk, World


class Resolve(Thing):
    kind = "Resolve"

    def GetProjectManager(self) -> Thing:  # noqa: N802
        return ProjectManager(self.world)

    def GetCurrentProject(self) -> Project | None:  # noqa: N802
        return self.world.project

    def GetVersion(self) -> list[int | str]:  # noqa: N802
        return [*api.number(self.world.version), 1, ""]

    def GetVersionString(self) -> str:  # noqa: N802
        return ".".join(map(str, api.number(self.world.version))) + ".0001"

    def GetProductName(self) -> str:  # noqa: N802
        return "DaVinci Resolve Studio" if self.world.studio else "DaVinci Resolve"

    def IsStudio(self) -> bool:  # noqa: N802
        return self.world.studio

    def GetCurrentPage(self) -> str | None:  # noqa: N802
        return self.world.page or None

    def OpenPage(self, page: str) -> bool:  # noqa: N802
        self.world.page = page
        return True


class ProjectManager(Thing):
    kind = "ProjectManager"

    def GetCurrentProject(self) -> Project | None:  # noqa: N802
        return self.world.project

    def SaveProject(self) -> bool:  # noqa: N802
        project = self.world.project
        for timeline in project.timelines if project else []:
            for lanes in timeline.tracks.values():
                for lane in lanes:
                    lane.items = [one for one in lane.items if not one.gone_when_saved]
        return project is not None


class Project(Thing):
    kind = "Project"

    def __init__(self, world: World, rate: str) -> None:
        super().__init__(world)
        self.rate_text = rate
        self.timelines: list[Timeline] = []
        self.current: Timeline | None = None
        self.pool = MediaPool(world, self)

    def GetName(self) -> str:  # noqa: N802
        return "Shoot"

    def GetMediaPool(self) -> MediaPool:  # noqa: N802
        return self.pool

    def GetCurrentTimeline(self) -> Timeline | None:  # noqa: N802
        return self.current

    def SetCurrentTimeline(self, timeline: Timeline) -> bool:  # noqa: N802
        self.current = timeline
        return timeline in self.timelines

    def GetTimelineCount(self) -> int:  # noqa: N802
        return len(self.timelines)

    def GetTimelineByIndex(self, index: int) -> Timeline | None:  # noqa: N802
        return self.timelines[index - 1] if 1 <= index <= len(self.timelines) else None

    def GetSetting(self, name: str = "") -> Any:  # noqa: N802
        settings = self.GetSettings()
        return settings.get(name, "") if name else settings

    def GetSettings(self) -> dict[str, Any]:  # noqa: N802
        return {"timelineFrameRate": float(self.rate_text.split()[0])}


class Folder(Thing):
    kind = "Folder"

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self.name = name
        self.clips: list[MediaPoolItem] = []
        self.folders: list[Folder] = []

    def GetName(self) -> str:  # noqa: N802
        return self.name

    def GetClipList(self) -> list[MediaPoolItem]:  # noqa: N802
        return list(self.clips)

    def GetSubFolderList(self) -> list[Folder]:  # noqa: N802
        return list(self.folders)


class MediaPool(Thing):
    kind = "MediaPool"

    def __init__(self, world: World, project: Project) -> None:
        super().__init__(world)
        self.project = project
        self.root = Folder(world, "Master")
        self.folder = self.root
        self.selected: list[MediaPoolItem] = []

    def GetRootFolder(self) -> Folder:  # noqa: N802
        return self.root

    def GetCurrentFolder(self) -> Folder:  # noqa: N802
        return self.folder

    def SetCurrentFolder(self, folder: Folder) -> bool:  # noqa: N802
        if folder not in all_folders(self.root):
            return False
        self.folder = folder
        return True

    def AddSubFolder(self, parent: Folder, name: str) -> Folder | None:  # noqa: N802
        if any(one.name == name for one in parent.folders):
            return None
        made = Folder(self.world, name)
        parent.folders.append(made)
        self.folder = made
        return made

    def GetSelectedClips(self) -> list[MediaPoolItem]:  # noqa: N802
        return list(self.selected)

    def DeleteClips(self, clips: list[MediaPoolItem]) -> bool:  # noqa: N802
        gone = 0
        for folder in all_folders(self.root):
            gone += sum(clip in clips for clip in folder.clips)
            folder.clips = [clip for clip in folder.clips if clip not in clips]
        for timeline in self.project.timelines:
            timeline.forget(clips)
        for clip in clips:
            clip.dead = True
        return gone == len(clips) > 0

    def DeleteFolders(self, folders: list[Folder]) -> bool:  # noqa: N802
        for folder in folders:
            if self.folder in all_folders(folder) or folder is self.root:
                return False
            for other in all_folders(self.root):
                other.folders = [one for one in other.folders if one is not folder]
            folder.dead = True
        return bool(folders)

    def CreateMulticamClip(  # noqa: N802
        self, clips: list[MediaPoolItem], options: dict[str, Any]
    ) -> list[MediaPoolItem] | None:
        made = multicam(self.world, clips, options, self.project.rate_text)
        if made is None:
            return None
        self.folder.clips.append(made)
        made.sources_moved = bool(options.get("createBinForSourceClips", True))
        if made.sources_moved:
            moved = Folder(self.world, "Original Clips")
            self.folder.folders.append(moved)
            for folder in all_folders(self.root):
                folder.clips = [clip for clip in folder.clips if clip not in clips]
            moved.clips = list(clips)
        return [made]

    def AutoSyncAudio(  # noqa: N802
        self, clips: list[MediaPoolItem], settings: dict[Any, Any]
    ) -> bool:
        """Say False where it worked; only keys that are the live constants are known."""
        pictures = [clip for clip in clips if clip.has_picture]
        sounds = [clip for clip in clips if not clip.has_picture]
        keys = {v for n, v in self.world.constants.items() if n.startswith("AUDIO_SYNC_")}
        if not (pictures and sounds) or not set(settings) <= keys:
            return False
        for clip in pictures:
            clip.synced = sounds[0].GetName()
        return False

    def ImportTimelineFromFile(  # noqa: N802
        self, path: str, options: dict[str, Any] | None = None
    ) -> Timeline | None:
        if path not in self.world.disk:
            return None
        return self.CreateEmptyTimeline(str((options or {}).get("timelineName", path)))

    def SetSelectedClip(self, clip: MediaPoolItem) -> bool:  # noqa: N802
        self.selected = [clip]
        return True

    def ImportMedia(self, paths: list[Any]) -> list[MediaPoolItem]:  # noqa: N802
        got = []
        for path in paths:
            known = [c for f in all_folders(self.root) for c in f.clips if c.path == path]
            if known:
                got.append(known[0])
            elif path in self.world.disk:
                clip = MediaPoolItem(self.world, path, self.project.rate_text)
                self.folder.clips.append(clip)
                got.append(clip)
        return got

    def CreateEmptyTimeline(self, name: str) -> Timeline | None:  # noqa: N802
        if any(one.name == name for one in self.project.timelines):
            return None
        made = Timeline(self.world, name, self.project.rate_text)
        self.project.timelines.append(made)
        self.project.current = made
        made.folder = self.folder
        self.folder.clips.append(TimelineClip(self.world, made))
        return made

    def DeleteTimelines(self, timelines: list[Timeline]) -> bool:  # noqa: N802
        mine = self.project.timelines
        for folder in all_folders(self.root):
            folder.clips = [
                one
                for one in folder.clips
                if not (isinstance(one, TimelineClip) and one.timeline in timelines)
            ]
        self.project.timelines = [one for one in mine if one not in timelines]
        if self.project.current in timelines:
            self.project.current = self.project.timelines[-1] if self.project.timelines else None
        return len(self.project.timelines) < len(mine)

    def AppendToTimeline(self, infos: list[Any]) -> list[Any] | None:  # noqa: N802
        if self.project.current is None:
            return None
        unselected = not self.selected and self.world.at_least("20.3")
        if unselected and not self.world.at_least("20.3.2"):
            return None
        return append(self.project.current, infos, MediaPoolItem)


class MediaPoolItem(Marked):
    kind = "MediaPoolItem"

    def __init__(self, world: World, path: str, project_rate: str) -> None:
        super().__init__(world)
        self.path = path
        self.file = world.disk[path]
        # What sound without a picture counts in is settled when it is imported.
        shown = float(self.file.rate) if self.file.rate else float(project_rate.split()[0])
        self.fps = round(shown, 3) if self.file.rate else shown
        self.rate = snap_rate(self.fps)
        self.frames = int(self.file.seconds * self.rate)
        self.color = ""
        self.online = True
        self.compound = False
        self.start = self.file.start
        self.camera = ""
        self.synced = ""

    @property
    def has_picture(self) -> bool:
        return self.file.rate is not None

    def GetName(self) -> str:  # noqa: N802
        return self.path.replace("\\", "/").rsplit("/", 1)[-1]

    def GetMediaId(self) -> str:  # noqa: N802
        return self.id

    def GetClipProperty(self, name: str | None = None) -> Any:  # noqa: N802
        file, japanese = self.file, self.world.japanese
        start = Timecode.parse(self.start, self.rate, drop_frame=file.drop)
        both = "ビデオ + オーディオ" if japanese else "Video + Audio"
        sound = "オーディオ" if japanese else "Audio"
        timeline = "タイムライン" if japanese else "Timeline"
        of = timeline if self.compound else both if self.has_picture else sound
        values: dict[str, Any] = {
            "Type": of,
            "File Path": "" if self.compound else self.path,
            "File Name": self.GetName(),
            "Clip Name": self.GetName(),
            "FPS": self.fps,
            "Frames": str(self.frames) if self.has_picture else "",
            "Duration": str(Timecode(self.frames, self.rate)),
            "Start TC": self.start.replace(";", ":"),
            "End TC": str(Timecode(start.frame + self.frames, self.rate)),
            "Drop frame": "1" if file.drop else "0",
            "Audio Ch": str(file.channels),
            "Sample Rate": "48000" if file.channels else "",
            "Video Codec": "H.264" if self.has_picture else "",
            "Online Status": "Online" if self.online else "Offline",
            "Scene": "",
            "Synced Audio": self.synced,
            "Camera #": self.camera,
        }
        return values if name is None else values.get(name, "")

    def SetClipProperty(self, name: str, value: Any) -> bool:  # noqa: N802
        if name == "Reel Name":
            return True  # and drops it
        if name != "Start TC" or not isinstance(value, str):
            return False
        try:
            Timecode.parse(value, self.rate, drop_frame=self.file.drop)
        except ValueError:
            return False
        if self.world.keeps_timecode:
            self.start = value
        return True

    def GetMetadata(self, name: str | None = None) -> Any:  # noqa: N802
        return {} if name is None else ""

    def SetClipColor(self, color: str) -> bool:  # noqa: N802
        if color not in api.CLIP_COLORS:
            return False
        self.color = color
        return True


class TimelineClip(MediaPoolItem):
    """What stands in a bin for a timeline."""

    def __init__(self, world: World, timeline: Timeline) -> None:
        Marked.__init__(self, world)
        self.timeline, self.path, self.rate = timeline, "", timeline.rate
        self.fps, self.frames = float(timeline.rate), 0
        self.file = OnDisk(Fraction(0), rate=timeline.rate, channels=0)
        self.start, self.color, self.online, self.compound = "01:00:00:00", "", True, True
        self.camera, self.synced = "", ""

    def GetName(self) -> str:  # noqa: N802
        return self.timeline.name


class Multicam(MediaPoolItem):
    """A clip without a file, whose angles lie as Resolve was told to sync them.

    `starts` holds the seconds at which each clip begins, from the first one.
    """

    def __init__(
        self, world: World, name: str, rate: Fraction, starts: dict[str, Fraction], end: Fraction
    ) -> None:
        Marked.__init__(self, world)
        self.name, self.path, self.rate, self.starts = name, "", rate, starts
        self.fps = round(float(rate), 3)
        self.frames = round_half_up(end * rate)
        self.file = OnDisk(end, rate=rate)
        self.start, self.camera, self.synced = "01:00:00:00", "", ""
        self.color, self.online, self.compound = "", True, True
        self.sources_moved = False

    def GetName(self) -> str:  # noqa: N802
        return self.name


MULTICAM_KEYS = {
    "name", "startTimecode", "frameRate", "angleSyncMode", "channelConfig", "multicamAudioMode",
    "angleNameMode", "splitAtGaps", "useFullClipExtents", "createBinForSourceClips",
    "detectSameCameraClipsMode",
}  # fmt: skip


def multicam(
    world: World, clips: list[MediaPoolItem], options: dict[str, Any], project_rate: str
) -> Multicam | None:
    """Make a multicam clip; None for unknown keys, a mode that is no constant, no markers."""
    mode = options.get("angleSyncMode", world.constants["MULTICAM_ANGLE_SYNC_TIMECODE"])
    if not set(options) <= MULTICAM_KEYS or len(clips) < 2:
        return None
    instants: dict[str, Fraction] = {}
    for clip in clips:
        if mode == world.constants["MULTICAM_ANGLE_SYNC_MARKER"]:
            if not clip.markers:
                return None
            instants[clip.id] = -min(clip.markers) / clip.rate
        elif mode == world.constants["MULTICAM_ANGLE_SYNC_TIMECODE"]:
            label = Timecode.parse(clip.start, clip.rate, drop_frame=clip.file.drop)
            instants[clip.id] = label.seconds
        else:
            return None
    first = min(instants.values())
    starts = {clip.path: instants[clip.id] - first for clip in clips}
    end = max(starts[clip.path] + clip.frames / clip.rate for clip in clips)
    rate = snap_rate(float(options.get("frameRate", project_rate.split()[0])))
    return Multicam(world, str(options.get("name", "Multicam")), rate, starts, end)


def all_folders(folder: Folder) -> list[Folder]:
    return [folder, *(inner for one in folder.folders for inner in all_folders(one))]
