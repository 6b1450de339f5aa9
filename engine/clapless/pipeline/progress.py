"""How the pipeline says how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Whoever shows how far the work is; called from one thread at a time."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage.

        Parameters
        ----------
        name
            What is done now, in words for people: "reading", "comparing".
        total
            How many times `advance` will be called at most, by steps of 1; 0 where unknown.
        """
        ...

    def advance(self, steps: int = 1, *, detail: str = "") -> None:
        """Say that `steps` more are done; `detail` names the file or pair."""
        ...

    def done(self) -> None:
        """Say that the last stage is over."""
        ...


class SilentProgress:
    """Shows nothing."""

    def stage(self, name: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1, *, detail: str = "") -> None:
        """Do nothing."""

    def done(self) -> None:
        """Do nothing."""


NO_PROGRESS: Progress = SilentProgress()
"""The one to use where nobody listens."""
