"""Clips as people name them: by path, by a name that is unique, by id."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from clapless.errors import UsageError, printable
from clapless.model import Clip, Marker, Pin

MOST_NAMES = 5
"""Clips that a sentence lists."""


class ClipNames:
    """Finds clips by what people call them.

    Parameters
    ----------
    clips
        All there are.
    """

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._labels = [clip.name for clip in clips]
        self._ids = {clip.id for clip in clips}
        self._by_path: dict[Path, str] = {}
        self._by_name: dict[str, set[str]] = {}
        for clip in clips:
            self._by_name.setdefault(clip.name.casefold(), set()).add(clip.id)
            for file in clip.files:
                self._by_path.setdefault(_whole(file.path), clip.id)
                self._by_name.setdefault(file.path.name.casefold(), set()).add(clip.id)
                self._by_name.setdefault(file.path.stem.casefold(), set()).add(clip.id)

    def by_path(self, path: Path) -> str | None:
        """Return the id of the clip that holds a file, None where none does."""
        return self._by_path.get(_whole(path))

    def find(self, name: str) -> str:
        """Return the id of the clip that is meant.

        Raises
        ------
        UsageError
            No clip is called so, or several are.
        """
        held = self.by_path(Path(name))
        if held is not None:
            return held
        if name in self._ids:
            return name
        named = self._by_name.get(name.casefold(), set())
        if len(named) == 1:
            return next(iter(named))
        if named:
            raise UsageError(
                f"{len(named)} clips are called {printable(name)}: name the one by its path."
            )
        raise UsageError(f"No clip is called {printable(name)}{self._there()}.")

    def pins(self, pins: Iterable[Pin], warnings: list[str]) -> tuple[Pin, ...]:
        """Return pins by clip id.

        A pin on a file, by its whole path, that is not among the clips is left out with a warning:
        it comes from an earlier session.

        Raises
        ------
        UsageError
            No clip is called so, or several are.
        """
        found: list[Pin] = []
        for pin in pins:
            gone = [name for name in (pin.a, pin.b) if self._gone(name)]
            if gone:
                warnings.append(
                    f"A pin on {printable(Path(gone[0]).name)} was left out: that file is not "
                    "among the clips."
                )
                continue
            known = dataclasses.replace(pin, a=self.find(pin.a), b=self.find(pin.b))
            if known not in found:
                found.append(known)
        return tuple(found)

    def markers(self, markers: Iterable[Marker]) -> tuple[Marker, ...]:
        """Return the markers whose clips are here, by clip id, and those of groups as they are."""
        found = []
        for marker in markers:
            if marker.clip is None:
                found.append(marker)
            elif not self._gone(marker.clip):
                found.append(dataclasses.replace(marker, clip=self.find(marker.clip)))
        return tuple(found)

    def _there(self) -> str:
        """Return a clause with names that there are, the first few."""
        names = list(dict.fromkeys(self._labels))
        if not names:
            return ": there is none"
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        return f"; there are {', '.join(map(printable, names[:MOST_NAMES]))}{more}"

    def _gone(self, name: str) -> bool:
        return Path(name).is_absolute() and self.by_path(Path(name)) is None


def _whole(path: Path) -> Path:
    """Return a path without links and dots; as it is where it cannot be followed."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()
