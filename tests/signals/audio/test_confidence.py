"""What a place with rivals is given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clapless.model import CHECK_CONFIDENCE, SYNCED_CONFIDENCE
from clapless.signals.audio.confidence import (
    MOST,
    TIE_CONFIDENCE,
    Evidence,
    confidence_of,
)

PLAIN = Evidence(
    log10_chance=-22.0, stack_z=28.0, clarity=12.0, share=1.0, windows=14.0, lead=0.4, lead_t=9.0
)


def test_a_place_without_a_rival_is_as_sure_as_any() -> None:
    alone = replace(PLAIN, lead=1.0, lead_t=99.0, own=0.9)
    assert not alone.rivalled
    assert confidence_of(alone) == MOST


def test_a_place_that_stands_out_over_its_rivals_is_synced() -> None:
    assert confidence_of(replace(PLAIN, own=0.2)) == MOST


def test_one_that_stands_out_no_more_than_a_recording_over_itself_is_to_check() -> None:
    repeated = replace(PLAIN, own=0.45)
    assert repeated.repeated
    assert CHECK_CONFIDENCE <= confidence_of(repeated) < SYNCED_CONFIDENCE


def test_so_is_one_of_recordings_too_short_to_show_whether_they_repeat() -> None:
    short = replace(PLAIN, other_bar=True, longest_s=30.0)
    assert CHECK_CONFIDENCE <= confidence_of(short) < SYNCED_CONFIDENCE
    assert confidence_of(replace(short, longest_s=60.0)) == MOST
    # A rival less than a beat away is a reflection.
    assert confidence_of(replace(short, other_bar=False)) == MOST


@pytest.mark.parametrize(
    "changes",
    [
        {"lead": 0.1},
        {"lead_t": 2.0},
        {"tied": 0.4},
        {"own": 0.45, "tied": 0.1},
        {"own": 0.45, "lead_t": 5.0},
        {"log10_chance": -5.0},  # four windows: the end of one recording on the start of the other
    ],
)
def test_what_a_rival_may_explain_is_a_tie(changes: dict[str, Any]) -> None:
    tied = replace(PLAIN, **changes)
    assert tied.tie
    assert confidence_of(tied) == TIE_CONFIDENCE


def test_little_agreement_is_no_tie_without_a_rival() -> None:
    assert not replace(PLAIN, lead=1.0, lead_t=99.0, log10_chance=-5.0).tie
