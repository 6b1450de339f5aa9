"""Cards and recorders as they lie on a disk. Import from ``tests.media.cards``."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from clapless.model import Clip
from tests.media.boxes import add_to_movie, gopro_boxes
from tests.media.conftest import PLAIN_AAC
from tests.media.making import Picture, Sound, speech_like, write_media
from tests.media.recorders import bext, write_wav


def video(
    path: Path,
    *,
    count: int = 50,
    timecode: str = "",
    created: str = "",
    seed: int = 0,
    rate: Fraction = Fraction(25),
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"timecode": timecode} if timecode else {}
    if created:
        metadata["creation_time"] = created
    sound = Sound(samples=speech_like(float(count / rate), seed=seed), options=PLAIN_AAC)
    picture = Picture(count=count, rate=rate, metadata={"timecode": timecode} if timecode else {})
    # The container goes by the content, not by the suffix of the card's file names.
    return write_media(path, picture=picture, sounds=[sound], metadata=metadata, container="mov")


def wav(path: Path, *, seconds: float = 1.0, seed: int = 0, reference: int | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = speech_like(seconds, seed=seed)
    chunks = {} if reference is None else {"bext": bext(reference=reference)}
    return write_wav(path, chunks, samples=samples)


def roles(clip: Clip) -> list[tuple[str, str]]:
    return [(file.path.name, file.role) for file in clip.files]


def gopro(path: Path, *, timecode: str, recording: bytes = b"one", seed: int = 0) -> Path:
    video(path, timecode=timecode, seed=seed)
    return add_to_movie(path, gopro_boxes(serial="C1", model="HERO9", recording=recording))
