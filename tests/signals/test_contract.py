"""What holds for every signal: signs, either side, shifts, refusals, spans, the store."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from clapless.model import Match, Refusal, inverse
from clapless.signals import SIGNALS
from clapless.signals.base import Prior
from tests.signals.contract import Example, has_example, load_example


@cache
def cached(name: str) -> Example:
    return load_example(name)


WITH_EXAMPLE = [signal.name for signal in SIGNALS if has_example(signal.name)]


@pytest.fixture(params=WITH_EXAMPLE)
def example(request: pytest.FixtureRequest) -> Example:
    return cached(request.param)


@pytest.mark.parametrize("name", [signal.name for signal in SIGNALS])
def test_the_contract_holds_the_signal(name: str) -> None:
    assert name in WITH_EXAMPLE, f"write tests/signals/{name}/example.py"


def matched(example: Example, a: object, b: object, **options: object) -> Match:
    answer = example.signal.match(a, b, **options)  # type: ignore[arg-type]
    assert isinstance(answer, Match), answer
    return answer


def shared_s(example: Example, match: Match) -> list[float]:
    """A few times of b inside what was measured."""
    return [t for span in match.spans_s for t in span]


def test_names_are_unique() -> None:
    names = [signal.name for signal in SIGNALS]
    assert len(set(names)) == len(names)


def test_the_answer_is_true(example: Example) -> None:
    match = matched(example, example.a, example.b)
    assert (match.a, match.b) == (example.a.clip.id, example.b.clip.id)
    assert match.signal == example.signal.name
    assert match.confidence >= 0.9
    rate = 1 + example.drift_ppm * 1e-6
    for t in shared_s(example, match):
        assert match.to_a(t) == pytest.approx(example.offset_s + t / rate, abs=example.tolerance_s)


def test_the_error_bar_is_one(example: Example) -> None:
    match = matched(example, example.a, example.b)
    assert 0 < match.offset_std_s < 1
    assert match.drift_std_ppm > 0
    assert match.spans_s == tuple(sorted(match.spans_s))
    assert all(end > start for start, end in match.spans_s)


def test_either_side_gives_the_same_answer(example: Example) -> None:
    one = matched(example, example.a, example.b)
    other = inverse(matched(example, example.b, example.a))
    assert (other.a, other.b) == (one.a, one.b)
    for t in shared_s(example, one):
        allowed = max(1e-6, 2 * one.std_s(t))
        assert other.to_a(t) == pytest.approx(one.to_a(t), abs=allowed)
    assert other.confidence == pytest.approx(one.confidence, abs=0.05)


def test_a_clip_that_starts_later_lies_later(example: Example) -> None:
    shift_s = 1.375
    one = matched(example, example.a, example.b)
    later = matched(example, example.a, example.later_b(shift_s))
    t = shared_s(example, later)[0]
    allowed = max(example.tolerance_s, 3 * (one.std_s(t) + later.std_s(t)))
    assert later.to_a(t) == pytest.approx(one.to_a(t + shift_s), abs=allowed)


def test_what_shares_nothing_is_refused(example: Example) -> None:
    answer = example.signal.match(example.a, example.unrelated)
    if isinstance(answer, Match):
        assert answer.confidence < 0.5
        return
    assert answer.code.islower()
    assert answer.reason
    assert not answer.reason.endswith(".")
    assert (answer.a, answer.b) == (example.a.clip.id, example.unrelated.clip.id)


def test_no_evidence_is_a_refusal_of_the_clip_itself(example: Example) -> None:
    answer = example.empty()
    assert isinstance(answer, Refusal)
    assert answer.a == answer.b
    assert answer.code


def test_excluded_spans_are_not_used(example: Example) -> None:
    first = matched(example, example.a, example.b)
    start, end = first.spans_s[0][0], first.spans_s[-1][1]
    half = (start, (start + end) / 2)
    answer = example.signal.match(example.a, example.b, exclude_spans=[half])
    assert isinstance(answer, Match), answer
    assert all(low >= half[1] - 1e-6 for low, _ in answer.spans_s)
    middle = sum(answer.spans_s[0]) / 2
    allowed = max(example.tolerance_s, 3 * answer.std_s(middle))
    assert answer.to_a(middle) == pytest.approx(first.to_a(middle), abs=allowed)


def test_with_everything_excluded_nothing_is_said(example: Example) -> None:
    answer = example.signal.match(example.a, example.b, exclude_spans=[(-1e6, 1e6)])
    assert isinstance(answer, Refusal)


def test_a_sure_place_is_measured_again(example: Example) -> None:
    match = matched(example, example.a, example.b)
    prior = Prior(offset_s=match.offset_s, offset_std_s=0.01, drift_ppm=match.drift_ppm, hard=True)
    again = matched(example, example.a, example.b, prior=prior)
    for t in shared_s(example, match):
        allowed = max(example.tolerance_s, 3 * again.std_s(t))
        assert again.to_a(t) == pytest.approx(match.to_a(t), abs=allowed)


def test_a_wrong_place_is_not_confirmed(example: Example) -> None:
    prior = Prior(offset_s=example.offset_s + 2.5, offset_std_s=0.01, hard=True)
    answer = example.signal.match(example.a, example.b, prior=prior)
    if isinstance(answer, Match):
        assert abs(answer.to_a(1.0) - example.offset_s - 1.0) < 0.1


def test_the_store_gives_back_the_same_feature(example: Example) -> None:
    arrays = example.b.to_arrays()
    assert all(isinstance(value, np.ndarray) for value in arrays.values())
    again = example.signal.from_arrays(example.b.clip, arrays).to_arrays()
    assert again.keys() == arrays.keys()
    for key, value in arrays.items():
        assert again[key].dtype == value.dtype
        assert np.array_equal(again[key], value)


def test_the_pair_is_worth_trying(example: Example) -> None:
    features = {f.clip.id: f for f in (example.a, example.b, example.unrelated)}
    pairs = [frozenset(pair) for pair in example.signal.candidates(features)]
    assert frozenset((example.a.clip.id, example.b.clip.id)) in pairs


def test_it_applies_to_its_own_clips(example: Example) -> None:
    assert example.signal.applies_to(example.clip)
    # A label that came with the clip needs nothing to be read.
    assert isinstance(example.signal.extractor(example.clip).needs, frozenset)
