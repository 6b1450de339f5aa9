"""Fingerprints tell changes, and comparing whole tells copies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clapless.media.fingerprint import SPOT_BYTES, content_part, fingerprint, same_content


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 5), at=st.integers(0, 2**30))
def test_a_byte_that_changes_in_a_spot_is_told(tmp_path: Path, size: int, at: int) -> None:
    content = bytearray(size * 1000)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(content)
    content[at % len(content)] ^= 1
    two.write_bytes(content)
    assert content_part(fingerprint(one)) != content_part(fingerprint(two))
    assert not same_content(one, two)


def test_copies_differ_in_time_alone(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.write_bytes(b"x" * (4 * SPOT_BYTES + 5))
    os.utime(two, ns=(10**18, 10**18))
    assert fingerprint(one) != fingerprint(two)
    assert content_part(fingerprint(one)) == content_part(fingerprint(two))
    assert same_content(one, two)


@pytest.mark.parametrize("spot", [0, 2 * SPOT_BYTES, 4 * SPOT_BYTES])
def test_beginning_middle_and_end_count(tmp_path: Path, spot: int) -> None:
    content = bytearray(4 * SPOT_BYTES + 1)
    path = tmp_path / "a"
    path.write_bytes(content)
    before = content_part(fingerprint(path))
    content[spot] = 1
    path.write_bytes(content)
    assert content_part(fingerprint(path)) != before


def test_what_lies_between_is_told_only_by_comparing_whole(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    content = bytearray(8 * SPOT_BYTES)
    one.write_bytes(content)
    content[2 * SPOT_BYTES] = 1
    two.write_bytes(content)
    assert content_part(fingerprint(one)) == content_part(fingerprint(two))
    assert not same_content(one, two)
