"""Bad input through the command line: one sentence with the file's name, the rest still synced.

After every run the originals' bytes and times are compared, and no file has come that was not asked
for.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from clapless.cli import app
from clapless.session import read_session
from clapless.synth.sound import make_pair
from clapless.synth.wave import write_wave
from tests.locks import locked_out
from tests.media.making import Picture, Sound, write_media

pytestmark = pytest.mark.media

RATE_HZ = 16000
posix = pytest.mark.skipif(
    sys.platform == "win32", reason="names and modes that Windows does not have"
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings of 25 s that share 20 s; b starts 5 s later."""
    folder = tmp_path_factory.mktemp("pair")
    made = make_pair(7, kind="speech", overlap_s=20.0, a_s=25.0, b_s=25.0, offset_s=5.0)
    write_wave(folder / "a.wav", made.a, made.rate_hz)
    write_wave(folder / "b.wav", made.b, made.rate_hz)
    return folder


@pytest.fixture
def pair_sound(tmp_path: Path) -> np.ndarray:
    """The sound of b, int16 of shape (1, n)."""
    (tmp_path / "elsewhere").mkdir()
    made = make_pair(7, kind="speech", overlap_s=20.0, a_s=25.0, b_s=25.0, offset_s=5.0)
    assert made.rate_hz == RATE_HZ
    mono = np.atleast_2d(made.b)[:1]
    return (mono * 32767).clip(-32768, 32767).astype(np.int16)


@pytest.fixture
def shoot(pair: Path, tmp_path: Path) -> Path:
    """A folder with the pair of its own."""
    folder = tmp_path / "shoot"
    shutil.copytree(pair, folder)
    return folder


