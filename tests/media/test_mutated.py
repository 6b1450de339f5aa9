"""Whatever a file's bytes are, it becomes a clip or an error that names it, and soon."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from clapless.errors import DamagedMediaError, NotMediaError
from clapless.media import open_sound, probe, sound_blocks

pytestmark = pytest.mark.media

HEAD_BYTES = 4000
"""Where most containers say what they hold."""


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Change single bytes, cut the end off, blank a stretch or leave it out."""
    data = bytearray(content)
    kind = rng.randrange(5)
    if kind < 2:
        reach = len(data) if kind else min(len(data), HEAD_BYTES)
        for _ in range(rng.randint(1, 50)):
            data[rng.randrange(reach)] = rng.randrange(256)
    elif kind == 2:
        del data[rng.randrange(len(data)) :]
    else:
        begin = rng.randrange(len(data))
        end = min(len(data), begin + rng.randrange(20_000))
        data[begin:end] = bytes(end - begin) if kind == 3 else b""
    return bytes(data)


@pytest.mark.parametrize("seed", range(3))
def test_mutated_files_become_a_clip_or_a_sentence(
    media_files: dict[str, Path], tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    small = [path for path in media_files.values() if path.stat().st_size < 900_000]
    read = 0
    for path in rng.choices(sorted(small), k=40):
        broken = tmp_path / path.name
        broken.write_bytes(mutated(path.read_bytes(), rng))
        said: list[str] = []
        try:
            clip = probe(broken)
            for _ in sound_blocks(clip, warnings=said):
                pass
            if clip.audio:
                with open_sound(clip) as sound:
                    sound.window(sound.length // 2, 4000)
        except (NotMediaError, DamagedMediaError) as error:
            said.append(str(error))
        else:
            read += 1
        assert all(sentence.startswith(f"{path.name}: ") for sentence in said)
    assert read > 20
