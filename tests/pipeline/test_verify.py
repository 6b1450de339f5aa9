from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from clapless.errors import NotMediaError
from clapless.model import Placement, Session
from clapless.pipeline import verify
from clapless.timing import Segment, TimeMap
from tests.pipeline.fakes import FakeSignal, no_reading, run
from tests.solve.worlds import World


def world(seconds: float = 600.0) -> World:
    made = World()
    made.add("R", 0.0, 900.0, device="R", audio=True)
    made.add("A", 10.0, seconds, device="A", ppm=30.0)
    return made


def synced(made: World) -> Session:
    return run(made, FakeSignal(made)).session


def moved(session: Session, **changes) -> Session:
    group = session.groups[0]
    placements = tuple(
        dataclasses.replace(p, **changes) if p.clip == "A" else p for p in group.placements
    )
    return dataclasses.replace(session, groups=(dataclasses.replace(group, placements=placements),))


def checked(made: World, session: Session, **signal) -> Placement:
    fake = FakeSignal(made, **signal)
    after = verify(session, signals=[fake], reader=no_reading)
    found = after.placement("A")
    assert found is not None
    for _, _, prior in fake.calls:
        assert prior is not None
        assert prior.drift_std_ppm >= 100.0  # what was placed does not draw the measurement
    return found[1]


def test_a_right_placement_passes_and_the_reference_is_not_measured():
    made = world()
    session = synced(made)
    after = verify(session, signals=[FakeSignal(made)], reader=no_reading)
    answers = {p.clip: p.verification for p in after.groups[0].placements}
    assert answers["R"] is None
    assert answers["A"] is not None
    assert answers["A"].verdict == "pass"
    assert [part.part for part in answers["A"].parts] == ["head", "middle", "tail"]
    assert abs(answers["A"].median_s) < 1e-3
    assert after.groups[0].placements[1].offset_s == session.groups[0].placements[1].offset_s


@pytest.mark.parametrize("shift_s", [0.05, -0.05])
def test_a_shifted_placement_fails_and_says_by_how_much(shift_s):
    made = world()
    session = synced(made)
    at_s = session.groups[0].placements[1].offset_s
    answer = checked(made, moved(session, offset_s=at_s + shift_s)).verification
    assert answer is not None
    assert answer.verdict == "fail"
    assert answer.median_s == pytest.approx(-shift_s, abs=2e-3)
    side = "earlier" if shift_s > 0 else "later"
    assert "it should start 5" in answer.reason or "it should start 4" in answer.reason
    assert side in answer.reason
    assert answer.suggested_drift_ppm is None


def test_a_placement_that_runs_away_fails_and_the_drift_that_fixes_it_is_told():
    made = world()
    session = synced(made)
    drifted = moved(session, drift_ppm=130.0, offset_s=10.0 + 300.0 * 100e-6)
    answer = checked(made, drifted).verification
    assert answer is not None
    assert answer.verdict == "fail"
    assert answer.suggested_drift_ppm == pytest.approx(30.0, abs=1.0)
    assert "apart from head to tail" in answer.reason


def test_a_placement_where_nothing_is_in_common_fails():
    made = world()
    session = synced(made)
    made.takes["A"] = dataclasses.replace(made.takes["A"], event=5)
    answer = checked(made, session).verification
    assert answer is not None
    assert answer.verdict == "fail"
    assert "nothing in common with R" in answer.reason


def test_too_little_in_common_to_call_it_wrong_is_told_as_that():
    made = world(26.0)
    session = synced(made)
    made.takes["A"] = dataclasses.replace(made.takes["A"], event=5)
    answer = checked(made, session).verification
    assert answer is not None
    assert answer.verdict == "not_verifiable"
    assert "nothing in common with R was found, which is too short" in answer.reason


def test_a_placement_far_off_fails_by_where_the_material_is():
    made = world()
    session = synced(made)
    answer = checked(made, moved(session, offset_s=40.0)).verification
    assert answer is not None
    assert answer.verdict == "fail"
    assert answer.median_s == pytest.approx(-30.0, abs=0.05)


