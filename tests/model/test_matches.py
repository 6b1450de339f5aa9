"""The algebra of matches: DESIGN.md section 2, signs included."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.model import Match, Placement, compose, inverse
from tests.strategies import drifts_ppm, matches, speeds, times_s


def near(value: float, *scale: float) -> object:
    """Equal to the rounding of double seconds at the size of what went in."""
    return pytest.approx(value, rel=1e-9, abs=1e-6 + 1e-12 * max(map(abs, (value, *scale))))


@given(match=matches(), t_s=times_s)
def test_the_inverse_leads_back(match: Match, t_s: float):
    back = inverse(match)
    assert (back.a, back.b) == (match.b, match.a)
    assert back.to_a(match.to_a(t_s)) == near(t_s, match.offset_s)
    assert match.to_b(match.to_a(t_s)) == near(t_s, match.offset_s)


@given(match=matches())
def test_the_inverse_of_the_inverse_is_the_match(match: Match):
    again = inverse(inverse(match))
    assert again.offset_s == near(match.offset_s)
    assert again.drift_ppm == pytest.approx(match.drift_ppm, abs=1e-6)
    assert again.speed == match.speed
    assert again.offset_std_s == pytest.approx(match.offset_std_s)
    assert again.pivot_s == near(match.pivot_s, match.offset_s)
    assert again.spans_s == tuple(
        (near(start, match.offset_s), near(end, match.offset_s)) for start, end in match.spans_s
    )


@given(match=matches())
def test_the_inverse_follows_the_formula_of_the_design(match: Match):
    back = inverse(match)
    rate = float(match.speed) * (1 + match.drift_ppm * 1e-6)
    assert back.offset_s == near(-match.offset_s * rate)
    assert back.speed == 1 / match.speed
    assert (1 + back.drift_ppm * 1e-6) * (1 + match.drift_ppm * 1e-6) == pytest.approx(1.0)


@given(ab=matches(a="c1", b="c2"), bc=matches(a="c2", b="c3"), t_s=times_s)
def test_composing_is_walking_both_ways(ab: Match, bc: Match, t_s: float):
    both = compose(ab, bc)
    assert (both.a, both.b) == ("c1", "c3")
    assert both.to_a(t_s) == near(ab.to_a(bc.to_a(t_s)), ab.offset_s, bc.offset_s)
    assert both.speed == ab.speed * bc.speed
    assert both.offset_s == near(ab.offset_s + bc.offset_s / ab.rate, bc.offset_s)


@given(ab=matches(a="c1", b="c2"), bc=matches(a="c2", b="c3"), t_s=times_s)
def test_loops_close(ab: Match, bc: Match, t_s: float):
    ca = inverse(compose(ab, bc))
    loop = compose(compose(ab, bc), ca)
    assert loop.speed == 1
    assert loop.offset_s == near(0.0, ab.offset_s, bc.offset_s)
    assert loop.drift_ppm == pytest.approx(0.0, abs=1e-6)


@given(
    ab=matches(a="c1", b="c2"),
    bc=matches(a="c2", b="c3"),
    cd=matches(a="c3", b="c4"),
    t_s=times_s,
)
def test_composing_does_not_care_for_brackets(ab: Match, bc: Match, cd: Match, t_s: float):
    left, right = compose(compose(ab, bc), cd), compose(ab, compose(bc, cd))
    assert left.to_a(t_s) == near(right.to_a(t_s), ab.offset_s, bc.offset_s, cd.offset_s)
    assert left.drift_ppm == pytest.approx(right.drift_ppm, abs=1e-6)


@given(
    speed=speeds,
    drift_ab=drifts_ppm,
    drift_bc=drifts_ppm,
    stds=st.tuples(*[st.floats(1e-6, 0.1)] * 2, *[st.floats(0.01, 30.0)] * 2),
    t_s=st.floats(0.0, 7200.0),
)
def test_variances_add_at_every_time(speed, drift_ab, drift_bc, stds, t_s):
    ab = Match(
        a="c1",
        b="c2",
        signal="audio",
        offset_s=10.0,
        drift_ppm=drift_ab,
        offset_std_s=stds[0],
        drift_std_ppm=stds[2],
        pivot_s=100.0,
    )
    bc = Match(
        a="c2",
        b="c3",
        signal="audio",
        offset_s=-20.0,
        drift_ppm=drift_bc,
        speed=Fraction(1),
        offset_std_s=stds[1],
        drift_std_ppm=stds[3],
        pivot_s=3000.0,
    )
    both = compose(ab, bc)
    # The clocks differ by up to 1000 ppm, which the sum of variances leaves out.
    expected = (ab.std_s(bc.to_a(t_s)) ** 2 + bc.std_s(t_s) ** 2) ** 0.5
    assert both.std_s(t_s) == pytest.approx(expected, rel=0.01)


def test_composing_takes_the_lower_confidence_and_every_ceiling():
    ab = Match(a="c1", b="c2", signal="audio", offset_s=1.0, confidence=0.9)
    bc = Match(a="c2", b="c3", signal="motion", offset_s=1.0, confidence=0.5, ceiling="check")
    both = compose(ab, bc)
    assert both.confidence == pytest.approx(0.45)
    assert both.ceiling == "check"
    assert both.signal == "audio+motion"


def test_matches_without_a_clip_in_common_are_refused():
    ab = Match(a="c1", b="c2", signal="audio", offset_s=1.0)
    with pytest.raises(ValueError, match="share no clip"):
        compose(ab, ab)


@given(match=matches(bent=True).filter(lambda match: match.time_map is not None))
def test_a_bent_match_inverts_and_is_not_composed(match: Match):
    assert match.time_map is not None
    assert inverse(match).time_map == match.time_map.inverse()
    other = Match(a="c2", b="c3", signal="audio", offset_s=1.0)
    with pytest.raises(ValueError, match="time map"):
        compose(match, other)


class TestSigns:
    def test_a_positive_offset_starts_later(self):
        late = Placement(clip="c2", offset_s=12.0)
        assert late.to_group(0.0) == 12.0

    def test_a_fast_clock_counts_more_seconds_than_the_reference(self):
        fast = Placement(clip="c2", offset_s=0.0, drift_ppm=1000.0)
        assert fast.to_group(1001.0) == pytest.approx(1000.0)
        assert fast.rate == pytest.approx(1.001)

    def test_48_khz_labelled_44_1_plays_in_sync_faster(self):
        slow = Placement(clip="c2", offset_s=0.0, speed=Fraction(48000, 44100))
        assert slow.to_group(48000 / 44100) == pytest.approx(1.0)
