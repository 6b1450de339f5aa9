"""GPX and FIT files beside the clips of a shoot, from files to what `clapless sync` prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clapless.media.gpmf import Telemetry
from clapless.synth.movie import Labels
from clapless.synth.receiver import Receiver, telemetry
from clapless.synth.ride import Ride, logged, ride
from clapless.synth.sensors import Mount, mounted, write_sensor_movie
from clapless.synth.tracks import fit_bytes, gpx_text

pytestmark = pytest.mark.media

SECONDS = 60.0
UTC_S = 1_778_000_000.0


def camera(path: Path, way: Ride, start_s: float, *, dated: bool, error_s: float = 0.0) -> Path:
    """Write a clip whose receiver saw the way; its file's clock is off by `error_s`."""
    seen = telemetry(way, Receiver(), start_s=0.0, duration_s=300.0, seed=int(start_s))
    if not dated:
        seen = _without_dates(seen)
    made = datetime.fromtimestamp(round(UTC_S + start_s + error_s), UTC)
    wall = np.full((48, 64), 90, np.uint8)
    return write_sensor_movie(
        path,
        mounted(seen, Mount(start_s=start_s, duration_s=SECONDS)),
        frames=(wall for _ in range(int(SECONDS * 25))),
        frame_rate=Fraction(25),
        duration_s=SECONDS,
        labels=Labels(creation_time=made.isoformat().replace("+00:00", "Z")),
    )


def _without_dates(seen: Telemetry) -> Telemetry:
    (stream,) = seen.streams
    stated = {key: value for key, value in stream.stated.items() if key != "GPSU"}
    return replace(seen, streams=(replace(stream, stated=stated),))


@pytest.fixture
def shoot(tmp_path: Path) -> Path:
    """Two riders far apart; the receiver of one never knew the date."""
    way = ride(31, 300.0, utc_s=UTC_S)
    camera(tmp_path / "A" / "GX1.MP4", way, 60.0, dated=False, error_s=7.0)
    other = replace(ride(32, 300.0, utc_s=UTC_S), origin=(46.2, 7.1))
    camera(tmp_path / "B" / "GX2.MP4", other, 85.0, dated=True)
    return tmp_path


def points() -> list[tuple[float, float, float]]:
    return logged(ride(31, 300.0, utc_s=UTC_S), start_s=0.0, duration_s=290.0, seed=4)


def synced(run: Callable[..., Any], *arguments: object) -> tuple[Any, Any]:
    ran = run("sync", *arguments, "--signals", "gps", "--json")
    return ran, json.loads(ran.out)


def later_s(document: Any) -> float:
    names = {clip["id"]: clip["name"] for clip in document["clips"]}
    (group,) = document["groups"]
    at = {names[one["clip"]]: one["offset_s"] for one in group["placements"]}
    return float(at["GX2"] - at["GX1"])


@pytest.mark.parametrize("kind", ["gpx", "fit", "in the folder", "by name"])
def test_a_track_dates_the_clip_that_was_filmed_during_it(run, shoot: Path, kind: str) -> None:
    _, document = synced(run, shoot / "A", shoot / "B")
    assert not document["groups"], "one receiver never knew the date"
    track = shoot / ("A/ride.gpx" if kind == "in the folder" else "ride.gpx")
    if kind == "fit":
        track = shoot / "ride.fit"
        track.write_bytes(fit_bytes(points()))
    else:
        track.write_text(gpx_text(points()))
    beside: list[object] = [track] if kind in ("gpx", "fit") else []
    if kind == "by name":
        beside = ["--track", f"GX1={track}"]
    ran, document = synced(run, shoot / "A", shoot / "B", *beside)
    assert ran.code in (0, 3)
    assert str(track) not in ran.err
    assert later_s(document) == pytest.approx(25.0, abs=1.5)
    clip = next(c for c in document["clips"] if c["name"] == "GX1")
    assert clip["metadata"]["track"] == str(track)


def test_a_track_of_another_time_is_told_and_serves_nobody(run, shoot: Path) -> None:
    late = [(time + 5000.0, lat, lon) for time, lat, lon in points()]
    track = shoot / "late.gpx"
    track.write_text(gpx_text(late))
    ran, document = synced(run, shoot / "A", shoot / "B", track)
    assert "late.gpx goes with no clip by the times of their files" in ran.err
    assert not document["groups"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.fit", b"\x0e\x10\x1e\x08\xff\xff\x00\x00.FIT\x00\x00", "broken.fit"),
        ("words.gpx", b"no track at all", "words.gpx"),
        ("empty.gpx", gpx_text([]).encode(), "empty.gpx"),
    ],
)
def test_a_broken_track_is_one_sentence(
    run, shoot: Path, name: str, content: bytes, words: str
) -> None:
    (shoot / name).write_bytes(content)
    ran, _ = synced(run, shoot / "A", shoot / "B", shoot / name)
    assert ran.code == 3
    assert ran.err.count(words) == 1
    assert "Traceback" not in ran.err


def test_what_is_whole_of_a_damaged_track_is_used(run, shoot: Path) -> None:
    whole = gpx_text(points())
    track = shoot / "cut.gpx"
    track.write_text(whole[: len(whole) * 3 // 4])
    ran, document = synced(run, shoot / "A", shoot / "B", track)
    assert "cut.gpx" in ran.err
    assert later_s(document) == pytest.approx(25.0, abs=1.5)
