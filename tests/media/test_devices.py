"""Clips belong to the camera or recorder that made them, where something says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from clapless.errors import UsageError
from clapless.media import scan
from clapless.model import Clip
from tests.media.boxes import append_boxes, sony_meta
from tests.media.cards import video, wav
from tests.media.making import speech_like
from tests.media.recorders import bext, write_wav

pytestmark = pytest.mark.media


def devices_of(found_clips: tuple[Clip, ...]) -> dict[str, str | None]:
    return {clip.path.name: clip.device for clip in found_clips}


def test_two_folders_are_two_devices(tmp_path: Path) -> None:
    for number, camera in enumerate(["CamA", "CamB"]):
        video(tmp_path / camera / f"{camera}1.mov", seed=number)
        video(tmp_path / camera / f"{camera}2.mov", seed=10 + number)
    for paths in ([tmp_path], [tmp_path / "CamB", tmp_path / "CamA"]):
        found = scan(paths)
        assert [(d.id, d.source) for d in found.devices] == [("CamA", "folder"), ("CamB", "folder")]
        assert devices_of(found.clips)["CamB2.mov"] == "CamB"


def test_loose_files_and_one_folder_have_no_device(tmp_path: Path) -> None:
    paths = [video(tmp_path / "a.mov"), video(tmp_path / "b.mov", seed=1)]
    for given in ([tmp_path], paths):
        found = scan(given)
        assert found.devices == ()
        assert {clip.device for clip in found.clips} == {None}


def test_cards_and_days_are_no_cameras(tmp_path: Path) -> None:
    places = {
        "Day 1/CamA/PRIVATE/M4ROOT/CLIP/a1.mov": "CamA",
        "Day 2/CamA/card 2/PRIVATE/M4ROOT/CLIP/a2.mov": "CamA",
        "Day 1/CamB/DCIM/100GOPRO/b1.mov": "CamB",
        "Day 2/Recorder/ZOOM0001/ZOOM0001_LR.wav": "Recorder",
        "Day 2/Recorder/ZOOM0002/ZOOM0002_LR.wav": "Recorder",
    }
    for number, place in enumerate(places):
        (wav if place.endswith("wav") else video)(tmp_path / place, seed=number)
    found = devices_of(scan([tmp_path]).clips)
    assert found == {Path(place).name: device for place, device in places.items()}


def test_cards_of_one_name_are_told_by_the_folder_above(tmp_path: Path) -> None:
    for number, camera in enumerate(["one", "two"]):
        video(tmp_path / camera / "DCIM" / f"{camera}.mov", seed=number)
    found = scan([tmp_path / "one" / "DCIM", tmp_path / "two" / "DCIM"])
    assert devices_of(found.clips) == {"one.mov": "one", "two.mov": "two"}


def test_serial_numbers_go_before_folders(tmp_path: Path) -> None:
    for number, serial in enumerate(["11", "22", "11"]):
        path = video(tmp_path / f"card{number}" / f"C{number}.MP4", seed=number)
        append_boxes(path, sony_meta(serial=serial))
    found = scan([tmp_path])
    by_name = devices_of(found.clips)
    assert by_name["C0.MP4"] == by_name["C2.MP4"] != by_name["C1.MP4"]
    assert {device.serial for device in found.devices} == {"11", "22"}
    assert {device.source for device in found.devices} == {"serial"}
    assert {device.model for device in found.devices} == {"ILCE-7SM3"}


def test_a_recorder_names_itself_and_an_editing_program_is_none(tmp_path: Path) -> None:
    made_by = ("ZOOM F8n", "ZOOM F8n", "TASCAM DR-70D", "Pro Tools")
    for number, originator in enumerate(made_by):
        chunks = {"bext": bext(originator=originator, reference=48000 * 100 * (number + 1))}
        samples = speech_like(1.0, seed=number)
        write_wav(tmp_path / f"{number}.wav", chunks, samples=samples)
    found = scan([tmp_path])
    assert [clip.device for clip in found.clips] == ["ZOOM F8n", "ZOOM F8n", "TASCAM DR-70D", None]
    assert [device.source for device in found.devices] == ["metadata", "metadata"]


def test_letters_of_cinema_cameras(tmp_path: Path) -> None:
    for number, name in enumerate(["A001C001.mov", "A002_C007.mov", "B001C001.mov", "x.mov"]):
        video(tmp_path / name, seed=number)
    found = scan([tmp_path])
    assert devices_of(found.clips) == {
        "A001C001.mov": "A",
        "A002_C007.mov": "A",
        "B001C001.mov": "B",
        "x.mov": None,
    }


def test_the_user_goes_before_all(tmp_path: Path) -> None:
    for number, place in enumerate(["CamA/a.mov", "CamA/b.mov", "CamB/c.mov"]):
        video(tmp_path / place, seed=number)
    found = scan([tmp_path], devices=["Wide=CamB", "Crane=b.*", "Rest=*.mov"])
    assert devices_of(found.clips) == {"a.mov": "Rest", "b.mov": "Crane", "c.mov": "Wide"}
    assert {device.source for device in found.devices} == {"named"}


@pytest.mark.parametrize("rule", ["nothing", "=*.mov", "A=", "A=*.avi"])
def test_rules_that_mean_nothing_are_refused(tmp_path: Path, rule: str) -> None:
    video(tmp_path / "a.mov")
    with pytest.raises(UsageError):
        scan([tmp_path], devices=[rule])
    # Where nothing can be read at all, that is what has to be said.
    (tmp_path / "a.mov").write_bytes(b"no media")
    if "=" in rule and not rule.startswith("=") and not rule.endswith("="):
        assert scan([tmp_path], devices=[rule]).clips == ()
