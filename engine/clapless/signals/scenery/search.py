"""Where a new run is on a reference: from two features to ways and a path between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.scenery_pairs import zoom_between
from clapless.numerics.scenery_path import MOST_CELLS, scenery_path, standing_out
from clapless.numerics.scenery_place import SURE_INLIERS, Placed, place_pictures
from clapless.numerics.scenery_way import Way, way_of
from clapless.numerics.scenery_words import bags, draw_words, nearest_words, weighted
from clapless.signals.scenery.feature import SceneryFeature

Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]

LOOKS = 9
"""Pictures of a gap that are looked for elsewhere on the reference."""

AHEAD_WAY = 1.2
"""So much of the way before two ways join, what lies behind is seen: 25 m of made rides."""

END_WAY = 0.4
"""And so much before the end of the reference its pictures show what lies beyond it."""

AGAIN_STANDS_OUT = 4.0
"""A place must stand out so much to be looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A path of a new run along a reference.

    Parameters
    ----------
    ref, new
        The ways.
    ref_bags, new_bags
        Bags of words of the pictures that move, weighted.
    on_route
        Share of the new run's moving pictures that the path has on the reference.
    placed
        Where those pictures lie.
    """

    ref: Way
    new: Way
    ref_bags: Floats32
    new_bags: Floats32
    on_route: float
    placed: Placed


def find(ref: SceneryFeature, new: SceneryFeature) -> Found:
    """Return where a new run is on a reference, as far as pictures alone say."""
    ref_way, new_way = (way_of(run.times_s, run.points, size=run.size) for run in (ref, new))
    ref_bags, new_bags = _bags(ref, new, ref_way, new_way)
    near = _near(ref_bags, new_bags)
    on = near >= 0
    placed = place_pictures(
        ref_way, new_way.moving[on], near[on], ref.points, new.points, size=ref.size
    )
    return Found(ref_way, new_way, ref_bags, new_bags, float(on.mean()), placed)


def _bags(
    ref: SceneryFeature, new: SceneryFeature, ref_way: Way, new_way: Way
) -> tuple[Floats32, Floats32]:
    words = draw_words(ref.table.bits)
    of_ref, of_new = (
        bags(nearest_words(run.table.bits, words), run.table.first, count=len(words))[way.moving]
        for run, way in ((ref, ref_way), (new, new_way))
    )
    return weighted(of_ref, of_new)


def _near(ref: Floats32, new: Floats32) -> Ints:
    """Return the reference's picture each is near to, -1 beside the route."""
    thin = int(np.ceil(np.sqrt(len(ref) * len(new) / MOST_CELLS)))
    if thin <= 1:
        return scenery_path(ref, new).places
    coarse = scenery_path(ref[::thin], new[::thin]).places
    rows = np.arange(len(new))
    at = np.interp(rows, np.arange(len(coarse)) * thin, np.maximum(coarse, 0) * thin)
    before = coarse[np.minimum(rows // thin, len(coarse) - 1)]
    after = coarse[np.minimum(-(-rows // thin), len(coarse) - 1)]
    return np.where((before >= 0) & (after >= 0), np.rint(at), -1).astype(np.int64)


def ridden_before(
    found: Found, ref: SceneryFeature, new: SceneryFeature, span_s: tuple[float, float]
) -> bool:
    """Return whether the new run shows known places in a gap: a stretch ridden once more.

    What it shows just before it joins the reference is known in any case, far ahead.
    """
    times_s = found.new.times_s[found.new.moving]
    gone = found.new.gone[found.new.moving]
    inside = np.flatnonzero((times_s > span_s[0]) & (times_s < span_s[1]))
    if len(inside) < LOOKS // 2:
        return False
    before = inside[gone[inside] < gone[inside[-1]] - AHEAD_WAY]
    inside = before if len(before) >= LOOKS // 2 else inside
    chosen = inside[np.linspace(0, len(inside) - 1, LOOKS + 2).astype(int)[1:-1]]
    table = standing_out(found.new_bags[chosen] @ found.ref_bags.T)
    known = 0
    for row, picture in zip(table, chosen, strict=True):
        if row.max() < AGAIN_STANDS_OUT:
            continue
        place = int(found.ref.moving[int(np.argmax(row))])
        if found.ref.gone[place] > found.ref.gone[-1] - END_WAY:
            continue  # seen from beyond the reference's end
        zoom = zoom_between(
            ref.points(place), new.points(int(found.new.moving[picture])), size=ref.size
        )
        known += zoom is not None and zoom.inliers >= SURE_INLIERS
    return known > LOOKS // 2
