from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from clapless.errors import DamagedMediaError
from clapless.media import indexing, open_sound, probe
from clapless.media.reading import Subscriber
from clapless.model import Clip
from clapless.pipeline import NO_PROGRESS
from clapless.pipeline.extract import extract
from clapless.signals.audio import AudioSignal
from clapless.store import FeatureKey, Store
from tests.media.making import Sound, speech_like, write_media
from tests.pipeline.fakes import FakeSignal
from tests.solve.worlds import World


class CountingReader:
    def __init__(self, broken: str = "") -> None:
        self.read: list[tuple[str, int]] = []
        self.broken = broken

    def __call__(self, clip: Clip, subscribers: Sequence[Subscriber]) -> Sequence[str]:
        self.read.append((clip.id, len(subscribers)))
        if clip.id == self.broken:
            raise DamagedMediaError(clip.path, "it breaks off in the middle")
        return (f"{clip.name} is a little damaged.",) if clip.id == "B" else ()


@pytest.fixture
def world() -> World:
    made = World()
    for name in "ABC":
        made.add(name, 0.0, 100.0)
        take = made.takes[name]
        file = dataclasses.replace(take.clip.files[0], fingerprint=f"9:1:{name}")
        clip = dataclasses.replace(take.clip, files=(file,))
        made.takes[name] = dataclasses.replace(take, clip=clip)
    return made


def take(world: World, *signals: FakeSignal, reader: CountingReader, store: Store | None = None):
    return extract(world.clips, signals, store=store, jobs=2, progress=NO_PROGRESS, reader=reader)


def test_each_file_is_read_once_for_all_signals(world):
    reader = CountingReader()
    found = take(world, FakeSignal(world), FakeSignal(world, name="two"), reader=reader)
    assert sorted(reader.read) == [("A", 2), ("B", 2), ("C", 2)]
    assert {name: list(held) for name, held in found.features.items()} == {
        "fake": ["A", "B", "C"],
        "two": ["A", "B", "C"],
    }
    assert found.warnings == ["B is a little damaged."]


def test_what_lies_in_the_cache_is_not_read_again(world, tmp_path: Path):
    signal = FakeSignal(world, silent=frozenset("C"))
    with Store(tmp_path) as store:
        first = take(world, signal, reader=CountingReader(), store=store)
        reader = CountingReader()
        second = take(world, signal, reader=reader, store=store)
        assert reader.read == []
        assert list(second.features["fake"]) == list(first.features["fake"]) == ["A", "B"]
        assert second.refusals == first.refusals
        assert [(r.a, r.code, r.reason) for r in second.refusals] == [
            ("C", "silent", "its sound is silent")
        ]
        newer = CountingReader()
        take(world, FakeSignal(world, version=2), reader=newer, store=store)
        assert len(newer.read) == 3


def test_a_cache_entry_of_something_else_is_replaced(world, tmp_path: Path):
    with Store(tmp_path) as store:
        key = FeatureKey(fingerprints=("9:1:A",), extractor="fake", version=1)
        store.put(key, {"other": np.arange(3)})
        reader = CountingReader()
        assert "A" in take(world, FakeSignal(world), reader=reader, store=store).features["fake"]
        assert ("A", 1) in reader.read
        assert "length" in (store.get(key) or {})


def test_a_clip_without_a_fingerprint_is_never_cached(world, tmp_path: Path):
    for name, held in world.takes.items():
        files = tuple(dataclasses.replace(f, fingerprint="") for f in held.clip.files)
        clip = dataclasses.replace(held.clip, files=files)
        world.takes[name] = dataclasses.replace(held, clip=clip)
    with Store(tmp_path) as store:
        take(world, FakeSignal(world), reader=CountingReader(), store=store)
        assert store.info().entries == 0


def test_a_file_that_breaks_is_told_and_the_rest_goes_on(world):
    found = take(world, FakeSignal(world), reader=CountingReader(broken="B"))
    assert list(found.features["fake"]) == ["A", "C"]
    (failure,) = found.failures
    assert failure.message == "B.mov: it breaks off in the middle."
    assert [(r.a, r.code) for r in found.refusals] == [("B", "unreadable")]


def test_an_unexpected_error_is_not_swallowed(world):
    def reader(clip: Clip, subscribers: Sequence[Subscriber]) -> Sequence[str]:
        raise RuntimeError(f"{clip.id} {len(subscribers)}")

    with pytest.raises(RuntimeError, match="1"):
        extract(
            world.clips,
            [FakeSignal(world)],
            store=None,
            jobs=2,
            progress=NO_PROGRESS,
            reader=reader,
        )


def test_a_file_without_an_index_of_its_own_is_decoded_whole_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sound = Sound(samples=speech_like(6.0), codec="libmp3lame")
    clip = probe(write_media(tmp_path / "take.mp3", sounds=[sound]))
    signal = AudioSignal()
    with Store(tmp_path / "cache") as store:
        for _ in range(2):
            found = extract([clip], [signal], store=store, jobs=1, progress=NO_PROGRESS)
            assert list(found.features["audio"]) == [clip.id]
            with open_sound(clip) as opened:
                samples = opened.window(30_000, 4000)
            assert np.abs(samples).max() > 0.01
            # What the next process would know: nothing but the cache.
            indexing._known.clear()

            def whole(*_: object) -> None:
                raise AssertionError("it was decoded whole once more")

            monkeypatch.setattr("clapless.media.whole_index.whole_index", whole)


@pytest.mark.parametrize(("cost", "at_once"), [("cheap", 1), ("pictures", 3)])
def test_sound_is_read_by_one_thread_and_pictures_by_all_processors(
    world, monkeypatch, cost, at_once
):
    monkeypatch.setattr("clapless.pipeline.extract.os.cpu_count", lambda: 3)
    signal = FakeSignal(world)
    monkeypatch.setattr(type(signal), "cost", cost, raising=False)
    reading: list[str] = []
    most = 0
    enough = threading.Event()

    def reader(clip: Clip, _subscribers: Sequence[Subscriber]) -> Sequence[str]:
        nonlocal most
        reading.append(clip.id)
        most = max(most, len(reading))
        if most >= at_once:
            enough.set()
        assert enough.wait(10.0)
        reading.remove(clip.id)
        return ()

    extract(world.clips, [signal], store=None, jobs=None, progress=NO_PROGRESS, reader=reader)
    assert most == at_once
