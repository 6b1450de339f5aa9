"""The signal: what the rest of Clapless knows of matching by sound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from clapless.media import keep_sound, kept_sound, open_sound
from clapless.media.reading import SoundBlock
from clapless.model import AudioStream, Clip, Match, MediaFile, Refusal
from clapless.numerics.sound import ArraySound, SampleSource
from clapless.signals.audio.bands import RATE_HZ
from clapless.signals.audio.extractor import AudioExtractor
from clapless.signals.audio.feature import AudioFeature, SoundOpener
from clapless.signals.audio.many import worthwhile_pairs
from clapless.signals.audio.matching import match_pair
from clapless.signals.audio.windows import Excluded
from clapless.signals.base import Arrays, Prior, Proves, Spans


def open_channel(clip: Clip, stream: int, channel: int) -> SampleSource:
    """Open one channel of a clip at the rate that is analysed."""
    kept = kept_sound(clip, stream=stream, channel=channel, rate_hz=RATE_HZ)
    if kept is not None:
        return kept
    return open_sound(clip, stream=stream, channel=channel, rate_hz=RATE_HZ)


def _keep_channel(
    clip: Clip, stream: int, channel: int, origin_s: float, pieces: list[NDArray[np.int16]]
) -> None:
    keep_sound(clip, pieces, stream=stream, channel=channel, rate_hz=RATE_HZ, origin_s=origin_s)


@dataclass(frozen=True)
class AudioSignal:
    """Matches clips by the sound they have in common.

    Parameters
    ----------
    opener
        How samples of a clip are read again; from its files unless told otherwise.
    """

    name: ClassVar[str] = "audio"
    version: ClassVar[int] = 1
    proves: ClassVar[Proves] = "moment"

    opener: SoundOpener = open_channel

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has a sound stream at all."""
        return bool(clip.audio)

    def extractor(self, clip: Clip) -> AudioExtractor:
        """Return an empty extractor for the clip."""
        keeper = _keep_channel if self.opener is open_channel else None
        return AudioExtractor(clip, self.opener, keeper)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> AudioFeature:
        """Return the feature again that `AudioFeature.to_arrays` wrote."""
        return AudioFeature.from_arrays(clip, arrays, self.opener)

    def candidates(self, features: Mapping[str, AudioFeature]) -> Iterable[tuple[str, str]]:
        """Return pairs of clip ids worth trying, the most promising first."""
        return worthwhile_pairs(features)

    def match(
        self,
        a: AudioFeature,
        b: AudioFeature,
        *,
        prior: Prior | None = None,
        exclude_spans: Spans = (),
    ) -> Match | Refusal:
        """Return where clip b lies on the clock of clip a, or why that is not known.

        Parameters
        ----------
        a, b
            Features of two different clips.
        prior
            What is believed already.
        exclude_spans
            Stretches of b's clip time not to be used.
        """
        excluded = Excluded(b_s=tuple(exclude_spans))
        return match_pair(a, b, prior=prior or Prior(), excluded=excluded)


def match_arrays(
    a: NDArray[np.generic], b: NDArray[np.generic], rate_hz: float, *, prior: Prior | None = None
) -> Match | Refusal:
    """Return where sound b lies on the clock of sound a, both in memory.

    Parameters
    ----------
    a, b
        Shape (n,) or (channels, n): float with full scale 1.0, or int16.
    rate_hz
        Samples per second of both.
    prior
        What is believed already.

    Returns
    -------
    Match or Refusal
        Of the clips "a" and "b".

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sound = rng.standard_normal(16000 * 20).astype(np.float32) * 0.1
    >>> match = match_arrays(sound, sound[16000 * 5 :], 16000)
    >>> round(match.offset_s, 5)
    5.0
    """
    features = [feature_of_array(samples, rate_hz, name) for samples, name in ((a, "a"), (b, "b"))]
    for feature in features:
        if isinstance(feature, Refusal):
            return replace(feature, a="a", b="b")
    first, second = (one for one in features if isinstance(one, AudioFeature))
    return AudioSignal().match(first, second, prior=prior)


def feature_of_array(
    samples: NDArray[np.generic], rate_hz: float, clip_id: str, *, origin_s: float = 0.0
) -> AudioFeature | Refusal:
    """Return the feature of sound in memory, which keeps the sound.

    Parameters
    ----------
    samples
        Shape (n,) or (channels, n): float with full scale 1.0, or int16.
    rate_hz
        Samples per second.
    clip_id
        Id of the clip it is said to be.
    origin_s
        Clip time of the first sample.
    """
    channels = [
        ArraySound.resampled(row, rate_hz, RATE_HZ, origin_s=origin_s)
        for row in np.atleast_2d(samples)
    ]
    clip = Clip(
        id=clip_id,
        name=clip_id,
        files=(MediaFile(path=Path(clip_id)),),
        kind="audio",
        audio=(AudioStream(index=0, channels=len(channels), sample_rate_hz=RATE_HZ),),
    )
    extractor = AudioExtractor(clip, lambda _clip, _stream, channel: channels[channel])
    scaled = np.stack([sound.window(0, sound.length) for sound in channels]) * 32768.0
    block = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    extractor.feed(SoundBlock(stream=0, start_s=origin_s, rate_hz=RATE_HZ, samples=block))
    return extractor.finish()
