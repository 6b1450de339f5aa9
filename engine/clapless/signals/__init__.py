"""Kinds of evidence, one folder each."""

from __future__ import annotations

from clapless.signals.audio import AudioSignal
from clapless.signals.base import Signal

SIGNALS: tuple[Signal, ...] = (AudioSignal(),)
"""Every kind of evidence there is, in the order they are tried."""
