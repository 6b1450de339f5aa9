"""Markers, of clips and of timelines alike."""

from __future__ import annotations

from typing import Any

from tests.fakes.resolve import api
from tests.fakes.resolve.handles import Thing
from tests.fakes.resolve.world import World


class Marked(Thing):
    """Holds markers; frames are relative to the first frame and come back as floats."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.markers: dict[int, dict[str, Any]] = {}

    def AddMarker(  # noqa: N802
        self,
        frame: Any,
        color: Any,
        name: Any,
        note: Any,
        duration: Any,
        custom: Any = "",
    ) -> bool:
        if type(frame) is not int or type(duration) is not int or frame < 0 or duration < 1:
            return False
        if color not in api.MARKER_COLORS or frame in self.markers:
            return False
        self.markers[frame] = {
            "color": color,
            "duration": float(duration),
            "note": note,
            "name": name,
            "customData": custom,
        }
        return True

    def GetMarkers(self) -> dict[float, dict[str, Any]]:  # noqa: N802
        return {float(frame): dict(one) for frame, one in sorted(self.markers.items())}

    def GetMarkerByCustomData(self, custom: str) -> dict[str, Any]:  # noqa: N802
        return next((dict(m) for m in self.markers.values() if m["customData"] == custom), {})

    def DeleteMarkerByCustomData(self, custom: str) -> bool:  # noqa: N802
        for frame, one in self.markers.items():
            if one["customData"] == custom:
                del self.markers[frame]
                return True
        return False

    def DeleteMarkerAtFrame(self, frame: int) -> bool:  # noqa: N802
        return self.markers.pop(frame, None) is not None
