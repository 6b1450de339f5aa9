"""Which files, one after another, hold one sound stream of a clip, and where each begins.

Conventions
-----------
A clip's stream is one grid of samples at the stream's own rate; sample 0 lies at
`AudioStream.start_s`. The sound of a chapter is put on that grid at the nearest sample (at most
half a sample off: 10 microseconds at 48 kHz; none where the chapters join without a seam).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from clapless.model import AudioStream, Clip
from clapless.timing import round_half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPart:
    """One file's share of a stream.

    Parameters
    ----------
    path
        The file.
    stream
        Position among the sound streams of the file.
    first
        Index on the clip's grid of the file's first presented sample.
    """

    path: Path
    stream: int
    first: int


def file_run(clip: Clip, file: int) -> range:
    """Return the positions in `Clip.files` of a file and the chapters that continue it."""
    end = file + 1
    while end < len(clip.files) and clip.files[end].role == "chapter":
        end += 1
    return range(file, end)


def parts_of(clip: Clip, audio: AudioStream) -> tuple[SoundPart, ...]:
    """Return where the samples of one stream lie, file by file in rising time."""
    own = clip.files[audio.file]
    # Within its file the stream begins as much after the file's time 0 as in the first file.
    lead_s = audio.start_s - own.start_s
    parts = []
    for number in file_run(clip, audio.file):
        file = clip.files[number]
        starts = file.extra.get("sound_starts_s")
        file_lead_s = lead_s
        if number != audio.file and isinstance(starts, (list, tuple)) and audio.index < len(starts):
            file_lead_s = Fraction(str(starts[audio.index]))
        begin_s = file.start_s + file_lead_s
        first = round_half_up((begin_s - audio.start_s) * audio.sample_rate_hz)
        parts.append(SoundPart(path=file.path, stream=audio.index, first=first))
    return tuple(parts)
