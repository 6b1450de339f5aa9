"""Long runs are looked at more coarsely, and found all the same."""

from __future__ import annotations

import numpy as np
import pytest

from clapless.numerics.scenery_words import weighted
from clapless.signals.scenery import search
from tests.numerics.test_scenery import route


@pytest.mark.parametrize("share", [1, 3])
def test_a_path_of_long_runs_is_thinned(monkeypatch: pytest.MonkeyPatch, share: int) -> None:
    truth = [*range(20, 120), *range(120, 240, 2), *[-1] * 80, *range(300, 400)]
    ref, new = weighted(route(list(range(420)), 0), route(truth, 1))
    monkeypatch.setattr(search, "MOST_CELLS", 420 * len(truth) // share)
    found = search._near(ref, new)
    wanted = np.array(truth)
    on = wanted >= 0
    assert np.mean(np.abs(found[on] - wanted[on]) <= 3) > 0.9
    assert np.mean(found[~on] == -1) > 0.8