def test_nothing_left_over_is_not_verifiable():
    made = world(8.0)
    session = synced(made)
    whole = tuple(dataclasses.replace(m, spans_s=((-100.0, 1000.0),)) for m in session.matches)
    answer = checked(made, dataclasses.replace(session, matches=whole)).verification
    assert answer is not None
    assert (answer.verdict, answer.reason) == (
        "not_verifiable",
        "the sync used all that there is (fake)",
    )


def without_answer(made: World, session: Session, *signals: FakeSignal) -> str:
    found = verify(session, signals=signals, reader=no_reading).placement("A")
    assert found is not None
    answer = found[1].verification
    assert answer is not None
    assert answer.verdict == "not_verifiable"
    return answer.reason


def test_what_did_not_place_a_clip_does_not_say_why_it_cannot_be_verified():
    made = world(8.0)
    session = synced(made)
    whole = tuple(dataclasses.replace(m, spans_s=((-100.0, 1000.0),)) for m in session.matches)
    session = dataclasses.replace(session, matches=whole)
    other = FakeSignal(made, name="other", silent=frozenset({"A", "R"}))
    for signals in ((FakeSignal(made), other), (other, FakeSignal(made))):
        reason = without_answer(made, session, *signals)
        assert reason == "the sync used all that there is (fake)"


def test_what_placed_a_clip_and_is_gone_says_why_it_cannot_be_verified():
    made = world(8.0)
    session = synced(made)
    gone = FakeSignal(made, silent=frozenset({"A"}))
    other = FakeSignal(made, name="other", silent=frozenset({"A"}))
    assert without_answer(made, session, other, gone) == "its sound is silent"
    assert without_answer(made, session, other) == "it holds nothing that can be measured"


def test_a_clip_with_nothing_beside_it_cannot_be_verified():
    made = world(8.0)
    session = synced(made)
    alone = FakeSignal(made, silent=frozenset({"R"}))
    assert without_answer(made, session, alone) == (
        "no other camera or recorder has 4 s beside it that can be compared with it"
    )


def test_windows_that_the_sync_used_are_excluded():
    made = world()
    session = synced(made)
    seen = []
    fake = FakeSignal(made)
    original = fake.match

    def watch(a, b, *, prior=None, exclude_spans=()):
        seen.extend(exclude_spans)
        return original(a, b, prior=prior, exclude_spans=exclude_spans)

    fake.match = watch  # type: ignore[method-assign]
    verify(session, signals=[fake], reader=no_reading)
    (match,) = session.matches
    used = match if match.b == "A" else None
    assert used is None or set(used.spans_s) <= set(seen)
    assert seen


def test_each_side_of_a_jump_is_measured_where_it_is_placed():
    made = world()
    session = synced(made)
    at_s = session.groups[0].placements[1].offset_s
    jump = TimeMap(
        (
            Segment(((0.0, at_s), (300.0, at_s + 300.0))),
            Segment(((300.0, at_s + 300.3), (600.0, at_s + 600.3))),
        )
    )
    answer = checked(made, moved(session, time_map=jump)).verification
    assert answer is not None
    assert answer.verdict == "fail"
    parts = {part.part: part.median_s for part in answer.parts}
    assert abs(parts["head"]) < 0.02
    assert parts["tail"] == pytest.approx(-0.3, abs=0.02)


def test_samples_that_are_gone_are_not_verifiable_by_name():
    class Gone(FakeSignal):
        def match(self, *_: object, **__: object):
            raise NotMediaError(Path("/card/A/A.mov"), "it is not there any more")

    made = world()
    after = verify(synced(made), signals=[Gone(made)], reader=no_reading)
    found = after.placement("A")
    assert found is not None
    answer = found[1].verification
    assert answer is not None
    assert (answer.verdict, answer.reason) == (
        "not_verifiable",
        "A.mov: it is not there any more",
    )
