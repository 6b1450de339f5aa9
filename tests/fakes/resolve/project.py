"""The application, the project and its Media Pool."""

from __future__ import annotations

from typing import Any

from clapless.timing import Timecode, snap_rate
from tests.fakes.resolve import api
from tests.fakes.resolve.handles import Thing
from tests.fakes.resolve.marking import Marked
from tests.fakes.resolve.timeline import Timeline, append
from tests.fakes.resolve.world import World


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

    def SetSelectedClip(self, clip: MediaPoolItem) -> bool:  # noqa: N802
        self.selected = [clip]
        return True

    def ImportMedia(self, paths: list[Any]) -> list[MediaPoolItem]:  # noqa: N802
        got = []
        for path in paths:
            known = [c for f in _all(self.root) for c in f.clips if c.path == path]
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
        return made

    def DeleteTimelines(self, timelines: list[Timeline]) -> bool:  # noqa: N802
        mine = self.project.timelines
        self.project.timelines = [one for one in mine if one not in timelines]
        if self.project.current in timelines:
            self.project.current = self.project.timelines[-1] if self.project.timelines else None
        return len(self.project.timelines) < len(mine)

    def AppendToTimeline(self, infos: list[Any]) -> list[Any] | None:  # noqa: N802
        if self.project.current is None or len(infos) > self.world.batch_limit:
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

    @property
    def has_picture(self) -> bool:
        return self.file.rate is not None

    def GetName(self) -> str:  # noqa: N802
        return self.path.replace("\\", "/").rsplit("/", 1)[-1]

    def GetMediaId(self) -> str:  # noqa: N802
        return self.id

    def GetClipProperty(self, name: str | None = None) -> Any:  # noqa: N802
        file, japanese = self.file, self.world.japanese
        start = Timecode.parse(file.start, self.rate, drop_frame=file.drop)
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
            "Start TC": file.start.replace(";", ":"),
            "End TC": str(Timecode(start.frame + self.frames, self.rate)),
            "Drop frame": "1" if file.drop else "0",
            "Audio Ch": str(file.channels),
            "Sample Rate": "48000" if file.channels else "",
            "Video Codec": "H.264" if self.has_picture else "",
            "Online Status": "Online" if self.online else "Offline",
            "Scene": "",
            "Camera #": "",
        }
        return values if name is None else values.get(name, "")

    def GetMetadata(self, name: str | None = None) -> Any:  # noqa: N802
        return {} if name is None else ""

    def SetClipColor(self, color: str) -> bool:  # noqa: N802
        if color not in api.CLIP_COLORS:
            return False
        self.color = color
        return True


def _all(folder: Folder) -> list[Folder]:
    return [folder, *(inner for one in folder.folders for inner in _all(one))]
