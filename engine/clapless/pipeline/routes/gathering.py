"""Which kinds of evidence are asked about two runs, and which refusal stands for all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clapless.model import Refusal
from clapless.pipeline.progress import Progress
from clapless.pipeline.routes.evidence import (
    GPS,
    KINDS,
    SCENERY,
    TEMPO,
    Evidence,
    by_satellites,
    by_scenery,
    by_tempo,
)
from clapless.pipeline.routes.options import AlignOptions
from clapless.pipeline.routes.runs import Run
from clapless.store import Store

LACKING = ("no_positions", "no_pictures", "no_sound", "silent", "too_short", "too_few_features")
"""Refusals that say what a recording does not have; what was compared tells more."""


@dataclass(slots=True)
class Gathering:
    """Asks each kind of evidence in turn, the cheap ones first, the dear ones where they help."""

    reference: Run
    second: Run
    options: AlignOptions
    progress: Progress
    store: Store | None
    warnings: list[str]

    def gather(self) -> tuple[list[Evidence], list[Refusal]]:
        """Return what evidence there is, and why the rest has none."""
        held: list[Evidence] = []
        refusals: list[Refusal] = []
        for name in KINDS:
            if not self._wanted(name, held, refusals):
                continue
            answer = self._ask(name)
            if isinstance(answer, Refusal):
                refusals.append(answer)
            else:
                held.append(answer)
        return held, refusals

    def _wanted(self, name: str, held: list[Evidence], refusals: list[Refusal]) -> bool:
        if self.options.signals is not None:
            return name in self.options.signals
        ref, new = self.reference.clip, self.second.clip
        if name == GPS:
            return True
        if any(one.code not in (*LACKING, "no_movement") for one in refusals if one.signal == GPS):
            # Satellites know another route, or the same one the other way.
            return False
        if name == TEMPO:
            return not held and bool(ref.audio and new.audio)
        # Music that was known again is no ride; on a ride pictures are surer than satellites.
        return ref.kind == new.kind == "video" and all(one.signal != TEMPO for one in held)

    def _ask(self, name: str) -> Evidence | Refusal:
        if name == GPS:
            self.progress.stage("comparing", 0)
            answer = by_satellites(self.reference, self.second, self.options.gates)
            self.progress.done()
            return answer
        compare = {TEMPO: by_tempo, SCENERY: by_scenery}[name]
        return compare(
            self.reference.clip,
            self.second.clip,
            store=self.store,
            progress=self.progress,
            warnings=self.warnings,
        )


def plainest(refusals: list[Refusal]) -> Refusal:
    """Return one refusal for all: of what was compared where anything was."""
    for one in refusals:
        if one.code == "reversed":
            return one
    compared = [one for one in refusals if one.code not in LACKING] or refusals[:1]
    reasons = dict.fromkeys(one.reason for one in compared)
    return replace(compared[-1], reason="; ".join(reasons))