@pytest.fixture(autouse=True)
def originals(shoot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compare bytes and times of everything in the shoot before and after the command line ran."""
    before: dict[str, tuple[bytes, int]] = {}
    run_app = app.run

    def seen() -> dict[str, tuple[bytes, int]]:
        found = {}
        for path in sorted(shoot.rglob("*")):
            if path.is_file() and path.stat().st_mode & 0o777:
                found[str(path)] = (path.read_bytes(), path.stat().st_mtime_ns)
        return found

    def noted(arguments: Sequence[str] | None = None) -> int:
        before.update(seen())
        return run_app(arguments)

    monkeypatch.setattr(app, "run", noted)
    yield
    assert before, "the command line was not run"
    after = seen()
    assert {name: after[name] for name in before} == before
    assert set(after) == set(before)
    assert {path.name for path in tmp_path.iterdir()} <= {"shoot", "s.json", "elsewhere"}


def check_rest_is_synced(session_path: Path, *, clips: int = 2) -> None:
    session = read_session(session_path)
    assert len(session.clips) == clips
    (group,) = session.groups
    names = {session.clip(p.clip).name: p for p in group.placements}
    assert {"a", "b"} <= set(names)
    assert abs(names["b"].offset_s - names["a"].offset_s) == pytest.approx(5.0, abs=0.005)


@pytest.fixture
def sync(run, tmp_path, shoot):
    """Sync the shoot and more into s.json."""

    def sync_shoot(*more: object):
        return run("sync", shoot, *more, "-o", tmp_path / "s.json")

    return sync_shoot


def test_good_files_alone_are_0(sync, tmp_path):
    ran = sync()
    assert (ran.code, ran.err) == (0, "")
    check_rest_is_synced(tmp_path / "s.json")


def one_sentence(err: str, name: str) -> None:
    """Exactly one line, which names the file and ends as sentences do."""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith(name)
    assert lines[0].endswith(".")
    assert "Traceback" not in err
    assert "Errno" not in err


BROKEN = {
    "text.wav": b"these are notes, not sound\n" * 40,
    "empty.wav": b"",
    "zeros.mp4": bytes(5000),
    "cut.wav": b"RIFF\xff\xff\xff\x7fWAVEfmt ",
    "page.mov": b"<html><body>Not found</body></html>",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_media_is_a_sentence_and_the_rest_is_synced(sync, shoot, tmp_path, name):
    (shoot / name).write_bytes(BROKEN[name])
    ran = sync()
    assert ran.code == 3
    one_sentence(ran.err, name)
    check_rest_is_synced(tmp_path / "s.json")


@pytest.mark.parametrize("name", BROKEN)
def test_alone_it_is_1_and_nothing_is_written(run, shoot, tmp_path, name):
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere" / name
    path.write_bytes(BROKEN[name])
    ran = run("sync", path, "-o", tmp_path / "s.json")
    assert ran.code == 1
    assert ran.out == ""
    sentence, summary = ran.err.splitlines()
    one_sentence(sentence + "\n", name)
    assert summary.startswith("Nothing to sync: 1 file could not be read")
    assert not (tmp_path / "s.json").exists()
    assert path.read_bytes() == BROKEN[name]


def test_a_file_that_is_not_there_is_a_sentence(sync, tmp_path):
    ran = sync(tmp_path / "nowhere.wav")
    assert ran.code == 3
    one_sentence(ran.err, "nowhere.wav")
    check_rest_is_synced(tmp_path / "s.json")


def test_a_truncated_movie_is_a_sentence(sync, shoot, tmp_path):
    whole = make_movie(tmp_path / "elsewhere" / "whole.mp4")
    (shoot / "half.mp4").write_bytes(whole[: len(whole) // 2])
    ran = sync()
    assert ran.code == 3
    one_sentence(ran.err, "half.mp4")
    check_rest_is_synced(tmp_path / "s.json")


def test_a_truncated_wave_file_serves_as_far_as_it_goes(sync, shoot, tmp_path):
    data = (shoot / "b.wav").read_bytes()
    (shoot / "b.wav").write_bytes(data[: len(data) * 9 // 10])
    ran = sync()
    assert ran.code == 0
    one_sentence(ran.err, "b.wav: ")
    check_rest_is_synced(tmp_path / "s.json")


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_a_movie_cut_in_its_middle_is_a_sentence_and_synced_as_far_as_it_goes(
    sync, shoot, pair_sound, tmp_path, suffix
):
    picture = Picture(count=625)
    whole = write_media(
        tmp_path / "elsewhere" / f"cam{suffix}",
        picture=picture,
        sounds=[Sound(samples=pair_sound, rate_hz=RATE_HZ, codec="pcm_s16le")],
        options={"movflags": "faststart"} if suffix == ".mov" else {},
    ).read_bytes()
    (shoot / f"cam{suffix}").write_bytes(whole[: len(whole) * 7 // 10])
    ran = sync()
    assert ran.code == 0
    one_sentence(ran.err, f"cam{suffix}: ")
    check_rest_is_synced(tmp_path / "s.json", clips=3)
    session = read_session(tmp_path / "s.json")
    placed = {session.clip(p.clip).name: p for p in session.groups[0].placements}
    assert placed["cam"].offset_s == pytest.approx(placed["b"].offset_s, abs=0.001)


def test_no_sound_is_not_synced_with_its_reason(sync, shoot, tmp_path):
    make_movie(shoot / "mute.mp4", sound=False)
    ran = sync()
    assert ran.code == 3
    check_rest_is_synced(tmp_path / "s.json", clips=3)
    (loose,) = read_session(tmp_path / "s.json").unplaced
    row = next(line for line in ran.out.splitlines() if "mute" in line)
    assert loose.reason in row
    assert "no sound" in loose.reason or "nothing" in loose.reason


def test_silence_is_not_synced_with_its_reason(sync, shoot, tmp_path):
    write_wave(shoot / "silence.wav", np.zeros(RATE_HZ * 20, np.float32), RATE_HZ)
    ran = sync()
    assert ran.code == 3
    check_rest_is_synced(tmp_path / "s.json", clips=3)
    (loose,) = read_session(tmp_path / "s.json").unplaced
    assert loose.code == "silent"


def test_other_files_in_a_folder_are_left_aside(sync, shoot, run, tmp_path):
    for name in ("notes.txt", "C0001M01.XML", "photo.jpg", ".DS_Store", "a.wav.sync.json"):
        (shoot / name).write_bytes(b"anything")
    (shoot / "empty folder").mkdir()
    ran = sync()
    assert (ran.code, ran.err) == (0, "")
    printed = json.loads(run("sync", shoot, "--json").out)
    skipped = {Path(path).name for path in printed["skipped"]}
    assert skipped >= {"notes.txt", "photo.jpg", "a.wav.sync.json"}
    assert printed["failures"] == []


def test_a_folder_without_media_is_1(run, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "notes.txt").write_text("x")
    ran = run("sync", tmp_path / "elsewhere")
    assert ran.code == 1
    assert ran.err.startswith("Nothing to sync: there is no media file in")


def test_the_same_file_named_twice_is_one_clip(sync, shoot, tmp_path):
    ran = sync(shoot / "a.wav", shoot, shoot / ".." / "shoot" / "b.wav")
    assert ran.code == 0
    check_rest_is_synced(tmp_path / "s.json")


@posix
def test_the_same_file_through_links_is_one_clip(sync, shoot, tmp_path):
    (shoot / "link.wav").symlink_to(shoot / "a.wav")
    os.link(shoot / "b.wav", shoot / "second name of b.wav")
    ran = sync(shoot / "link.wav")
    assert (ran.code, ran.err) == (0, "")
    session = read_session(tmp_path / "s.json")
    assert len(session.clips) == 2
    assert [len(clip.files) for clip in session.clips] == [1, 1]


def test_a_copy_of_a_file_is_not_a_second_clip(sync, shoot, tmp_path):
    shutil.copy(shoot / "a.wav", shoot / "copy of a.wav")
    ran = sync()
    assert "Traceback" not in ran.err
    check_rest_is_synced(tmp_path / "s.json")


@posix
def test_an_unreadable_file_is_a_sentence(sync, shoot, tmp_path):
    shutil.copy(shoot / "a.wav", shoot / "locked.wav")
    (shoot / "locked.wav").chmod(0)
    with locked_out():
        ran = sync()
    assert (shoot / "locked.wav").stat().st_mode & 0o777 == 0
    (shoot / "locked.wav").unlink()
    assert ran.code == 3
    one_sentence(ran.err, "locked.wav")
    check_rest_is_synced(tmp_path / "s.json")


@posix
def test_an_unreadable_folder_is_a_sentence(sync, shoot, tmp_path):
    (shoot / "closed").mkdir(mode=0)
    with locked_out():
        ran = sync()
    (shoot / "closed").rmdir()
    assert ran.code == 3
    one_sentence(ran.err, "closed: the folder cannot be read")
    check_rest_is_synced(tmp_path / "s.json")


@posix
def test_read_only_folders_are_read_and_sidecars_are_a_warning(run, shoot, tmp_path):
    shoot.chmod(0o500)
    with locked_out():
        ran = run("sync", shoot, "-o", tmp_path / "s.json", "--sidecars")
    shoot.chmod(0o700)
    assert ran.code == 0
    assert ran.err == "No sidecars in the folder shoot: permission denied.\n"
    check_rest_is_synced(tmp_path / "s.json")


@posix
def test_a_link_to_nowhere_and_a_folder_named_like_a_file_end_nothing(sync, shoot, tmp_path):
    (shoot / "gone.wav").symlink_to(tmp_path / "not there.wav")
    (shoot / "folder.wav").mkdir()
    os.mkfifo(shoot / "pipe.wav")
    ran = sync()
    assert ran.code in (0, 3)
    assert "Traceback" not in ran.err
    check_rest_is_synced(tmp_path / "s.json")


@posix
@pytest.mark.parametrize(
    "name",
    [
        'it\'s "b".wav',
        "two\nlines.wav",
        "🎬 clap é.wav",
        "[bold red]b.wav",
        "-o.wav",
        "b@1=a@2.wav",
        "bytes\udcff.wav",
        " b .wav",
        "$(touch x);b.wav",
    ],
)
def test_hostile_names_are_synced_and_come_back(sync, shoot, tmp_path, name):
    try:
        (shoot / "b.wav").rename(shoot / name)
    except OSError:
        pytest.skip("this file system does not take the name")
    ran = sync()
    assert (ran.code, ran.err) == (0, "")
    session = read_session(tmp_path / "s.json")
    assert {clip.path.name for clip in session.clips} == {"a.wav", name}
    assert all(clip.path.exists() for clip in session.clips)
    assert len(session.groups[0].placements) == 2
    for line in ran.out.splitlines():
        assert line.isprintable()


@posix
@pytest.mark.parametrize("name", ["a'\"\n🎬[b].wav", "bytes\udcff.wav"])
def test_a_broken_file_with_a_hostile_name_is_one_line(sync, shoot, tmp_path, name):
    try:
        (shoot / name).write_bytes(b"no sound")
    except OSError:
        pytest.skip("this file system does not take the name")
    ran = sync()
    assert ran.code == 3
    assert len(ran.err.splitlines()) == 1
    check_rest_is_synced(tmp_path / "s.json")


def test_an_output_that_is_one_of_the_recordings_is_refused(run, shoot):
    ran = run("sync", shoot, "-o", shoot / "a.wav")
    assert ran.code == 1
    assert ran.err.startswith("a.wav exists and is no session document")


def make_movie(path: Path, *, sound: bool = True) -> bytes:
    """Write a movie of two seconds and return its bytes."""
    from fractions import Fraction

    import av

    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=Fraction(25))
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("aac", rate=48000, layout="mono") if sound else None
        for number in range(50):
            picture = np.full((48, 64, 3), number * 5, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        if audio is not None:
            noise = np.random.default_rng(1).normal(0, 0.1, (1, 96000)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
            frame.sample_rate = 48000
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
        container.mux(video.encode(None))
    return path.read_bytes()


def test_a_device_pattern_that_fits_nothing_is_2_before_any_work(run, shoot, tmp_path):
    ran = run("sync", shoot, "--device", "A=CamA/*", "-o", tmp_path / "s.json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("No recording fits A=CamA/*: hold the pattern against the files' paths.\n")
    assert not (tmp_path / "s.json").exists()
