"""The sound indexes of a clip as arrays, so that they can be kept beside its features.

A whole read leaves the indexes of its streams behind for the life of the process. Where features
come from the cache nothing is read whole, and for containers without an index of their own (MP3,
Matroska, transport streams) `open_sound` would have to decode all of it first; adopting the kept
indexes spares that.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from clapless.media.indexing import (
    index_from_arrays,
    index_key,
    index_to_arrays,
    known_index,
    remember_index,
)
from clapless.media.sequence import SoundPart, parts_of
from clapless.model import Clip


def sound_indexes(clip: Clip) -> dict[str, NDArray[np.generic]]:
    """Return the indexes that are known of a clip's sound streams; empty where none is.

    Raises
    ------
    OSError
        A file is gone.
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, part in _parts(clip).items():
        index = known_index(index_key(part.path, part.stream))
        if index is not None:
            for key, array in index_to_arrays(index).items():
                arrays[f"{name}.{key}"] = array
    return arrays


def adopt_sound_indexes(clip: Clip, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Take up the indexes of a clip whose files have not changed since.

    Parameters
    ----------
    clip
        The clip.
    arrays
        What `sound_indexes` returned.

    Raises
    ------
    OSError
        A file is gone.
    """
    for name, part in _parts(clip).items():
        own = {
            key: arrays[f"{name}.{key}"]
            for key in ("packets", "numbers")
            if f"{name}.{key}" in arrays
        }
        if len(own) == 2:
            remember_index(index_key(part.path, part.stream), index_from_arrays(own))


def _parts(clip: Clip) -> dict[str, SoundPart]:
    return {
        f"{stream}.{place}": part
        for stream, audio in enumerate(clip.audio)
        for place, part in enumerate(parts_of(clip, audio))
    }
