"""Shoots that sound alone cannot place, from real files to what `clapless sync` prints.

Each shoot is made twice: with generated movement, and with the real telemetry of a walk.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clapless.media.gpmf import Telemetry, parse_gpmf, split_payloads
from clapless.synth.ltc import linear_timecode
from clapless.synth.movie import Encoding, Labels, write_movie
from clapless.synth.receiver import Receiver, telemetry
from clapless.synth.ride import ride
from clapless.synth.sensors import Mount, at_rest, mounted, shaken, write_sensor_movie
from clapless.synth.speech import speech
from clapless.synth.wave import RecorderLabels, write_wave
from clapless.timing import Timecode

pytestmark = pytest.mark.media

PAL, NTSC = Fraction(25), Fraction(30000, 1001)
MIDNIGHT_S = 36_000
"""Event time 0 is 10:00:00 on 2026-05-04."""

RATE_HZ = 48000


@pytest.fixture(params=["generated", pytest.param("real", marks=pytest.mark.real)])
def body(request: pytest.FixtureRequest) -> Telemetry:
    """What 46 s of movement feel like: drawn, or those of a walk with a HERO8 (real positions)."""
    if request.param == "real":
        gopro: Path = request.getfixturevalue("shared_data") / "gopro" / "raw"
        payloads = split_payloads((gopro / "hero8_walking_50s.gpmf").read_bytes())
        return parse_gpmf(payloads, [1.001 * index for index in range(len(payloads))])
    drawn = shaken(5, 46.0)
    placed = telemetry(
        ride(9, 60.0, utc_s=1.7779752e9), Receiver(), start_s=0.0, duration_s=46.0, seed=9
    )
    return replace(drawn, streams=(*drawn.streams, *placed.streams))


def stamp(event_s: float, rate: Fraction) -> str:
    drop = rate == NTSC
    return str(Timecode.at(Fraction(MIDNIGHT_S) + Fraction(event_s), rate, drop_frame=drop))


def pictures(seconds: float, rate: Fraction) -> Any:
    """Yield a wall that nothing happens on: pictures shall prove nothing here."""
    wall = np.full((48, 64), 90, np.uint8)
    return (wall for _ in range(round(seconds * rate)))


def made(event_s: float) -> str:
    return f"2026-05-04T10:{int(event_s) // 60:02d}:{int(event_s) % 60:02d}Z"


def action_camera(
    path: Path, felt: Telemetry, mount: Mount, *, heard: Any = None, device: str = "HERO9 Black"
) -> Path:
    return write_sensor_movie(
        path,
        mounted(felt, mount, stamped_by=NTSC),
        frames=pictures(mount.duration_s, NTSC),
        frame_rate=NTSC,
        duration_s=mount.duration_s,
        sound=heard,
        labels=Labels(creation_time=made(mount.start_s)),
        device=device,
        serial=f"C{abs(hash(path.parent.name)) % 10**9}",
    )


def camera(
    path: Path, event_s: float, seconds: float, *, heard: Any = None, label: bool = True
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_movie(
        path,
        frames=pictures(seconds, PAL),
        frame_rate=PAL,
        sound=heard,
        labels=Labels(timecode=stamp(event_s, PAL) if label else None, creation_time=made(event_s)),
        encoding=Encoding(audio_codec="aac"),
    )
    return path


def talk(seconds: float, seed: int = 3) -> Any:
    said = speech(np.random.default_rng(seed), round(seconds * RATE_HZ), RATE_HZ)
    return (0.4 * said / np.abs(said).max()).astype(np.float32)


def cut(sound: Any, start_s: float, seconds: float) -> Any:
    first = round(start_s * RATE_HZ)
    return sound[first : first + round(seconds * RATE_HZ)]


def recorder(path: Path, sound: Any, *, code: bool = True, labels: bool = False) -> Path:
    """Write a recorder's take from event time 0 on: sound, and timecode on the second channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = [sound]
    if code:
        start = Timecode.at(Fraction(MIDNIGHT_S), PAL)
        channels.append(linear_timecode(start, sound.size / RATE_HZ, RATE_HZ, level_db=-24.0))
    said = RecorderLabels(time_reference_samples=MIDNIGHT_S * RATE_HZ, date="2026-05-04")
    write_wave(path, np.stack(channels), RATE_HZ, labels=said if labels else None)
    return path


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What `clapless sync --json` said, by clip name."""

    code: int
    placed: dict[str, Any]
    unplaced: dict[str, str]
    groups: int


@pytest.fixture
def synced(run: Callable[..., Any], tmp_path: Path) -> Callable[..., Synced]:
    def sync(*arguments: object) -> Synced:
        ran = run("sync", *arguments, "-o", tmp_path / "session.json", "--json")
        document = json.loads(ran.out)
        names = {clip["id"]: clip["name"] for clip in document["clips"]}
        return Synced(
            code=ran.code,
            placed={names[one["clip"]]: one for g in document["groups"] for one in g["placements"]},
            unplaced={names[one["clip"]]: one["reason"] for one in document["unplaced"]},
            groups=len(document["groups"]),
        )

    return sync


def later_s(found: Synced, one: str, two: str) -> float:
    """Return how much later a clip starts than another, on the group's clock."""
    return float(found.placed[two]["offset_s"] - found.placed[one]["offset_s"])


