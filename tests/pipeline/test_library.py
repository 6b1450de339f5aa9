"""What the library's own calls take."""

from __future__ import annotations

from pathlib import Path

import pytest

import clapless
import clapless.pipeline
from clapless.pipeline import SyncResult


@pytest.mark.parametrize("paths", ["card", Path("card"), ["card"], iter([Path("card")])])
def test_one_path_alone_stands_for_itself(monkeypatch: pytest.MonkeyPatch, paths) -> None:
    asked: list[list[Path]] = []

    def listen(given: list[Path], **_: object) -> SyncResult:
        asked.append(given)
        return SyncResult(session=clapless.Session())

    monkeypatch.setattr(clapless.pipeline, "sync_paths", listen)
    clapless.sync(paths)
    assert asked == [[Path("card")]]
