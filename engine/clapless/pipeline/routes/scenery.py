"""Scenery of runs: taken from the pictures or from the cache, and compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from clapless.errors import ClaplessError, printable_name
from clapless.media import scan
from clapless.model import Clip, Match, Refusal
from clapless.pipeline.extract import extract
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.signals.scenery import SceneryFeature, ScenerySignal
from clapless.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneryIndex:
    """What an index of a recording holds.

    Parameters
    ----------
    clip
        The recording.
    pictures
        Pictures that were looked at.
    points
        Points kept of all of them.
    size_bytes
        What that takes in the cache.
    warnings
        Sentences about damage.
    """

    clip: Clip
    pictures: int
    points: int
    size_bytes: int
    warnings: tuple[str, ...] = ()


def compare_scenery(
    reference: Clip,
    second: Clip,
    *,
    store: Store | None,
    progress: Progress = NO_PROGRESS,
    warnings: list[str] | None = None,
) -> Match | Refusal:
    """Return the time map of the second run on the first by what both pass.

    Parameters
    ----------
    reference, second
        Recordings with pictures; others are refused.
    store
        Cache in which an index may lie already, None for none.
    progress
        Told how far the reading is.
    warnings
        Sentences about damage are appended here.

    Raises
    ------
    ClaplessError
        A file cannot be read.
    """
    signal = ScenerySignal()
    features = []
    for clip in (reference, second):
        if not signal.applies_to(clip):
            reason = f"{clip.name} has no pictures"
            return Refusal(
                a=reference.id, b=second.id, signal=signal.name, code="no_pictures", reason=reason
            )
        found = _feature(clip, signal, store, progress, warnings)
        if isinstance(found, Refusal):
            named = f"{clip.name}: {found.reason}"
            return replace(found, a=reference.id, b=second.id, reason=named)
        features.append(found)
    return signal.match(*features)


def index_scenery(
    path: Path, *, store: Store | None, progress: Progress = NO_PROGRESS
) -> SceneryIndex | Refusal:
    """Index the scenery of a recording, so that runs are aligned with it without reading it again.

    Raises
    ------
    ClaplessError
        It cannot be read, or has no pictures.
    """
    catalog = scan([path])
    if not catalog.clips:
        if catalog.failures:
            raise ClaplessError(catalog.failures[0].reason)  # a sentence that names the file
        raise ClaplessError(f"{printable_name(path)} holds no recording.")
    clip = catalog.clips[0]
    signal = ScenerySignal()
    if not signal.applies_to(clip):
        raise ClaplessError(f"{printable_name(path)} has no pictures to index.")
    warnings: list[str] = []
    found = _feature(clip, signal, store, progress, warnings)
    if isinstance(found, Refusal):
        return found
    arrays = found.to_arrays().values()
    return SceneryIndex(
        clip=clip,
        pictures=len(found),
        points=len(found.table.bits),
        size_bytes=sum(array.nbytes for array in arrays),
        warnings=tuple(warnings),
    )


def _feature(
    clip: Clip,
    signal: ScenerySignal,
    store: Store | None,
    progress: Progress,
    warnings: list[str] | None,
) -> SceneryFeature | Refusal:
    taken = extract([clip], [signal], store=store, jobs=1, progress=progress)
    if warnings is not None:
        warnings += taken.warnings
    if taken.failures:
        raise ClaplessError(taken.failures[0].message)
    if taken.refusals:
        return taken.refusals[0]
    feature: SceneryFeature = taken.features[signal.name][clip.id]
    return feature
