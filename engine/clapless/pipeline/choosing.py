"""Which signals a sync uses, and what they are."""

from __future__ import annotations

from collections.abc import Sequence

from clapless.errors import UsageError, printable
from clapless.signals.base import Signal


def choose_signals(
    signals: Sequence[Signal] | None, names: Sequence[str] | None
) -> tuple[Signal, ...]:
    """Return the signals a sync uses: those that prove a moment, among the named ones.

    Raises
    ------
    UsageError
        A signal is named that there is not, or that proves no moment.
    """
    if signals is None:
        from clapless.signals import SIGNALS

        signals = SIGNALS
    usable = [signal for signal in signals if signal.proves == "moment"]
    if names is None:
        return tuple(usable)
    known = {signal.name for signal in usable}
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no signal {printable(name)} to sync by; "
                f"there are {', '.join(sorted(known))}."
            )
    return tuple(signal for signal in usable if signal.name in names)


def hears(signal: Signal) -> bool:
    """Return whether distance delays a signal; it says so by an attribute ``hears``."""
    return bool(getattr(signal, "hears", signal.name == "audio"))