def test_two_rigid_cameras_with_no_sound_at_all(body, synced, tmp_path):
    action_camera(tmp_path / "helmet" / "GX010001.MP4", body, Mount(start_s=0.0, duration_s=36.0))
    bars = Mount(start_s=9.75, duration_s=32.0, drift_ppm=35.0, turned=4, rate_hz=203.7, seed=1)
    action_camera(tmp_path / "bars" / "GX010002.MP4", body, bars)
    still = Mount(start_s=2.0, duration_s=20.0, seed=2)
    action_camera(tmp_path / "tripod" / "GX010003.MP4", at_rest(30.0), still)
    elsewhere = Mount(start_s=1.0, duration_s=30.0, seed=3)
    action_camera(tmp_path / "drone" / "GX010004.MP4", shaken(77, 40.0), elsewhere)
    cards = ("helmet", "bars", "tripod", "drone")
    found = synced(*(tmp_path / card for card in cards))
    assert later_s(found, "GX010001", "GX010002") == pytest.approx(9.75, abs=0.004)
    follower = next(p for p in found.placed.values() if p["offset_s"])
    assert follower["status"] == "synced"
    assert "motion" in follower["signals"]
    assert abs(abs(follower["drift_ppm"]) - 35.0) < 2 * follower["drift_std_ppm"] < 60.0
    assert abs(abs(follower["offset_s"]) - 9.75) < 3 * follower["offset_std_s"]
    assert set(found.unplaced) == {"GX010003", "GX010004"}
    assert found.code == 3


def test_a_recorder_with_code_in_its_sound_and_cameras_without(synced, tmp_path):
    """One camera states a label, one has only scratch sound, one has neither."""
    said = talk(60.0)
    recorder(tmp_path / "R" / "take.wav", said)
    camera(tmp_path / "A" / "labelled.mov", 8.0, 20.0)
    heard = 0.3 * cut(said, 15.5, 25.0)
    camera(tmp_path / "B" / "scratch.mov", 15.5, 25.0, heard=heard, label=False)
    camera(tmp_path / "C" / "nothing.mov", 20.0, 10.0, label=False)
    found = synced(*(tmp_path / card for card in "ABCR"), "--reference", "take")
    labelled, scratch = found.placed["labelled"], found.placed["scratch"]
    assert labelled["offset_s"] == pytest.approx(8.0, abs=0.002)
    assert (labelled["status"], labelled["signals"]) == ("check", ["ltc"])
    assert scratch["offset_s"] == pytest.approx(15.5, abs=0.001)
    assert (scratch["status"], scratch["signals"]) == ("synced", ["audio"])
    assert set(found.unplaced) == {"nothing"}
    named = synced(*(tmp_path / card for card in "AR"), "--signals", "ltc")
    assert named.placed["labelled"]["status"] == "synced"
    assert named.code == 0


