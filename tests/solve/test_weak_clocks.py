"""Clocks that prove little: shown where they disagree, agreeing where their interval says so."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from clapless.model import Clip, Device, Match, MediaFile
from clapless.solve import solve

DEVICES = [Device(id="A", source="folder"), Device(id="B", source="folder")]
CLIPS = [
    Clip(
        id=clip,
        name=clip,
        files=(MediaFile(path=Path(f"{clip}.mov")),),
        device=device,
        duration_s=Fraction(120),
        frame_rate=Fraction(25),
    )
    for clip, device in (("c1", "A"), ("c2", "B"))
]


def match(signal, offset_s, std_s, confidence, **more):
    return Match(
        a="c1",
        b="c2",
        signal=signal,
        offset_s=offset_s,
        offset_std_s=std_s,
        confidence=confidence,
        spans_s=((0.0, 100.0),),
        pivot_s=50.0,
        **more,
    )


SOUND = match("audio", 10.0, 0.001, 0.97)


def placed(*matches, trusted=()):
    solution = solve(CLIPS, DEVICES, matches, [], late_signals={"audio"}, trusted_signals=trusted)
    (group,) = solution.groups
    (found,) = [one for one in group.placements if one.clip == "c2"]
    return found


@pytest.mark.parametrize("off_s", [2.0, -30.0])
def test_a_clock_that_nobody_set_takes_nothing_from_sound(off_s):
    clock = match("timecode", 10.0 + off_s, 0.02, 0.92, ceiling="check")
    found = placed(SOUND, clock)
    assert found.offset_s == pytest.approx(10.0, abs=1e-3)
    assert (found.status, found.signals) == ("synced", ("audio",))
    assert found.confidence == pytest.approx(0.97)
    (shown,) = found.disagreements
    assert shown.signal == "timecode"
    assert shown.difference_s == pytest.approx(off_s)


def test_a_clock_that_the_user_names_does():
    clock = match("timecode", 12.0, 0.02, 0.92, ceiling="check")
    assert placed(SOUND, clock, trusted=("timecode", "audio")).confidence < 0.9


def test_satellite_time_agrees_within_its_own_interval_and_outweighs_nothing():
    found = placed(SOUND, match("gps", 10.6, 0.85, 0.92, ceiling="check"))
    assert found.offset_s == pytest.approx(10.0, abs=1e-4)
    assert found.offset_std_s == pytest.approx(0.001, rel=0.01)
    assert (found.status, found.signals, found.disagreements) == ("synced", ("audio", "gps"), ())


def test_a_clock_alone_is_to_be_checked_and_by_name_is_believed():
    clock = match("timecode", 10.6, 0.02, 0.92, ceiling="check")
    assert placed(clock).status == "check"
    assert placed(clock, trusted=("timecode",)).status == "synced"


@pytest.mark.parametrize("sound_confidence", [0.91, 0.95, 0.999])
def test_clocks_outweigh_no_sound_however_sure_and_many_they_are(sound_confidence):
    heard = match("audio", 10.0, 0.001, sound_confidence)
    clocks = [
        match("gps", 11.5, 0.14, 0.97, ceiling="check"),
        match("timecode", 11.5, 0.02, 0.92, ceiling="check"),
        match("ltc", 11.5, 0.02, 0.95, ceiling="check"),
    ]
    found = placed(heard, *clocks)
    assert found.offset_s == pytest.approx(10.0, abs=1e-3)
    assert (found.status, found.signals) == ("synced", ("audio",))
    assert {one.signal for one in found.disagreements} == {"gps", "timecode", "ltc"}


def test_a_sound_that_is_not_sure_yields_to_a_clock_to_be_checked():
    found = placed(
        match("audio", 10.0, 0.001, 0.6), match("timecode", 11.5, 0.02, 0.92, ceiling="check")
    )
    assert found.offset_s == pytest.approx(11.5, abs=1e-3)
    assert found.status == "check"
