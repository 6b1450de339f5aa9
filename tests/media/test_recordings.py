"""One recording in several files is one clip, where that is proven, and proxies go with it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clapless.media import open_sound, scan, sound_blocks
from tests.media.boxes import append_boxes, sony_meta
from tests.media.cards import gopro, roles, video, wav
from tests.media.making import Picture, Sound, speech_like, write_media
from tests.media.recorders import bext, ixml, write_wav

pytestmark = pytest.mark.media


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


@pytest.mark.parametrize(
    "names",
    [
        ("C0001.MP4", "C0002.MP4"),  # Sony
        ("20260131_C0009.MP4", "20260131_C0010.MP4"),
        ("MVI_0099.MP4", "MVI_0100.MP4"),  # Canon
        ("AA000101.MXF", "AA000102.MXF"),
        ("A001C001_260131_CANON.MXF", "A001C002_260131_CANON.MXF"),
        ("DJI_0001.MOV", "DJI_0002.MOV"),
        ("DJI_20260131101500_0001_D.MP4", "DJI_20260131103212_0002_D.MP4"),
        ("P1000001.MOV", "P1000002.MOV"),  # Panasonic
    ],
)
def test_makers_names_of_full_files_that_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    video(tmp_path / names[0], timecode="01:00:00:00", count=25)
    video(tmp_path / names[1], timecode="01:00:01:00", count=20, seed=1)
    assert len(scan([tmp_path]).clips) == 2
    full = (tmp_path / names[0]).stat().st_size
    monkeypatch.setattr("clapless.media.seams.FULL_BYTES", ((full - 10, full + 10),))
    (clip,) = scan([tmp_path]).clips
    assert roles(clip) == [(names[0], "main"), (names[1], "chapter")]
    assert clip.duration_s == Fraction(45, 25)


def test_avchd_goes_on_by_the_clock_of_its_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "PRIVATE" / "AVCHD" / "BDMV" / "STREAM"
    folder.mkdir(parents=True)
    for number, (start_s, count) in enumerate([(10, 50), (12, 50), (14, 25), (60, 25)]):
        write_media(
            folder / f"{number:05}.MTS",
            picture=Picture(
                codec="libx264", count=count, start_s=float(start_s), options={"bf": "0"}
            ),
            sounds=[
                Sound(
                    samples=speech_like(count / 25, seed=number),
                    codec="ac3",
                    start_s=float(start_s),
                )
            ],
            container="mpegts",
            options={"mpegts_m2ts_mode": "1", "mpegts_copyts": "1"},
        )
    full = (folder / "00000.MTS").stat().st_size
    monkeypatch.setattr("clapless.media.seams.FULL_BYTES", ((full - 4000, full + 4000),))
    whole, other = scan([tmp_path]).clips
    assert [file.start_s for file in whole.files] == [0, 2, 4]
    assert [file.extra.get("seam") for file in whole.files[1:]] == ["stream clock"] * 2
    assert roles(other) == [("00003.MTS", "main")]
    with open_sound(whole) as sound:
        assert sound.length == pytest.approx(5 * 16000, abs=700)


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


def test_thumbnails_go_with_their_originals(tmp_path: Path) -> None:
    recordings = ("100GOPRO/GX010042.MP4", "DCIM/MVI_0001.MOV", "M4ROOT/CLIP/C0001.MP4")
    for number, name in enumerate(recordings):
        video(tmp_path / name, seed=number)
    stills = ("100GOPRO/GX010042.THM", "DCIM/MVI_0001.THM", "M4ROOT/THMBNL/C0001T01.JPG")
    strangers = ("DCIM/MVI_0002.THM", "M4ROOT/THMBNL/C0002T01.JPG", "photo.jpg")
    for name in (*stills, *strangers):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\xff\xd8")
    found = scan([tmp_path])
    assert {clip.path.name: clip.files[0].extra.get("thumbnail") for clip in found.clips} == {
        "GX010042.MP4": "GX010042.THM",
        "MVI_0001.MOV": "MVI_0001.THM",
        "C0001.MP4": "../THMBNL/C0001T01.JPG",
    }
    assert {path.name for path in found.skipped} == {Path(name).name for name in strangers}
    assert found.failures == ()


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
