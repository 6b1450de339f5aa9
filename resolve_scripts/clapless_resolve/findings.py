"""What the doctor found, one sentence each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "absent", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: what it is, how it stands, and a sentence."""

    subject: str
    state: State
    sentence: str