def test_a_shoot_of_everything(body, synced, tmp_path):
    """Two action cameras on a rider, one of which hears what a jammed recorder and a camera hear.

    The chain: the handlebar camera is silent and hangs on the helmet's by movement, the helmet's on
    the recorder by sound; a jammed camera hangs on the recorder by code, its silent clip too.
    """
    said = talk(60.0)
    start_s, length_s = 6.0, 36.0
    helmet = Mount(start_s=0.0, duration_s=length_s, seed=1)
    action_camera(
        tmp_path / "helmet" / "GX010001.MP4", body, helmet, heard=0.3 * cut(said, start_s, length_s)
    )
    bars = Mount(start_s=7.25, duration_s=34.0, turned=4, rate_hz=203.7, seed=2)
    action_camera(tmp_path / "bars" / "GX010002.MP4", body, bars, device="HERO11 Black")
    recorder(tmp_path / "R" / "take.wav", said, labels=True)
    camera(tmp_path / "A" / "heard.mov", 20.0, 24.0, heard=0.3 * cut(said, 20.0, 24.0))
    camera(tmp_path / "A" / "silent.mov", 48.0, 9.0)
    found = synced(
        *(tmp_path / card for card in ("helmet", "bars", "A", "R")), "--reference", "take"
    )
    assert found.groups == 1
    assert not found.unplaced
    truth = {"GX010001": start_s, "GX010002": start_s + 7.25, "heard": 20.0, "silent": 48.0}
    tolerance = {"GX010001": 1e-3, "GX010002": 5e-3, "heard": 1e-3, "silent": 0.02}
    for name, offset_s in truth.items():
        assert found.placed[name]["offset_s"] == pytest.approx(offset_s, abs=tolerance[name]), name
        assert found.placed[name]["status"] == "synced", name
    assert "audio" in found.placed["GX010001"]["signals"]
    assert "motion" in found.placed["GX010002"]["signals"]
    assert {"audio", "ltc"} <= set(found.placed["heard"]["signals"])
    assert found.code == 0


@pytest.mark.parametrize("farther_m", [20.0, -20.0, 100.0])
def test_distance_from_the_stage_is_told_and_clocks_decide(synced, run, tmp_path, farther_m):
    """The camera hears later than the recorder, or earlier; its label and the code say when."""
    delay_s = farther_m / 343.0
    said = talk(60.0)
    recorder(tmp_path / "R" / "take.wav", said, labels=True)
    camera(tmp_path / "A" / "far.mov", 10.0, 30.0, heard=0.3 * cut(said, 10.0 - delay_s, 30.0))
    near = 0.3 * cut(said, 12.0, 30.0)
    camera(tmp_path / "B" / "near.mov", 12.0, 30.0, heard=near, label=False)
    found = synced(*(tmp_path / card for card in "ABR"), "--reference", "take")
    far = found.placed["far"]
    assert far["offset_s"] == pytest.approx(10.0, abs=0.002)
    assert far["sound_delay_s"] == pytest.approx(delay_s, abs=0.002)
    assert set(far["signals"]) == {"audio", "ltc", "timecode"}
    assert (far["status"], far["disagreements"]) == ("synced", [])
    # A clock knows the place to some milliseconds, however fine the sound is.
    assert 0.002 < far["offset_std_s"] < 0.02
    assert found.placed["near"]["offset_s"] == pytest.approx(12.0, abs=0.001)
    assert found.placed["near"]["sound_delay_s"] == 0.0
    ran = run("sync", *(tmp_path / card for card in "ABR"), "--reference", "take")
    assert f"far: its sound is {1000 * delay_s:+.1f} ms late, as distance makes it" in ran.out


def test_a_clock_that_is_off_by_more_than_distance_is_shown_and_sound_decides(synced, tmp_path):
    said = talk(60.0)
    recorder(tmp_path / "R" / "take.wav", said, labels=True)
    camera(tmp_path / "A" / "wrong.mov", 11.2, 30.0, heard=0.3 * cut(said, 10.0, 30.0))
    found = synced(tmp_path / "A", tmp_path / "R", "--reference", "take")
    wrong = found.placed["wrong"]
    assert wrong["offset_s"] == pytest.approx(10.0, abs=0.001)
    assert wrong["signals"] == ["audio"]
    told = {one["signal"]: one["difference_s"] for one in wrong["disagreements"]}
    assert told == pytest.approx({"ltc": 1.2, "timecode": 1.2}, abs=0.05)
