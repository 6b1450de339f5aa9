"""``clapless index``, and ``clapless align`` by what two videos pass."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from clapless.synth.movie import write_movie, write_sound
from clapless.synth.ride_video import RideRun, write_ride
from clapless.synth.ride_world import Leg

RUN = RideRun(seed=31, legs=(Leg(8, 0, 220),), duration_s=14.0)


@pytest.mark.media
def test_an_index_is_kept_and_used(run, tmp_path, private_cache):
    ref, new = tmp_path / "ref.mp4", tmp_path / "new.mp4"
    write_ride(ref, RUN)
    write_ride(new, replace(RUN, seed=32, start_m=14.0, duration_s=10.0))
    printed = json.loads(run("index", str(ref), "--json").out)
    assert printed["pictures"] == 56
    assert printed["cache"].startswith(str(private_cache))
    assert json.loads(run("cache", "info", "--json").out)["extractors"]["scenery"] == 1
    session = tmp_path / "runs.json"
    ran = run("align", str(ref), str(new), "--signals", "scenery", "-o", str(session))
    assert ran.code == 0, ran.out + ran.err
    placed = json.loads(session.read_text())["groups"][0]["placements"][1]
    assert placed["signals"] == ["scenery"]
    assert len(placed["time_map"]["segments"]) == 1
    assert json.loads(run("cache", "info", "--json").out)["extractors"]["scenery"] == 2


@pytest.mark.media
def test_what_shows_nothing_is_a_sentence(run, tmp_path):
    path = tmp_path / "bag.mp4"
    black = np.zeros((90, 160), np.uint8)
    write_movie(path, frames=[black] * 80, frame_rate=RUN.frame_rate, sound=None)
    ran = run("index", str(path))
    assert ran.code == 1
    assert "its pictures show too little to know a place again by" in ran.err


@pytest.mark.media
def test_sound_alone_is_a_sentence(run, tmp_path):
    path = tmp_path / "sound.m4a"
    write_sound(path, np.zeros(48000, np.float32), 48000)
    ran = run("index", str(path))
    assert ran.code == 1
    assert "has no pictures to index" in ran.err


@pytest.mark.parametrize("verb", [("index",), ("align", "other.mp4")])
def test_what_is_not_there_is_named_once(run, tmp_path, verb):
    ran = run(verb[0], tmp_path / "gone.mp4", *verb[1:])
    assert ran.code == 1
    assert ran.err == "gone.mp4: does not exist.\n"
    (tmp_path / "empty").mkdir()
    assert run("index", tmp_path / "empty").err == "empty holds no recording.\n"
