"""What is kept of a clip's sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clapless.model import Clip
from clapless.numerics.correlation import Spectra, transform
from clapless.numerics.sound import SampleSource
from clapless.signals.audio.bands import BANDS, FRAME_RATE_HZ

SoundOpener = Callable[[Clip, int, int], SampleSource]
"""Opens one channel of a clip again: clip, position in `Clip.audio`, channel."""

LEVEL_FRAMES = 16
"""Frames per stored level, a quarter of a second."""

CACHED_SIZES = 2
"""Spectra are kept for this many transform lengths per clip, the last ones used."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AudioFeature:
    """The changes of loudness of a clip's best channel, and a way to read its samples again.

    Parameters
    ----------
    clip
        The clip.
    stream, channel
        The channel that was chosen, for everything finer too.
    origin_s
        Clip time of the first sample of that stream.
    changes
        int8, shape (bands, frames), see `bands.changes`; frame i is centred at
        ``origin_s + (i + 1) / FRAME_RATE_HZ``.
    level_db
        uint8, loudness over all bands in steps of half a decibel, shape (frames // LEVEL_FRAMES,).
    claps_s, clap_strength
        Clip times of sharp onsets and how sharp they are, strongest first.
    liveliness_db
        How lively every channel was, shape (n, 3): stream, channel, swing in dB.
    opener
        How samples are read again.
    cache
        What was computed or opened on the way.
    """

    clip: Clip
    stream: int
    channel: int
    origin_s: float
    changes: NDArray[np.int8]
    level_db: NDArray[np.uint8]
    claps_s: NDArray[np.float64]
    clap_strength: NDArray[np.float64]
    liveliness_db: NDArray[np.float64]
    opener: SoundOpener = field(repr=False)
    cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def frames(self) -> int:
        """Frames of loudness."""
        return int(self.changes.shape[1])

    @property
    def duration_s(self) -> float:
        """Length of the sound that was heard, in seconds."""
        return self.frames / FRAME_RATE_HZ

    @property
    def sound(self) -> SampleSource:
        """The samples, opened when first asked for."""
        if "sound" not in self.cache:
            self.cache["sound"] = self.opener(self.clip, self.stream, self.channel)
        source: SampleSource = self.cache["sound"]
        return source

    def spectra(self, size: int) -> Spectra:
        """Return the spectra of the changes at a transform length (see `correlation.transform`)."""
        kept: dict[int, Spectra] = self.cache.setdefault("spectra", {})
        if size not in kept:
            while len(kept) >= CACHED_SIZES:
                del kept[next(iter(kept))]
            kept[size] = transform(self.changes, size)
        return kept[size]

    def forget(self) -> None:
        """Drop what was computed or opened on the way; it comes back when it is asked for."""
        close = getattr(self.cache.get("sound"), "close", None)
        if close is not None:
            close()
        self.cache.clear()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was computed or opened, so that a copy in another process is small."""
        return {**self.__dict__, "cache": {}}

    def to_arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Return it as arrays for the store."""
        return {
            "place": np.array([self.stream, self.channel], np.int64),
            "origin_s": np.array([self.origin_s], np.float64),
            "changes": self.changes,
            "level_db": self.level_db,
            "claps_s": self.claps_s,
            "clap_strength": self.clap_strength,
            "liveliness_db": self.liveliness_db,
        }

    @classmethod
    def from_arrays(
        cls, clip: Clip, arrays: Mapping[str, NDArray[np.generic]], opener: SoundOpener
    ) -> AudioFeature:
        """Return the feature that `to_arrays` wrote.

        Raises
        ------
        ValueError
            The arrays are not those of such a feature.
        """
        changes = np.asarray(arrays["changes"], np.int8)
        if changes.ndim != 2 or changes.shape[0] != BANDS:
            raise ValueError(f"changes must have shape ({BANDS}, frames), but got {changes.shape}")
        place = np.asarray(arrays["place"], np.int64)
        return cls(
            clip=clip,
            stream=int(place[0]),
            channel=int(place[1]),
            origin_s=float(np.asarray(arrays["origin_s"], np.float64)[0]),
            changes=changes,
            level_db=np.asarray(arrays["level_db"], np.uint8),
            claps_s=np.asarray(arrays["claps_s"], np.float64),
            clap_strength=np.asarray(arrays["clap_strength"], np.float64),
            liveliness_db=np.asarray(arrays["liveliness_db"], np.float64),
            opener=opener,
        )


def cut(feature: AudioFeature, start_s: float, end_s: float) -> AudioFeature:
    """Return the part of a feature between two clip times; its samples stay the whole clip's."""
    first = max(0, round((start_s - feature.origin_s) * FRAME_RATE_HZ))
    last = min(feature.frames, round((end_s - feature.origin_s) * FRAME_RATE_HZ))
    first -= first % LEVEL_FRAMES
    last = max(first, last)
    return replace(
        feature,
        origin_s=feature.origin_s + first / FRAME_RATE_HZ,
        changes=feature.changes[:, first:last],
        level_db=feature.level_db[first // LEVEL_FRAMES : -(-last // LEVEL_FRAMES)],
        cache={"sound": feature.sound},
    )
