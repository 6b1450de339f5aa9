"""Two runs of one route: from two recordings to a time map, its quality and a session."""

from clapless.pipeline.routes.aligning import AlignResult, align
from clapless.pipeline.routes.gates import GateVerdict
from clapless.pipeline.routes.options import AlignOptions, Gates
from clapless.pipeline.routes.quality import MapQuality

__all__ = ["AlignOptions", "AlignResult", "GateVerdict", "Gates", "MapQuality", "align"]
