"""Files and folders become recordings: each once, whole, and with its device."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import stat
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clapless.errors import UsageError
from clapless.media import open_sound, scan, sound_blocks
from clapless.model import Clip
from tests.media.boxes import add_to_movie, append_boxes, gopro_boxes, sony_meta
from tests.media.conftest import PLAIN_AAC
from tests.media.making import Picture, Sound, speech_like, write_media
from tests.media.recorders import bext, ixml, write_wav

pytestmark = pytest.mark.media


def video(
    path: Path,
    *,
    count: int = 50,
    timecode: str = "",
    created: str = "",
    seed: int = 0,
    rate: Fraction = Fraction(25),
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"timecode": timecode} if timecode else {}
    if created:
        metadata["creation_time"] = created
    sound = Sound(samples=speech_like(float(count / rate), seed=seed), options=PLAIN_AAC)
    picture = Picture(count=count, rate=rate, metadata={"timecode": timecode} if timecode else {})
    # The container goes by the content, not by the suffix of the card's file names.
    return write_media(path, picture=picture, sounds=[sound], metadata=metadata, container="mov")


def wav(path: Path, *, seconds: float = 1.0, seed: int = 0, reference: int | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = speech_like(seconds, seed=seed)
    chunks = {} if reference is None else {"bext": bext(reference=reference)}
    return write_wav(path, chunks, samples=samples)


def roles(clip: Clip) -> list[tuple[str, str]]:
    return [(file.path.name, file.role) for file in clip.files]


# Order, ids and names


def test_ids_do_not_depend_on_the_order_of_arguments(tmp_path: Path) -> None:
    paths = [video(tmp_path / f"C{n}.mov", seed=n, count=25) for n in (10, 9, 1)]
    paths += [wav(tmp_path / "take 2.wav"), wav(tmp_path / "Take 1.wav", seed=1)]
    first = scan(paths)
    assert [clip.name for clip in first.clips] == ["C1", "C9", "C10", "Take 1", "take 2"]
    assert [clip.id for clip in first.clips] == ["c1", "c2", "c3", "c4", "c5"]
    random.Random(1).shuffle(paths)
    assert scan(paths) == first


def test_equal_names_are_made_to_differ(tmp_path: Path) -> None:
    for number, place in enumerate(["A/C1.mov", "B/C1.mov", "B/C1.wav", "C1.wav"]):
        make = video if place.endswith("mov") else wav
        make(tmp_path / place, seed=number)
    names = [clip.name for clip in scan([tmp_path]).clips]
    assert len(set(names)) == 4
    assert "A/C1.mov" in names
    assert "B/C1.mov" in names


def test_the_same_file_is_one_clip_however_it_is_reached(tmp_path: Path) -> None:
    path = wav(tmp_path / "a" / "take.wav")
    (tmp_path / "b").mkdir()
    shutil.copy(path, tmp_path / "b" / "copy.wav")
    link = tmp_path / "link.wav"
    link.symlink_to(path)
    found = scan([tmp_path, path, str(path), link, tmp_path / "a" / ".." / "a" / "take.wav"])
    assert len(found.clips) == 1
    assert roles(found.clips[0]) == [("take.wav", "main"), ("copy.wav", "backup")]
    assert found.failures == ()


def test_equal_ends_are_not_equal_files(tmp_path: Path) -> None:
    quiet = np.zeros((1, 4_000_000), np.int16)
    other = quiet.copy()
    other[0, 1_000_000] = 5
    one = write_wav(tmp_path / "a.wav", {}, samples=quiet)
    two = write_wav(tmp_path / "b.wav", {}, samples=other)
    assert one.stat().st_size == two.stat().st_size
    assert len(scan([one, two]).clips) == 2


# What is there beside recordings


def test_folders_are_searched_and_strangers_counted(tmp_path: Path) -> None:
    wav(tmp_path / "deep" / "er" / "a.wav")
    for name in ("notes.txt", "deep/report.pdf", "deep/er/a.wav.md5", "deep/GX01.THM"):
        (tmp_path / name).write_text("x")
    wav(tmp_path / "deep" / "._a.wav", seed=1)
    wav(tmp_path / ".Trashes" / "old.wav", seed=2)
    found = scan([tmp_path])
    assert [clip.name for clip in found.clips] == ["a"]
    assert sorted(path.name for path in found.skipped) == [
        "GX01.THM",
        "a.wav.md5",
        "notes.txt",
        "report.pdf",
    ]
    assert found.failures == ()


def test_what_should_be_media_and_is_not_is_named(tmp_path: Path) -> None:
    wav(tmp_path / "good.wav")
    (tmp_path / "empty.mov").touch()
    (tmp_path / 'it\'s "b\nd".mp4').write_bytes(b"nothing" * 100)
    named = tmp_path / "readme.txt"
    named.write_text("hello")
    found = scan([tmp_path, named, tmp_path / "gone.wav"])
    assert [clip.name for clip in found.clips] == ["good"]
    reasons = {failure.path.name: failure.reason for failure in found.failures}
    assert reasons == {
        "empty.mov": "empty.mov: is empty.",
        'it\'s "b\nd".mp4': 'it\'s "b\\nd".mp4: is not a media file that can be read.',
        "readme.txt": "readme.txt: is not a media file that can be read.",
        "gone.wav": "gone.wav: does not exist.",
    }
    assert found.skipped == ()


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    wav(tmp_path / "a" / "x.wav")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "dead.wav").symlink_to(tmp_path / "nowhere.wav")
    found = scan([tmp_path])
    assert [clip.name for clip in found.clips] == ["x"]
    assert [failure.reason for failure in found.failures] == ["dead.wav: does not exist."]


@pytest.mark.skipif(
    sys.platform == "win32" or os.getuid() == 0, reason="nothing can be locked against this user"
)
def test_locked_files_and_folders_are_named(tmp_path: Path) -> None:
    wav(tmp_path / "good.wav")
    locked = wav(tmp_path / "locked.wav", seed=1)
    locked.chmod(0)
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    try:
        found = scan([tmp_path])
    finally:
        folder.chmod(stat.S_IRWXU)
    assert [clip.name for clip in found.clips] == ["good"]
    assert sorted(failure.path.name for failure in found.failures) == ["closed", "locked.wav"]


def test_originals_are_left_as_they_are(tmp_path: Path) -> None:
    paths = [video(tmp_path / "a.mov"), wav(tmp_path / "b.wav")]
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    paths.append(tmp_path / "broken.mp4")
    for path in paths:
        path.chmod(0o444)
    before = {
        path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in paths
    }
    listed = sorted(tmp_path.rglob("*"))
    found = scan([tmp_path])
    for clip in found.clips:
        for _ in sound_blocks(clip):
            pass
        with open_sound(clip) as sound:
            sound.window(1000, 1000)
    after = {
        path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in paths
    }
    assert after == before
    assert sorted(tmp_path.rglob("*")) == listed


def test_progress_counts_the_files(tmp_path: Path) -> None:
    for number in range(3):
        wav(tmp_path / f"{number}.wav", seed=number)
    seen: list[tuple[int, int]] = []
    scan([tmp_path], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


# One recording in several files


def gopro(path: Path, *, timecode: str, recording: bytes = b"one", seed: int = 0) -> Path:
    video(path, timecode=timecode, seed=seed)
    return add_to_movie(path, gopro_boxes(serial="C1", model="HERO9", recording=recording))


def test_gopro_chapters_are_one_clip(tmp_path: Path) -> None:
    gopro(tmp_path / "GX010042.MP4", timecode="10:00:00:00")
    gopro(tmp_path / "GX020042.MP4", timecode="10:00:02:00", seed=1)
    gopro(tmp_path / "GX030042.MP4", timecode="10:00:04:00", seed=2)
    gopro(tmp_path / "GX010043.MP4", timecode="10:05:00:00", recording=b"two", seed=3)
    found = scan([tmp_path])
    one, two = found.clips
    assert roles(one) == [
        ("GX010042.MP4", "main"),
        ("GX020042.MP4", "chapter"),
        ("GX030042.MP4", "chapter"),
    ]
    assert [file.start_s for file in one.files] == [0, 2, 4]
    assert [file.extra.get("seam") for file in one.files] == [None, "timecode", "timecode"]
    assert one.duration_s == 6
    assert roles(two) == [("GX010043.MP4", "main")]
    assert [device.source for device in found.devices] == ["serial"]
    with open_sound(one) as sound:
        assert sound.length == pytest.approx(6 * 16000, abs=1100)
        assert np.abs(sound.window(70000, 16000)).max() > 0.01


def test_old_gopro_chapters_are_one_clip(tmp_path: Path) -> None:
    for number, name in enumerate(["GOPR0007.MP4", "GP010007.MP4", "GP020007.MP4"]):
        video(tmp_path / name, seed=number)
    (clip,) = scan([tmp_path]).clips
    assert [name for name, _ in roles(clip)] == ["GOPR0007.MP4", "GP010007.MP4", "GP020007.MP4"]
    assert clip.files[1].extra["seam"] == "name"


def test_a_chapter_that_is_missing_is_not_bridged(tmp_path: Path) -> None:
    for number, name in enumerate(["GX010001.MP4", "GX030001.MP4"]):
        video(tmp_path / name, seed=number)
    assert len(scan([tmp_path]).clips) == 2


@pytest.mark.parametrize("label", ["10:00:09:00", "09:00:00:00"])
def test_chapters_whose_clocks_contradict_stay_apart(tmp_path: Path, label: str) -> None:
    video(tmp_path / "GX010001.MP4", timecode="10:00:00:00")
    video(tmp_path / "GX020001.MP4", timecode=label, seed=1)
    assert len(scan([tmp_path]).clips) == 2


def test_chapters_of_other_recordings_stay_apart(tmp_path: Path) -> None:
    gopro(tmp_path / "GX010001.MP4", timecode="10:00:00:00", recording=b"one")
    gopro(tmp_path / "GX020001.MP4", timecode="10:00:02:00", recording=b"two", seed=1)
    assert len(scan([tmp_path]).clips) == 2


def test_chapters_whose_times_of_creation_contradict_stay_apart(tmp_path: Path) -> None:
    video(tmp_path / "GX010001.MP4", created="2026-01-31T10:00:00Z")
    video(tmp_path / "GX020001.MP4", created="2026-01-31T10:30:00Z", seed=1)
    assert len(scan([tmp_path]).clips) == 2


def test_a_gap_between_chapters_is_kept(tmp_path: Path) -> None:
    video(tmp_path / "GX010001.MP4", timecode="10:00:00:00")
    video(tmp_path / "GX020001.MP4", timecode="10:00:02:10", seed=1)
    (clip,) = scan([tmp_path]).clips
    assert clip.files[1].start_s == Fraction(60, 25)
    assert clip.duration_s == Fraction(110, 25)


def test_timecode_alone_joins_nothing(tmp_path: Path) -> None:
    # Record-run timecode goes on over a pause.
    video(tmp_path / "C0001.MOV", timecode="01:00:00:00")
    video(tmp_path / "C0002.MOV", timecode="01:00:02:00", count=30, seed=1)
    assert len(scan([tmp_path]).clips) == 2


def test_full_files_whose_timecode_goes_on_are_one_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video(tmp_path / "MVI_0041.MOV", timecode="01:00:00:00")
    video(tmp_path / "MVI_0042.MOV", timecode="01:00:02:00", count=30, seed=1)
    video(tmp_path / "MVI_0043.MOV", timecode="01:00:03:05", count=30, seed=2)
    full = (tmp_path / "MVI_0041.MOV").stat().st_size
    monkeypatch.setattr("clapless.media.seams.FULL_BYTES", ((full - 10, full + 10),))
    found = scan([tmp_path])
    assert [roles(clip)[0][0] for clip in found.clips] == ["MVI_0041.MOV", "MVI_0043.MOV"]
    assert roles(found.clips[0])[1] == ("MVI_0042.MOV", "chapter")


def test_parts_of_equal_length_whose_reference_goes_on_are_one_take(tmp_path: Path) -> None:
    start = 36000 * 48000
    for number, seconds in enumerate([2.0, 2.0, 1.0]):
        reference = start + number * 96000
        wav(
            tmp_path / f"T01_{number + 1:04}.WAV", seconds=seconds, seed=number, reference=reference
        )
    (clip,) = scan([tmp_path]).clips
    assert [file.start_s for file in clip.files] == [0, 2, 4]
    assert clip.files[1].extra["seam"] == "time reference"
    assert clip.time_reference_samples == start


def test_takes_a_few_samples_apart_are_not_one(tmp_path: Path) -> None:
    start = 36000 * 48000
    for number in range(2):
        reference = start + number * (96000 + 200)
        wav(tmp_path / f"T0{number + 1}.WAV", seconds=2.0, seed=number, reference=reference)
    assert len(scan([tmp_path]).clips) == 2


@pytest.mark.parametrize("goes_on", [True, False])
def test_full_takes_without_clock_are_joined_where_the_sound_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goes_on: bool
) -> None:
    t = np.arange(200_000) / 48000
    hum = (8000 * np.sin(2 * np.pi * 110 * t) + 3000 * np.sin(2 * np.pi * 371 * t)).astype(np.int16)
    rest = hum[96000:] if goes_on else -hum[96100:]
    one = write_wav(tmp_path / "STE-001.wav", {}, samples=hum[None, :96000])
    write_wav(tmp_path / "STE-002.wav", {}, samples=rest[None])
    full = one.stat().st_size
    monkeypatch.setattr("clapless.media.seams.FULL_BYTES", ((full - 10, full + 10),))
    clips = scan([tmp_path]).clips
    assert len(clips) == (1 if goes_on else 2)
    if goes_on:
        assert clips[0].files[1].extra["seam"] == "samples"


def test_other_formats_are_not_chapters(tmp_path: Path) -> None:
    video(tmp_path / "GX010001.MP4")
    video(tmp_path / "GX020001.MP4", rate=Fraction(50), seed=1)
    assert len(scan([tmp_path]).clips) == 2


def test_tracks_of_a_zoom_take_are_one_clip(tmp_path: Path) -> None:
    folder = tmp_path / "ZOOM0001"
    folder.mkdir()
    for number, part in enumerate(["Tr1", "Tr2", "LR"]):
        channels = 2 if part == "LR" else 1
        samples = speech_like(2, channels=channels, seed=number)
        write_wav(folder / f"ZOOM0001_{part}.WAV", {}, samples=samples)
    wav(folder / "ZOOM0001_LR_BU.WAV", seconds=2, seed=9)
    (clip,) = scan([tmp_path]).clips
    assert clip.name == "ZOOM0001"
    assert roles(clip) == [
        ("ZOOM0001_LR.WAV", "main"),
        ("ZOOM0001_Tr1.WAV", "parallel"),
        ("ZOOM0001_Tr2.WAV", "parallel"),
        ("ZOOM0001_LR_BU.WAV", "backup"),
    ]
    assert [(a.file, a.channels, a.names) for a in clip.audio] == [
        (0, 2, ("LR 1", "LR 2")),
        (1, 1, ("Tr1",)),
        (2, 1, ("Tr2",)),
    ]
    blocks = {block.stream: block.samples.shape for block in sound_blocks(clip)}
    assert set(blocks) == {0, 1, 2}


def test_tracks_that_end_apart_are_takes_of_their_own(tmp_path: Path) -> None:
    wav(tmp_path / "ZOOM0001_Tr1.WAV", seconds=2)
    wav(tmp_path / "ZOOM0001_Tr2.WAV", seconds=1, seed=1)
    assert len(scan([tmp_path]).clips) == 2


def test_split_parallel_tracks_are_one_clip(tmp_path: Path) -> None:
    for track in (1, 2):
        for part in (1, 2, 3):
            wav(
                tmp_path / f"TAKE_Tr{track}_{part:04}.WAV",
                seconds=1,
                seed=10 * track + part,
                reference=1000 + part * 48000,
            )
    (clip,) = scan([tmp_path]).clips
    assert [role for _, role in roles(clip)] == [
        *("main", "chapter", "chapter"),
        *("parallel", "chapter", "chapter"),
    ]
    assert [file.start_s for file in clip.files] == [0, 1, 2, 0, 1, 2]
    for stream, first in ((0, "TAKE_Tr1_0001.WAV"), (1, "TAKE_Tr2_0001.WAV")):
        blocks = [block.samples for block in sound_blocks(clip, streams=[stream])]
        assert np.concatenate(blocks, axis=1).shape == (1, 48000)
        assert clip.files[clip.audio[stream].file].path.name == first


def test_files_of_one_ixml_family_are_one_take(tmp_path: Path) -> None:
    for number, name in enumerate(["take_1.wav", "take_2.wav"]):
        notes = ixml(family="F1", part="AB"[number], tracks={1: ["Boom", "Lav"][number]}, SCENE="9")
        samples = speech_like(1, seed=number)
        chunks = {"iXML": notes, "bext": bext(reference=48000 * 3600)}
        write_wav(tmp_path / name, chunks, samples=samples)
    (clip,) = scan([tmp_path]).clips
    assert [a.names for a in clip.audio] == [("Boom",), ("Lav",)]
    assert [role for _, role in roles(clip)] == ["main", "parallel"]
    assert clip.scene == "9"


def test_what_a_camera_wrote_on_two_cards_is_one_clip(tmp_path: Path) -> None:
    made = {"timecode": "10:00:00:00", "created": "2026-01-31T10:00:00Z"}
    for number, card in enumerate(["card A", "card B"]):
        # Other bytes, as a proxy-sized second recording has: the seed differs.
        path = video(tmp_path / card / "C0001.MP4", seed=number, **made)  # type: ignore[arg-type]
        append_boxes(path, sony_meta(serial="77"))
    (clip,) = scan([tmp_path]).clips
    assert [role for _, role in roles(clip)] == ["main", "backup"]


def test_a_p2_card_keeps_sound_beside_the_picture(tmp_path: Path) -> None:
    label = {"timecode": "10:00:00:00"}
    recipes: dict[str, dict[str, object]] = {
        "VIDEO/0001AB.MXF": {
            "picture": Picture(codec="mpeg2video", size=(128, 96), count=50, metadata=label)
        },
        "AUDIO/0001AB00.MXF": {"sounds": [Sound(samples=speech_like(2), codec="pcm_s16le")]},
        "AUDIO/0001AB01.MXF": {
            "sounds": [Sound(samples=speech_like(2, seed=1), codec="pcm_s16le")]
        },
    }
    for name, recipe in recipes.items():
        path = tmp_path / "CONTENTS" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        container = "mxf" if "picture" in recipe else "wav"
        write_media(path, container=container, **recipe)  # type: ignore[arg-type]
    (clip,) = scan([tmp_path]).clips
    assert [role for _, role in roles(clip)] == ["main", "parallel", "parallel"]
    assert [(a.file, a.channels) for a in clip.audio] == [(1, 1), (2, 1)]
    assert {block.stream for block in sound_blocks(clip)} == {0, 1}


def test_two_lenses_are_one_clip(tmp_path: Path) -> None:
    for number, lens in enumerate(["00", "10"]):
        for part in (1, 2):
            video(tmp_path / f"VID_20260131_101500_{lens}_00{part}.insv", seed=10 * number + part)
    video(tmp_path / "LRV_20260131_101500_11_001.insv", seed=30)
    (clip,) = scan([tmp_path]).clips
    assert [role for _, role in roles(clip)] == ["main", "chapter", "parallel", "parallel", "proxy"]
    assert [file.start_s for file in clip.files] == [0, 2, 0, 2, 0]
    assert len(clip.audio) == 1
    with open_sound(clip) as sound:
        assert sound.length == pytest.approx(4 * 16000, abs=1100)


# Proxies


@pytest.mark.parametrize(
    ("original", "proxy"),
    [
        ("GX010042.MP4", "GL010042.LRV"),
        ("GOPR0001.MP4", "GOPR0001.LRV"),
        ("DJI_0001.MP4", "DJI_0001.LRF"),
        ("CLIP/C0001.MP4", "SUB/C0001S03.MP4"),
        ("Clip/C0001.MXF", "Sub/C0001S01.MP4"),
        ("A001_C001.mov", "Proxy/A001_C001.mp4"),
        ("take.mov", "take_Proxy.mov"),
    ],
)
def test_proxies_go_with_their_originals(tmp_path: Path, original: str, proxy: str) -> None:
    video(tmp_path / original)
    video(tmp_path / proxy, seed=1)
    found = scan([tmp_path])
    (clip,) = found.clips
    assert [role for _, role in roles(clip)] == ["main", "proxy"]
    assert clip.path.name == Path(original).name
    assert found.skipped == ()


def test_each_chapter_has_its_proxy(tmp_path: Path) -> None:
    for number in (1, 2):
        label = f"10:00:0{2 * (number - 1)}:00"
        video(tmp_path / f"GX0{number}0042.MP4", timecode=label, seed=number)
        video(tmp_path / f"GL0{number}0042.LRV", timecode=label, seed=10 + number)
    (clip,) = scan([tmp_path]).clips
    assert [role for _, role in roles(clip)] == ["main", "chapter", "proxy", "proxy"]
    assert [file.start_s for file in clip.files] == [0, 2, 0, 2]
    assert sum(1 for _ in sound_blocks(clip)) > 0


def test_a_proxy_alone_is_no_clip(tmp_path: Path) -> None:
    path = video(tmp_path / "GL010042.LRV")
    found = scan([tmp_path])
    assert found.clips == ()
    assert [file.name for file in found.skipped] == ["GL010042.LRV"]
    (failure,) = scan([path]).failures
    assert failure.reason == "GL010042.LRV: is a proxy, and its original was not given."


def test_a_folder_of_proxies_alone_says_so(tmp_path: Path) -> None:
    video(tmp_path / "Proxy" / "A001_C001.mov")
    found = scan([tmp_path])
    assert found.clips == ()
    assert [failure.path.name for failure in found.failures] == ["A001_C001.mov"]


def test_a_folder_called_sub_is_no_card(tmp_path: Path) -> None:
    video(tmp_path / "sub" / "clip.mov")
    assert [clip.name for clip in scan([tmp_path]).clips] == ["clip"]


def test_the_nearest_original_gets_the_proxy(tmp_path: Path) -> None:
    for number, camera in enumerate("AB"):
        video(tmp_path / camera / "CLIP" / "C0001.MP4", seed=number)
        video(tmp_path / camera / "SUB" / "C0001S03.MP4", seed=10 + number)
    found = scan([tmp_path])
    for clip in found.clips:
        assert clip.files[1].path.parents[1] == clip.path.parents[1]


# Devices


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


@pytest.mark.real
def test_real_folders(shared_data: Path) -> None:
    found = scan([shared_data / "multicam_video", shared_data / "audio_multidevice"])
    assert found.failures == ()
    assert len(found.clips) == 36
    assert len({clip.name for clip in found.clips}) == 36
    assert all(len(clip.files) == 1 for clip in found.clips)
    odd = scan([shared_data / "bad_odd_media"])
    assert [failure.path.name for failure in odd.failures] == ["chunk_out_of_range.mp4"]
