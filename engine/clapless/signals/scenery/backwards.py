"""Whether a run that is not on a reference goes it the other way, or is played backwards."""

from __future__ import annotations

import numpy as np

from clapless.numerics.scenery_ground import turned_about
from clapless.numerics.scenery_pairs import zoom_between
from clapless.numerics.scenery_path import MOST_CELLS, scenery_path
from clapless.numerics.scenery_place import SURE_INLIERS
from clapless.numerics.scenery_words import bags, draw_words, nearest_words, weighted
from clapless.signals.scenery.feature import SceneryFeature
from clapless.signals.scenery.search import Found

LOOKS = 80
"""Pictures of the new run whose ground is sought on the reference."""

BEST = 6
"""Views of the reference that each is laid beside: those with the likest words."""

LEAST_TURNED = 5
"""As many pictures must show one ground from the other side: in other pairs none does."""

FALLING = -0.5
"""Rank correlation of their times below which the one run goes backwards."""


def goes_backwards(a: SceneryFeature, b: SceneryFeature, found: Found) -> bool:
    """Return whether b goes a's route the other way, or shows it backwards."""
    return _turned(a, b) or _played_backwards(a, b, found)


def _turned(a: SceneryFeature, b: SceneryFeature) -> bool:
    one, two = a.ground, b.ground
    if not len(one.bits) or not len(two.bits):
        return False
    words = draw_words(one.bits)
    of_one = bags(nearest_words(one.bits, words), one.first, count=len(words))
    of_two = bags(nearest_words(two.bits, words), two.first, count=len(words))
    ref, new = weighted(of_one, of_two)
    chosen = np.unique(np.linspace(0, len(two) - 1, LOOKS).astype(np.int64))
    likeness = new[chosen] @ ref.T
    pairs = []
    for row, picture in zip(likeness, chosen.tolist(), strict=True):
        for place in np.argsort(row)[::-1][:BEST].tolist():
            if turned_about(one.points(place), two.points(picture)):
                pairs.append((place, picture))
                break
    return len(pairs) >= LEAST_TURNED and _rank(np.array(pairs, np.float64)) < FALLING


def _rank(pairs: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Return Spearman's correlation of the two columns."""
    ranks = np.argsort(np.argsort(pairs, axis=0), axis=0).astype(np.float64)
    table = np.asarray(np.corrcoef(ranks.T), np.float64)
    return float(table[0, 1])


def _played_backwards(a: SceneryFeature, b: SceneryFeature, found: Found) -> bool:
    rows, columns = len(found.new_bags), len(found.ref_bags)
    thin = max(1, int(np.ceil(np.sqrt(rows * columns / MOST_CELLS))))
    order = np.arange(rows)[::-1][::thin]
    path = scenery_path(found.ref_bags[::thin], found.new_bags[order]).places
    on = np.flatnonzero(path >= 0)
    if len(on) < LEAST_TURNED:
        return False
    chosen = on[np.unique(np.linspace(0, len(on) - 1, LOOKS // 2).astype(np.int64))]
    known = 0
    for row in chosen.tolist():
        place = int(found.ref.moving[int(path[row]) * thin])
        picture = int(found.new.moving[int(order[row])])
        zoom = zoom_between(a.points(place), b.points(picture), size=a.size)
        known += zoom is not None and zoom.inliers >= SURE_INLIERS
    return known >= max(LEAST_TURNED, len(chosen) // 2)
