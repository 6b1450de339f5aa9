"""The cache of features: what is put in comes out, whatever happens to the file."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from clapless.store import FeatureKey, Store
from tests.locks import locked_out


def key(name: str = "a", **more: object) -> FeatureKey:
    values: dict[str, object] = {"fingerprints": (name,), "extractor": "audio", "version": 1}
    return FeatureKey(**{**values, **more})  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    arrays=st.dictionaries(
        st.text(max_size=20),
        hnp.arrays(
            st.sampled_from([np.int16, np.float32, np.float64, np.bool_, np.int64, np.complex64]),
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_put_comes_back_bit_for_bit(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    with Store(tmp_path) as store:
        store.put(key(), arrays)
        back = store.get(key())
    assert back is not None
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()


def test_each_part_of_the_key_counts(tmp_path: Path) -> None:
    first = key(parameters={"bands": 14, "hop": 0.01})
    others = [
        key("b", parameters={"bands": 14, "hop": 0.01}),
        key(parameters={"bands": 15, "hop": 0.01}),
        key(version=2, parameters={"bands": 14, "hop": 0.01}),
        key(extractor="flash", parameters={"bands": 14, "hop": 0.01}),
        key(fingerprints=("a", "a"), parameters={"bands": 14, "hop": 0.01}),
    ]
    with Store(tmp_path) as store:
        store.put(first, {"x": np.arange(3)})
        assert [store.get(other) for other in others] == [None] * len(others)
        same = key(parameters={"hop": 0.01, "bands": 14})
        assert store.get(same) is not None


def test_a_second_put_replaces_the_first(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put(key(), {"x": np.arange(3), "y": np.arange(2)})
        store.put(key(), {"x": np.arange(5)})
        back = store.get(key())
        assert back is not None
        assert list(back) == ["x"]
        assert len(back["x"]) == 5
        assert store.info().entries == 1


def test_objects_are_refused(tmp_path: Path) -> None:
    with Store(tmp_path) as store, pytest.raises(ValueError, match="Object arrays"):
        store.put(key(), {"x": np.array([{}], dtype=object)})


def test_it_outlives_the_process(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put(key(), {"x": np.arange(3)})
    with Store(tmp_path) as store:
        assert store.get(key()) is not None
        assert store.warning is None


def test_what_was_not_used_for_longest_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1e9

    def clock() -> float:
        nonlocal now
        now += 3600.0
        return now

    monkeypatch.setattr("time.time", clock)
    kilobyte = np.zeros(1024, np.uint8)
    with Store(tmp_path, limit_bytes=10_000) as store:
        for name in "abcdefgh":
            store.put(key(name), {"x": kilobyte})
        assert store.get(key("a")) is not None
        store.put(key("i"), {"x": kilobyte})
        left = [name for name in "abcdefghi" if store.get(key(name)) is not None]
        assert "a" in left
        assert "i" in left
        assert "b" not in left
        assert store.info().size_bytes <= 10_000


@given(sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=25))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)
def test_the_limit_holds_whatever_is_put(tmp_path: Path, sizes: list[int]) -> None:
    with Store(tmp_path, limit_bytes=12_000) as store:
        store.clear()
        for number, size in enumerate(sizes):
            store.put(key(str(number)), {"x": np.zeros(size, np.uint8)})
            assert store.info().size_bytes <= 12_000
        assert store.get(key(str(len(sizes) - 1))) is not None


def test_an_entry_beyond_the_limit_is_not_kept(tmp_path: Path) -> None:
    with Store(tmp_path, limit_bytes=1000) as store:
        store.put(key("small"), {"x": np.zeros(10)})
        store.put(key("big"), {"x": np.zeros(1000)})
        assert store.get(key("big")) is None
        assert store.get(key("small")) is not None


def test_the_file_shrinks_when_it_is_cleared(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for number in range(5):
            store.put(key(str(number)), {"x": np.zeros(100_000)})
        before = store.info()
        assert before.entries == 5
        assert before.extractors == {"audio": 5}
        assert store.clear() == 5
        after = store.info()
    assert after.entries == 0
    assert after.file_bytes < before.file_bytes / 10


@pytest.mark.parametrize("damage", [b"this is no database at all" * 100, b"SQLite format 3\0" * 50])
def test_a_damaged_file_is_begun_anew_with_a_warning(tmp_path: Path, damage: bytes) -> None:
    with Store(tmp_path) as store:
        store.put(key(), {"x": np.arange(3)})
        path = store.path
    path.write_bytes(damage)
    with Store(tmp_path) as store:
        assert store.get(key()) is None
        assert store.warning is not None
        assert "damaged" in store.warning
        store.put(key(), {"x": np.arange(3)})
        assert store.get(key()) is not None


def test_a_hole_in_the_middle_of_the_file_is_a_miss_or_a_new_cache(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put(key(), {"x": np.arange(100_000)})
        path = store.path
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    path.write_bytes(content)
    with Store(tmp_path) as store:
        assert store.get(key()) is None
        store.put(key(), {"x": np.arange(10)})
        back = store.get(key())
    assert back is not None
    assert np.array_equal(back["x"], np.arange(10))


def test_a_file_of_another_layout_is_begun_anew(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put(key(), {"x": np.arange(3)})
        path = store.path
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with Store(tmp_path) as store:
        assert store.get(key()) is None
        store.put(key(), {"x": np.arange(3)})
        assert store.get(key()) is not None
        assert store.warning is None


def test_a_folder_that_cannot_be_written_is_an_absent_cache(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with locked_out(), Store(tmp_path / "deeper") as store:
            store.put(key(), {"x": np.arange(3)})
            assert store.get(key()) is None
            assert store.warning is not None
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_a_file_in_place_of_the_folder_is_an_absent_cache(tmp_path: Path) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("I am a file")
    with Store(blocked) as store:
        store.put(key(), {"x": np.arange(3)})
        assert store.get(key()) is None
        assert store.info().entries == 0
        assert store.clear() == 0
        assert store.warning is not None
        assert store.warning.endswith("cannot be used (file exists); features are not kept.")
    assert blocked.read_text() == "I am a file"


def test_threads_share_one_store(tmp_path: Path) -> None:
    with Store(tmp_path) as store:

        def work(number: int) -> bool:
            store.put(key(str(number)), {"x": np.full(1000, number)})
            back = store.get(key(str(number)))
            return back is not None and bool((back["x"] == number).all())

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(40)))
        assert store.info().entries == 40


_CHILD = """
import sys
from pathlib import Path
import numpy as np
from clapless.store import FeatureKey, Store
with Store(Path(sys.argv[1])) as store:
    for number in range(30):
        key = FeatureKey(fingerprints=(f"{sys.argv[2]}-{number}",), extractor="x", version=1)
        store.put(key, {"x": np.full(500, number)})
        assert store.get(key)["x"][0] == number
    assert store.warning is None, store.warning
"""


def test_processes_share_one_file(tmp_path: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", _CHILD, str(tmp_path), str(number)])
        for number in range(3)
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    with Store(tmp_path) as store:
        assert store.info().entries == 90
