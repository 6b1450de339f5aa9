"""The fake keeps the quirks that placement must live with."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.fakes.resolve import api
from tests.fakes.resolve.handles import Handle
from tests.fakes.resolve.world import World

pytestmark = pytest.mark.resolve


def opened(version: str = "21.0.4", **knobs: Any) -> tuple[World, Any, Any, Any]:
    """A world with a camera clip of 10 s selected and a timeline: world, pool, clip, timeline."""
    world = World(version, **knobs)
    world.add("/a/cam.mov", 10, rate=Fraction(25))
    pool = world.resolve.GetProjectManager().GetCurrentProject().GetMediaPool()
    clip = pool.GetRootFolder().GetClipList()[0]
    timeline = pool.CreateEmptyTimeline("T")
    if "SetSelectedClip" in dir(pool):
        pool.SetSelectedClip(clip)
    return world, pool, clip, timeline


def info(clip: Any, **facts: Any) -> dict[str, Any]:
    return {"mediaPoolItem": clip, "startFrame": 0, "endFrame": 24, "recordFrame": 86400, **facts}


class TestNames:
    def test_an_unknown_name_is_none_and_not_listed(self):
        resolve: Any = World().resolve
        assert getattr(resolve, "Nonsense", 1) is None
        assert hasattr(resolve, "Nonsense")
        assert "Nonsense" not in dir(resolve)
        with pytest.raises(TypeError, match="'NoneType' object is not callable"):
            resolve.Nonsense()

    @pytest.mark.parametrize(
        ("version", "has"),
        [("18.6", False), ("19.1", True), ("20.3", True), ("21.0.4", True), ("21.1", True)],
    )
    def test_names_come_with_their_version(self, version: str, has: bool):
        _, pool, _, _ = opened(version)
        assert ("GetSelectedClips" in dir(pool)) is has
        assert (pool.GetSelectedClips is not None) is has

    def test_undocumented_names_of_21_1_are_a_knob(self):
        assert "GetSetting" in api.names("Timeline", "21.1", True)
        assert "GetSetting" not in api.names("Timeline", "21.1", False)
        assert "GetSetting" in api.names("Timeline", "21.0.4", False)

    def test_free_gives_nothing_to_a_foreign_process(self):
        assert World(studio=False).scriptapp("Resolve") is None
        assert World(external="None").scriptapp("Resolve") is None
        assert World().scriptapp("Resolve").GetProductName() == "DaVinci Resolve Studio"


class TestAppend:
    @pytest.mark.parametrize("bad", [{"endFrame": 4.75}, {"recordFrame": 86400.0}, {"speed": 1}])
    def test_one_bad_entry_refuses_the_batch(self, bad: dict[str, Any]):
        _, pool, clip, timeline = opened()
        batch = [info(clip), info(clip, **{"recordFrame": 90000} | bad)]
        assert pool.AppendToTimeline(batch) is None
        assert timeline.GetItemListInTrack("video", 1) == []

    @pytest.mark.parametrize(
        ("version", "frames"), [("18.6", 25), ("19.1", 24), ("20.3", 24), ("21.1", 24)]
    )
    def test_the_end_frame_belongs_to_18(self, version: str, frames: int):
        _, pool, clip, timeline = opened(version, rate="25")
        assert pool.AppendToTimeline([info(clip, recordFrame=90000)])[0] is not None
        (item,) = timeline.GetItemListInTrack("video", 1)
        assert item.GetEnd() - item.GetStart() == frames

    def test_mixed_rates_are_floored(self):
        _, pool, clip, timeline = opened(rate="24")
        pool.AppendToTimeline([info(clip, endFrame=24)])
        (item,) = timeline.GetItemListInTrack("video", 1)
        assert item.GetDuration() == 23

    def test_a_place_before_the_start_reads_back_and_does_not_render(self):
        _, pool, clip, timeline = opened()
        pool.AppendToTimeline([info(clip, recordFrame=0)])
        (item,) = timeline.GetItemListInTrack("video", 1)
        assert item.GetStart() == 0
        assert not item._thing.renders

    @pytest.mark.parametrize("failure", ["none", "dead", "short"])
    def test_nothing_is_overwritten(self, failure: str):
        _, pool, clip, timeline = opened(failure=failure)
        got = pool.AppendToTimeline([info(clip), info(clip)])
        assert len(timeline.GetItemListInTrack("video", 1)) == 1
        if failure == "dead":
            assert got[1].GetUniqueId() == ""
            assert got[1].GetStart() is None
        else:
            assert got[1:] == ([None] if failure == "none" else [])

    def test_sound_alone_counted_video_tracks_before_20_2_2(self):
        for version, placed in (("19.1", 0), ("20.3", 1)):
            _, pool, clip, timeline = opened(version)
            timeline.AddTrack("audio", "stereo")
            pool.AppendToTimeline([info(clip, mediaType=2, trackIndex=2)])
            assert len(timeline.GetItemListInTrack("audio", 2)) == placed

    def test_without_a_selection_20_3_places_nothing(self):
        world, pool, clip, _ = opened("20.3")
        assert world.project is not None
        world.project.pool.selected = []
        assert pool.AppendToTimeline([info(clip)]) is None


class TestTimelines:
    def test_a_new_one_becomes_current_and_names_are_unique(self):
        world, pool, _, _ = opened()
        assert world.resolve.GetProjectManager().GetCurrentProject().GetCurrentTimeline()
        second = pool.CreateEmptyTimeline("U")
        assert pool.CreateEmptyTimeline("T") is None
        assert world.project is not None
        assert world.project.current is second._thing

    def test_sound_tracks_are_mono_unless_said(self):
        _, _, _, timeline = opened()
        assert timeline.AddTrack("audio")
        assert timeline.AddTrack("audio", "stereo")
        assert [timeline.GetTrackSubType("audio", n) for n in (2, 3)] == ["mono", "stereo"]

    def test_the_rate_is_locked_once_something_is_placed(self):
        _, pool, clip, timeline = opened()
        assert not timeline.SetSetting("timelineFrameRate", "25")
        assert timeline.SetSetting("useCustomSettings", "1")
        assert timeline.SetSetting("timelineFrameRate", "25")
        assert timeline.GetStartFrame() == 90000
        pool.AppendToTimeline([info(clip, recordFrame=90000)])
        assert not timeline.SetSetting("timelineFrameRate", "24")

    def test_markers_are_relative_and_their_frames_come_back_as_floats(self):
        _, _, _, timeline = opened()
        assert timeline.AddMarker(12, "Green", "a", "", 1, "x")
        assert not timeline.AddMarker(12, "Green", "b", "", 1, "y")
        assert not timeline.AddMarker(13.0, "Green", "b", "", 1, "y")
        assert not timeline.AddMarker(13, "Orange", "b", "", 1, "y")
        ((frame, marker),) = timeline.GetMarkers().items()
        assert (type(frame), frame, marker["customData"]) == (float, 12.0, "x")

    def test_fairlight_deletes_nothing_and_linked_sound_stays(self):
        world, pool, clip, timeline = opened()
        pool.AppendToTimeline([info(clip)])
        (picture,) = timeline.GetItemListInTrack("video", 1)
        world.page = "fairlight"
        assert not timeline.DeleteClips([picture])
        world.page = "edit"
        assert timeline.DeleteClips([picture])
        assert len(timeline.GetItemListInTrack("audio", 1)) == 1


class TestClips:
    def test_sound_counts_at_the_project_rate_of_its_import(self):
        world = World(rate="24")
        sound = world.add("/a/take.wav", 10)
        assert world.project is not None
        world.project.rate_text = "25"
        assert (sound.GetClipProperty("FPS"), sound.frames) == (24.0, 240)

    def test_values_are_in_the_language_of_the_program(self):
        clip = World(japanese=True).add("/a/c.mov", 1, rate=Fraction(25))
        assert clip.GetClipProperty("Type") == "ビデオ + オーディオ"
        assert clip.GetClipProperty()["Video Codec"] == "H.264"

    def test_a_modal_dialog_makes_every_call_none(self):
        world = World()
        world.modal = True
        assert world.resolve.GetVersionString() is None


class TestMore:
    def test_audio_sync_knows_its_live_keys_and_denies_what_it_did(self):
        world = World("20.3")
        clip = world.add("/a/c.mov", 10, rate=Fraction(25))
        sound = world.add("/a/r.wav", 10)
        pool = world.resolve.GetProjectManager().GetCurrentProject().GetMediaPool()
        assert not pool.AutoSyncAudio([_seen(clip), _seen(sound)], {"syncMode": "timecode"})
        assert clip.GetClipProperty("Synced Audio") == ""
        mode = {world.resolve.AUDIO_SYNC_MODE: world.resolve.AUDIO_SYNC_TIMECODE}
        assert not pool.AutoSyncAudio([_seen(clip), _seen(sound)], mode)
        assert clip.GetClipProperty("Synced Audio") == "r.wav"

    def test_exports_want_live_constants(self):
        world, _, _, timeline = opened()
        assert not timeline.Export("/a/x.otio", "EXPORT_OTIO")
        assert timeline.Export("/a/x.otio", world.resolve.EXPORT_OTIO)

    def test_a_copy_becomes_current_and_names_are_unique(self):
        world, _, _, timeline = opened()
        copy = timeline.DuplicateTimeline("Copy")
        assert world.project is not None
        assert world.project.current is copy._thing
        assert timeline.DuplicateTimeline("Copy") is None

    def test_old_calls_give_numbered_dicts(self):
        _, pool, clip, timeline = opened()
        pool.AppendToTimeline([info(clip)])
        ((number, item),) = timeline.GetItemsInTrack("video", 1).items()
        assert (number, item.GetStart()) == (1.0, 86400)
        assert "GetItemsInTrack" not in dir(opened("21.1", legacy=False)[3])

    def test_there_is_no_speed_before_21_1(self):
        _, pool, clip, timeline = opened("20.3")
        pool.AppendToTimeline([info(clip)])
        (item,) = timeline.GetItemListInTrack("video", 1)
        assert not item.SetProperty("Speed", 50.0)
        assert "SetSpeed" not in dir(item)

    @pytest.mark.parametrize(("rate", "end"), [("25", 24), ("24", 23)])
    def test_the_source_end_is_exclusive_at_one_rate_only(self, rate: str, end: int):
        _, pool, clip, timeline = opened("20.3", rate=rate)
        start = timeline.GetStartFrame()
        pool.AppendToTimeline([info(clip, recordFrame=start)])
        (item,) = timeline.GetItemListInTrack("video", 1)
        assert item.GetSourceEndFrame() == end

    def test_a_reel_name_is_taken_and_dropped(self):
        clip = World().add("/a/c.mov", 1, rate=Fraction(25))
        assert clip.SetClipProperty("Reel Name", "A001")
        assert clip.GetClipProperty("Reel Name") == ""

    @pytest.mark.parametrize("moved", [True, False])
    def test_a_multicam_clip_whose_sources_moved_is_placed_nowhere(self, moved: bool):
        world, pool, clip, timeline = opened("21.1")
        other = world.add("/a/other.mov", 10, rate=Fraction(25))
        for one in (clip, _seen(other)):
            one.AddMarker(3, "Blue", "x", "", 1, "")
        options = {"angleSyncMode": world.resolve.MULTICAM_ANGLE_SYNC_MARKER}
        assert pool.CreateMulticamClip([clip, _seen(other)], {"unknown": 1}) is None
        assert pool.CreateMulticamClip([clip, _seen(other)], {"angleSyncMode": "MARKER"}) is None
        if not moved:
            options["createBinForSourceClips"] = False
        (made,) = pool.CreateMulticamClip([clip, _seen(other)], options)
        assert len(pool.GetRootFolder().GetSubFolderList()) == moved
        timeline.AddTrack("video")
        (got,) = pool.AppendToTimeline([info(made, trackIndex=2, mediaType=1)])
        assert (got is None) is moved
        assert len(timeline.GetItemListInTrack("video", 1)) == (not moved)

    def test_an_import_under_a_name_that_exists_is_nothing(self):
        world, pool, _, _ = opened()
        world.disk["/a/x.xml"] = world.disk["/a/cam.mov"]
        assert pool.ImportTimelineFromFile("/a/x.xml", {"timelineName": "T"}) is None
        assert pool.ImportTimelineFromFile("/a/x.xml", {"timelineName": "U"}) is not None
        assert pool.ImportTimelineFromFile("/nowhere.xml", {}) is None


def _seen(clip: Any) -> Any:
    """Return the handle that a script has of a clip."""
    return Handle(clip)
