"""Matches become placements: clip graph, device clocks, loop closure, groups, refusals.

Knows no signal by name. `solve` is the whole of it; the rest is how.
"""

from clapless.solve.order import shooting_order
from clapless.solve.relations import between
from clapless.solve.solution import Solution
from clapless.solve.solving import TRADE_SPEEDS, solve

__all__ = ["TRADE_SPEEDS", "Solution", "between", "shooting_order", "solve"]
