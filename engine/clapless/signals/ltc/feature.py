"""What is kept of a clip's linear timecode: its runs, and the clip's own label beside them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from clapless.model import Clip
from clapless.numerics.ltc import LtcRun
from clapless.signals.base import Arrays
from clapless.signals.stamps import Stamp, stamp_of

_FLOATS = ("start_s", "end_s", "anchor_s", "anchor_frame", "frames_per_s", "jitter_s")
_INTS = ("count", "nominal", "drop_frame", "flagged_drop", "user_bits")


@dataclass(frozen=True, slots=True, eq=False)
class LtcFeature:
    """The timecode of a clip.

    Parameters
    ----------
    clip
        The clip.
    runs
        In rising clip time; empty where no channel holds timecode.
    stream, channel
        Where it was heard, -1 where it was not.
    stamp
        The label that the file itself states, None where it states none.
    """

    clip: Clip
    runs: tuple[LtcRun, ...]
    stream: int
    channel: int
    stamp: Stamp | None

    def to_arrays(self) -> Arrays:
        """Return the runs as plain arrays; the label is read from the clip again."""
        runs = self.runs
        return {
            "place": np.array([self.stream, self.channel], np.int64),
            "floats": np.array([[getattr(run, name) for name in _FLOATS] for run in runs]).reshape(
                -1, len(_FLOATS)
            ),
            "ints": np.array(
                [[int(getattr(run, name)) for name in _INTS] for run in runs], np.int64
            ).reshape(-1, len(_INTS)),
            "fractions": np.array(
                [
                    [
                        run.rate.numerator,
                        run.rate.denominator,
                        run.speed.numerator,
                        run.speed.denominator,
                        len(run.knots_s),
                    ]
                    for run in runs
                ],
                np.int64,
            ).reshape(-1, 5),
            "knots_s": np.concatenate([np.zeros(0), *(run.knots_s for run in runs)]),
            "knots_frame": np.concatenate([np.zeros(0), *(run.knots_frame for run in runs)]),
        }

    def forget(self) -> None:
        """Keep all: it is small."""


def from_arrays(clip: Clip, arrays: Arrays) -> LtcFeature:
    """Return what `LtcFeature.to_arrays` wrote.

    Raises
    ------
    KeyError, ValueError
        It is something else.
    """
    stream, channel = (int(value) for value in arrays["place"])
    runs = []
    first = 0
    for floats, ints, exact in zip(
        arrays["floats"], arrays["ints"], arrays["fractions"], strict=True
    ):
        named = {name: float(value) for name, value in zip(_FLOATS, floats, strict=True)}
        whole = {name: int(value) for name, value in zip(_INTS, ints, strict=True)}
        rate, speed = (Fraction(int(exact[i]), int(exact[i + 1])) for i in (0, 2))
        last = first + int(exact[4])
        runs.append(
            LtcRun(
                **named,
                count=whole["count"],
                nominal=whole["nominal"],
                drop_frame=bool(whole["drop_frame"]),
                flagged_drop=bool(whole["flagged_drop"]),
                user_bits=whole["user_bits"],
                rate=rate,
                speed=speed,
                knots_s=np.asarray(arrays["knots_s"][first:last], np.float64),
                knots_frame=np.asarray(arrays["knots_frame"][first:last], np.float64),
            )
        )
        first = last
    return LtcFeature(clip, tuple(runs), stream, channel, stamp_of(clip))
