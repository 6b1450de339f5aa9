"""Features of all clips: each file read once for all signals, or taken from the cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clapless.errors import MediaError
from clapless.media.reading import Need, Subscriber
from clapless.model import Clip, Refusal
from clapless.pipeline.options import Failure
from clapless.pipeline.progress import Progress
from clapless.signals.base import Arrays, Signal, needs_pictures
from clapless.store import FeatureKey, Store

Reader = Callable[[Clip, Sequence[Subscriber]], Sequence[str]]
"""Reads a clip once, feeds the subscribers, returns sentences about damage."""

INDEX_NAME, INDEX_VERSION = "sound-index", 2
"""Under what the places of packets are cached beside the features: windows of an MP3, a Matroska
file or a transport stream would need all of it decoded once more without."""

_REFUSED = "refused"
"""Array under which a refusal of an extractor is cached: code and reason."""


@dataclass(slots=True)
class Extracted:
    """What was taken from the clips.

    Parameters
    ----------
    features
        Signal name -> clip id -> feature, clips in their order.
    refusals
        Clips that a signal cannot use.
    failures
        Files that could not be read.
    warnings
        Sentences about damage.
    """

    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _OfClip:
    """What one clip gave: per signal a feature or a refusal."""

    answers: dict[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    failure: Failure | None = None


def read_from_disk(clip: Clip, subscribers: Sequence[Subscriber]) -> Sequence[str]:
    """Feed subscribers from the clip's files; see `Reader`."""
    from clapless.media import read_once

    return read_once(clip, subscribers).warnings


def extract(
    clips: Sequence[Clip],
    signals: Sequence[Signal],
    *,
    store: Store | None,
    jobs: int | None,
    progress: Progress,
    stage: str = "reading",
    reader: Reader = read_from_disk,
) -> Extracted:
    """Return the features of all clips for all signals that apply.

    Parameters
    ----------
    clips
        The clips.
    signals
        The signals.
    store
        Cache of features, None for none.
    jobs
        Clips read at once. None for one, or for as many as there are processors where pictures are
        decoded. A packet of sound is decoded in some 15 microseconds: threads that pass the
        interpreter to and fro that often take twice the CPU and are no sooner done (a pair of
        75 min on two processors: 20 CPU s in 11.5 s at once, 9.7 CPU s in 10 s in turn). More pay
        where files are slow to come, over a network.
    progress
        Told of each clip.
    stage
        What this is called there.
    reader
        How a clip is read.
    """
    if jobs is None:
        jobs = os.cpu_count() or 1 if any(map(needs_pictures, signals)) else 1
    progress.stage(stage, len(clips))
    done: dict[str, _OfClip] = {}
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures: dict[Future[_OfClip], Clip] = {
            pool.submit(_of_clip, clip, signals, store, reader): clip for clip in clips
        }
        try:
            for future in as_completed(futures):
                clip = futures[future]
                done[clip.id] = future.result()
                progress.advance(detail=clip.name)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    progress.done()
    found = Extracted(features={signal.name: {} for signal in signals})
    for clip in clips:
        _collect(found, clip, done[clip.id])
    return found


def _collect(found: Extracted, clip: Clip, one: _OfClip) -> None:
    found.warnings += one.warnings
    if one.failure is not None:
        found.failures.append(one.failure)
    for name, answer in one.answers.items():
        if isinstance(answer, Refusal):
            found.refusals.append(answer)
        else:
            found.features[name][clip.id] = answer


def _of_clip(clip: Clip, signals: Sequence[Signal], store: Store | None, reader: Reader) -> _OfClip:
    result = _OfClip()
    wanted: list[tuple[Signal, FeatureKey | None, Any]] = []
    for signal in signals:
        if not signal.applies_to(clip):
            continue
        key = _key(clip, signal.name, signal.version) if store is not None else None
        cached = _cached(clip, signal, key, store)
        if cached is not None:
            result.answers[signal.name] = cached
        else:
            wanted.append((signal, key, signal.extractor(clip)))
    heard = any(Need.SOUND in extractor.needs for _, _, extractor in wanted)
    if store is not None and not heard:
        _adopt_index(clip, store)
    if not wanted:
        return result
    try:
        result.warnings = reader(clip, [extractor for _, _, extractor in wanted])
    except MediaError as error:
        result.failure = Failure(path=error.path, message=f"{error}.")
        for signal, _, _ in wanted:
            result.answers[signal.name] = Refusal(
                a=clip.id,
                b=clip.id,
                signal=signal.name,
                code="unreadable",
                reason=f"it could not be read: {error.reason}",
            )
        return result
    for signal, key, extractor in wanted:
        answer = extractor.finish()
        result.answers[signal.name] = answer
        if store is not None and key is not None:
            store.put(key, _arrays(answer))
    if store is not None and heard:
        _keep_index(clip, store)
    return result


def _keep_index(clip: Clip, store: Store) -> None:
    """Keep what a whole read of a clip's sound left behind of its packets."""
    from clapless.media import sound_indexes

    key = _key(clip, INDEX_NAME, INDEX_VERSION)
    if key is None:
        return
    try:
        arrays = sound_indexes(clip)
    except OSError:
        return  # Gone since it was read: whoever needs it next says so.
    if arrays:
        store.put(key, arrays)


def _adopt_index(clip: Clip, store: Store) -> None:
    """Take up what an earlier run kept of a clip's packets."""
    from clapless.media import adopt_sound_indexes

    key = _key(clip, INDEX_NAME, INDEX_VERSION)
    arrays = store.get(key) if key is not None and clip.audio else None
    if arrays is None:
        return
    try:
        adopt_sound_indexes(clip, arrays)
    except OSError:
        return  # Gone since: whoever opens it says so.


def _key(clip: Clip, name: str, version: int) -> FeatureKey | None:
    """Return the key of a clip's feature; None where a file was not fingerprinted."""
    fingerprints = tuple(file.fingerprint for file in clip.files)
    if not all(fingerprints):
        return None
    return FeatureKey(fingerprints=fingerprints, extractor=name, version=version)


def _cached(clip: Clip, signal: Signal, key: FeatureKey | None, store: Store | None) -> Any:
    arrays = store.get(key) if store is not None and key is not None else None
    if arrays is None:
        return None
    if _REFUSED in arrays:
        code, reason = (str(word) for word in arrays[_REFUSED])
        return Refusal(a=clip.id, b=clip.id, signal=signal.name, code=code, reason=reason)
    try:
        return signal.from_arrays(clip, arrays)
    except (KeyError, ValueError):
        # The entry was written by something else: it is taken again and replaced.
        return None


def _arrays(answer: Any) -> Arrays:
    if isinstance(answer, Refusal):
        return {_REFUSED: np.array([answer.code, answer.reason])}
    arrays: Arrays = answer.to_arrays()
    return arrays
