from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from clapless.media.reading import Need
from clapless.model import Clip, Match, Refusal
from clapless.pipeline import SyncOptions, SyncResult, sync_clips
from clapless.pipeline.watching import PARTNERS, worth_watching
from clapless.solve import solve
from tests.pipeline.fakes import FakeExtractor, FakeSignal, no_reading
from tests.solve.worlds import World


def shoot(cameras: int = 2, takes: int = 12) -> World:
    """A recorder through it all; the last clip of camera A is deaf."""
    made = World()
    made.add("R", 0.0, 400.0 * takes, device="R", audio=True)
    for camera in "ABCD"[:cameras]:
        for i in range(takes):
            made.add(f"{camera}{i:02d}", 20.0 + 400.0 * i, 300.0, device=camera)
    return made


def placed(made: World, deaf: Sequence[str] = ()):
    matches = [
        made.measure("R", name, confidence=0.9999)
        for name in made.takes
        if name not in ("R", *deaf)
    ]
    return solve(made.clips, list(made.devices.values()), matches, [])


def test_pictures_are_left_alone_where_everything_is_placed():
    assert worth_watching(placed(shoot())).clips == ()


def test_one_open_clip_asks_for_its_likely_partners_only():
    made = shoot(cameras=4)
    watch = worth_watching(placed(made, deaf=["A05"]))
    assert watch.homeless == {"A05"}
    names = {clip.id for clip in watch.clips}
    assert "A05" in names
    # Its neighbours on the card say when it was shot: the clips of that time are looked at.
    assert {"B05", "C05", "D05"} <= names
    assert len(names) <= 1 + PARTNERS
    assert not any(name.startswith("A") for name in names - {"A05"})
    assert watch.what == f"pictures of {len(names)} clips ({5 * len(names)} min)"


def test_an_open_clip_without_another_camera_asks_for_nothing():
    assert worth_watching(placed(shoot(cameras=1), deaf=["A05"])).clips == ()


def test_clips_that_nothing_places_ask_for_each_other():
    made = World()
    for name in "AB":
        made.add(name, 0.0, 60.0, device=name)
    assert {clip.id for clip in worth_watching(placed(made, deaf=["A", "B"])).clips} == {"A", "B"}


@dataclass(eq=False)
class SeeingExtractor(FakeExtractor):
    @property
    def needs(self) -> frozenset[Need]:
        return frozenset({Need.FRAMES})


@dataclass(eq=False)
class SeeingSignal(FakeSignal):
    """Says jointly that every pair of clips begins at one moment."""

    name: str = "picture"
    cost: str = "pictures"

    def extractor(self, clip: Clip) -> FakeExtractor:
        return SeeingExtractor(clip, self.name, silent=False)

    def match(self, a: Any, b: Any, **_: object) -> Refusal:
        return Refusal(a=a.clip.id, b=b.clip.id, signal=self.name, code="jointly", reason="later")

    def match_group(
        self, features: Mapping[str, Any], *, aligned: object, priors: object
    ) -> Iterable[Match]:
        names = list(features)
        return [
            dataclasses.replace(
                self.world.measure(a, b, signal=self.name, confidence=0.97), offset_s=0.0
            )
            for i, a in enumerate(names)
            for b in names[i + 1 :]
        ]


def run(made: World, hearing: FakeSignal, seeing: SeeingSignal, **options: Any) -> SyncResult:
    return sync_clips(
        made.clips,
        list(made.devices.values()),
        options=SyncOptions(**options),
        signals=[hearing, seeing],
        reader=no_reading,
    )


@pytest.fixture
def deaf() -> tuple[World, FakeSignal]:
    made = shoot(takes=4)
    return made, FakeSignal(made, silent=frozenset({"A02"}))


def test_what_it_costs_and_how_to_do_without_is_said(deaf):
    made, hearing = deaf
    result = run(made, hearing, SeeingSignal(made))
    (notice,) = (w for w in result.warnings if "pictures" in w)
    assert "since 1 clip has no place without" in notice
    assert notice.endswith("--signals fake does without pictures.")
    assert run(made, hearing, SeeingSignal(made), signals=("fake",)).warnings == ()


def test_clips_of_one_camera_are_never_said_to_share_a_moment(deaf):
    made, hearing = deaf
    result = run(made, hearing, SeeingSignal(made))
    devices = {clip.id: clip.device for clip in made.clips}
    by_picture = [m for m in result.session.matches if m.signal == "picture"]
    assert by_picture
    assert all(devices[m.a] != devices[m.b] for m in by_picture)


def test_a_song_is_not_looked_at(deaf):
    made, hearing = deaf
    result = sync_clips(
        made.clips,
        list(made.devices.values()),
        playback="R",
        signals=[hearing, SeeingSignal(made)],
        reader=no_reading,
    )
    assert not any("pictures" in warning for warning in result.warnings)
