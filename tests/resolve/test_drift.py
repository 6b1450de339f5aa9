"""Clocks that drift: a speed where Resolve keeps it, new sound files, frame slips, or told."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clapless.model import Clip, MediaFile, Placement, Session
from clapless.render import WavWriter
from clapless_otio.options import Drift, ExportOptions
from clapless_resolve.applying import Applied, apply_session
from clapless_resolve.connect import connect
from tests.fakes.resolve.timeline import TimelineItem
from tests.fakes.resolve.world import OnDisk, World
from tests.otio import shoots
from tests.resolve.shooting import fill

pytestmark = pytest.mark.resolve

SECONDS = 600
PPM = 145.0


def drifting(folder: Path | None = None, *, ppm: float = PPM, seconds: int = SECONDS) -> Session:
    """A camera as reference, a camera and a recorder whose clocks are fast."""
    a = shoots.camera("c1", rate=Fraction(25), frames=25 * seconds, device="A")
    b = shoots.camera("c2", rate=Fraction(25), frames=25 * seconds, device="B")
    r: Clip = shoots.recorder("r1", seconds=Fraction(seconds), rate_hz=8000, channels=1)
    if folder is not None:
        path = folder / "r1.wav"
        with WavWriter(path, rate_hz=8000, channels=1) as wav:
            wav.write(np.zeros((8000 * seconds, 1)))
        r = Clip(
            id="r1",
            name="R1",
            files=(MediaFile(path=path),),
            device="Zoom",
            kind="audio",
            duration_s=Fraction(seconds),
            audio=r.audio,
        )
    return shoots.session(
        a,
        b,
        r,
        placements=(
            Placement(clip="c1", offset_s=0.0),
            Placement(clip="c2", offset_s=0.0, drift_ppm=ppm),
            Placement(clip="r1", offset_s=2.0, drift_ppm=ppm),
        ),
    )


def apply(world: World, session: Session, drift: Drift = "auto", **options: Any) -> Applied:
    fill(world, session)
    chosen = ExportOptions(drift=drift, **options)
    return apply_session(connect(world.resolve), session, options=chosen, exists=lambda _: True)


def items(world: World, name: str, *, picture: bool) -> list[TimelineItem]:
    assert world.project is not None
    found = [i for i in world.project.timelines[-1].items if i.picture is picture]
    return sorted((i for i in found if i.GetName().startswith(name)), key=lambda item: item.start)


def test_a_speed_that_is_kept_is_set_on_picture_and_sound():
    world = World("21.1", rate="25", legacy=False)
    applied = apply(world, drifting())
    assert (applied.timelines[0].differences, applied.notices) == ((), ())
    for name, picture in (("c2", True), ("c2", False), ("r1", False)):
        (item,) = items(world, name, picture=picture)
        assert item.percentage == pytest.approx(100.0145, abs=1e-6)
    (reference,) = items(world, "c1", picture=True)
    assert reference.percentage == 100.0
    assert world.project is not None
    # The trial's timeline is gone.
    assert [one.name for one in world.project.timelines] == ["Sync"]


def test_a_small_drift_needs_no_speed():
    world = World("21.1", rate="25")
    applied = apply(world, drifting(ppm=20.0))
    assert applied.timelines[0].differences == ()
    assert "TimelineItem.SetSpeed" not in world.calls


@pytest.mark.parametrize(
    ("version", "digits"), [("21.1", 2), ("21.1", None), ("20.3", 6), ("18.6", 6)]
)
def test_else_sound_is_written_anew_and_pictures_slip(
    tmp_path: Path, version: str, digits: int | None
):
    world = World(version, rate="25", speed_digits=digits)
    session = drifting(tmp_path)
    sound = tmp_path / "session sound"
    # What is written appears on the disk that Resolve sees.
    length = Fraction(SECONDS) / (1 + Fraction(145, 10**6))
    world.disk = _Appearing(world.disk, OnDisk(length, channels=1))
    applied = apply(world, session, sound_folder=sound)
    assert applied.timelines[0].differences == ()
    (written,) = sound.iterdir()
    (recorder,) = items(world, "r1 +", picture=False)
    assert recorder.clip.path == str(written)
    assert (recorder.start - 90000, recorder.source) == (50, 0)
    assert items(world, "r1.wav", picture=False) == []
    pictures = items(world, "c2", picture=True)
    assert len(pictures) > 2
    for before, after in pairwise(pictures):
        assert before.end == after.start
        assert after.source - before.source == (before.end - before.start) + 1
    for item in pictures:
        at_s = Fraction(item.start - 90000, 25)
        true_s = at_s * (1 + Fraction(145, 10**6))
        assert abs(Fraction(item.source, 25) - true_s) <= Fraction(1, 50) + Fraction(1, 10**4)
    # The camera's own sound is kept whole on a track of its own, and not heard beside the new one.
    (scratch,) = items(world, "c2", picture=False)
    assert not scratch.enabled


def test_scratch_that_cannot_be_silenced_is_told(tmp_path: Path):
    world = World("20.3", rate="25")
    length = Fraction(SECONDS) / (1 + Fraction(145, 10**6))
    world.disk = _Appearing(world.disk, OnDisk(length, channels=1))
    world.refuses["TimelineItem.SetClipEnabled"] = False
    applied = apply(world, drifting(tmp_path), sound_folder=tmp_path / "sound")
    (difference,) = applied.timelines[0].differences
    assert difference.sentence == "C2: its sound could not be switched off, and is heard."


def test_a_speed_that_was_asked_for_and_cannot_be_is_told():
    world = World("20.3", rate="25")
    applied = apply(world, drifting(), "retime")
    assert applied.notices[0].startswith("Resolve 20.3.0.0001 does not keep speeds as finely")
    assert len(items(world, "c2", picture=True)) > 2


def test_without_new_sound_the_recorder_slips_too():
    world = World("20.3", rate="25")
    applied = apply(world, drifting(), "slices")
    assert applied.timelines[0].differences == ()
    assert len(items(world, "r1", picture=False)) > 2


def test_none_leaves_drift_alone():
    world = World("21.1", rate="25")
    applied = apply(world, drifting(), "none")
    assert applied.timelines[0].differences == ()
    assert len(items(world, "c2", picture=True)) == 1
    assert "TimelineItem.SetSpeed" not in world.calls


def test_a_speed_that_changes_its_mind_is_told():
    world = World("21.1", rate="25")
    session = drifting()
    fill(world, session)
    connection = connect(world.resolve)

    def coarsen(text: str, _done: int, _of: int) -> None:
        if text == "placing clips":
            world.speed_digits = 1

    applied = apply_session(connection, session, exists=lambda _: True, tell=coarsen)
    sentences = [one.sentence for one in applied.timelines[0].differences]
    assert sentences == [
        "C2: its picture plays at 100 % instead of 100.014 %; its sound plays at 100 % instead of "
        "100.014 %.",
        "R1: its sound plays at 100 % instead of 100.014 %.",
    ]


@pytest.mark.parametrize(("version", "there"), [("21.1", True), ("20.3", False)])
def test_a_clip_that_plays_at_another_speed_is_placed_where_it_can_be(version: str, there: bool):
    world = World(version, rate="25")
    a = shoots.camera("c1", rate=Fraction(25), frames=500, device="A")
    b = shoots.camera("c2", rate=Fraction(25), frames=500, device="B")
    placements = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=0.0, speed=Fraction(25, 24)),
    )
    applied = apply(world, shoots.session(a, b, placements=placements))
    found = items(world, "c2", picture=True)
    if there:
        assert [item.percentage for item in found] == [pytest.approx(100 * 25 / 24, abs=1e-6)]
        assert found[0].end - found[0].start == 480
    else:
        assert found == []
        notices = applied.timelines[0].notices
        assert any("C2 would have to play at another speed" in one for one in notices)


class _Appearing(dict[str, OnDisk]):
    """A disk on which any file is found that really is there."""

    def __init__(self, known: dict[str, OnDisk], other: OnDisk) -> None:
        super().__init__(known)
        self.other = other

    def __contains__(self, path: object) -> bool:
        return super().__contains__(path) or Path(str(path)).is_file()

    def __missing__(self, path: str) -> OnDisk:
        return self.other
