"""One machine with Resolve on it: version, edition, language, disk, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.fakes.resolve import api
from tests.fakes.resolve.handles import Handle

CONSTANTS = {
    **{
        f"MULTICAM_ANGLE_SYNC_{name}": "21.1"
        for name in ("IN", "OUT", "TIMECODE", "AUDIO", "MARKER")
    },
    **{
        f"AUDIO_SYNC_{name}": "19.1"
        for name in ("MODE", "CHANNEL_NUMBER", "RETAIN_EMBEDDED_AUDIO", "WAVEFORM", "TIMECODE")
    },
    **{f"EXPORT_{name}": "17.4.5" for name in ("AAF", "EDL", "OTIO", "FCP_7_XML", "NONE")},
}
"""Constants and their first versions. Their values are not known, only that they are floats."""


@dataclass(frozen=True)
class OnDisk:
    """A file as Resolve would read it; without a rate it is sound alone."""

    seconds: Fraction
    rate: Fraction | None = None
    channels: int = 2
    start: str = "00:00:00:00"
    drop: bool = False


class World:
    """The knobs and the one project.

    Parameters
    ----------
    version, studio, japanese, page
        What is installed and open.
    legacy
        Whether 21.1 still answers to names that its documentation left out.
    external
        The preference "External scripting using".
    failure
        How a clip that is not placed comes back: ``none``, ``dead`` or ``short``; and what a
        batch does that is too large: it is refused, with ``raise`` it raises, and with ``half``
        it is refused with half of it placed, which is gone when the project is saved.
    batch_limit
        Batches of more clips than this are too large.
    speed_digits
        Places after the point that a speed in per cent keeps; None refuses speeds.
    keeps_timecode
        Whether a start timecode that was written stays; it is taken for done in either case.
    """

    def __init__(
        self,
        version: str = "21.0.4",
        *,
        studio: bool = True,
        japanese: bool = False,
        page: str = "edit",
        rate: str = "24",
        legacy: bool = True,
        external: str = "Local",
        running: bool = True,
        failure: str = "none",
        batch_limit: int = 10**6,
        speed_digits: int | None = 6,
        keeps_timecode: bool = True,
    ) -> None:
        from tests.fakes.resolve.project import Project, Resolve

        assert version in api.VERSIONS
        self.version, self.studio, self.japanese, self.page = version, studio, japanese, page
        self.legacy, self.external, self.running = legacy, external, running
        self.failure, self.batch_limit = failure, batch_limit
        self.speed_digits, self.keeps_timecode = speed_digits, keeps_timecode
        self.modal = False
        self.lies: set[str] = set()
        """Calls that say False where they did it, and True where they did not."""
        self.refuses: dict[str, Any] = {}
        """Calls that do nothing, as ``Class.Name``, and what they answer."""
        self.raises: dict[str, BaseException] = {}
        """Calls that raise, as ``Class.Name``, and what."""
        self.calls: list[str] = []
        self.constants: dict[str, object] = {
            name: float(n) for n, (name, v) in enumerate(CONSTANTS.items(), 7) if self.at_least(v)
        }
        self.disk: dict[str, OnDisk] = {}
        self._ids = 0
        self.project: Project | None = Project(self, rate)
        self._resolve = Resolve(self)

    def next_id(self) -> str:
        self._ids += 1
        return f"id-{self._ids}"

    def at_least(self, version: str) -> bool:
        return api.number(self.version) >= api.number(version)

    @property
    def resolve(self) -> Any:
        """What a menu script is given."""
        return Handle(self._resolve)

    def scriptapp(self, name: str) -> Any:
        """What a foreign process is given."""
        if name != "Resolve" or not (self.running and self.studio) or self.external == "None":
            return None
        return Handle(self._resolve)

    def add(self, path: str, seconds: Fraction | int, **facts: Any) -> Any:
        """Put a file on the disk and into the current bin; return the clip behind the handle."""
        self.disk[path] = OnDisk(Fraction(seconds), **facts)
        assert self.project is not None
        (clip,) = self.project.pool.ImportMedia([path])
        return clip
