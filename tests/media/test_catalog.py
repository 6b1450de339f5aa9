"""Files and folders become recordings, each once, whatever else lies there."""

from __future__ import annotations

import hashlib
import random
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest

from clapless.media import open_sound, scan, sound_blocks
from tests.locks import locked_out
from tests.media.cards import roles, video, wav
from tests.media.recorders import write_wav

pytestmark = pytest.mark.media


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


def test_locked_files_and_folders_are_named(tmp_path: Path) -> None:
    wav(tmp_path / "good.wav")
    locked = wav(tmp_path / "locked.wav", seed=1)
    locked.chmod(0)
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    try:
        with locked_out():
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


@pytest.mark.real
def test_real_folders(shared_data: Path) -> None:
    found = scan([shared_data / "multicam_video", shared_data / "audio_multidevice"])
    assert found.failures == ()
    assert len(found.clips) == 36
    assert len({clip.name for clip in found.clips}) == 36
    assert all(len(clip.files) == 1 for clip in found.clips)
    odd = scan([shared_data / "bad_odd_media"])
    assert [failure.path.name for failure in odd.failures] == ["chunk_out_of_range.mp4"]
