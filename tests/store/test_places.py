"""Where the cache lies on each system."""

from __future__ import annotations

from pathlib import Path

import pytest

from clapless.store import default_folder


def test_the_environment_variable_wins_everywhere() -> None:
    for platform in ("linux", "darwin", "win32"):
        chosen = default_folder({"CLAPLESS_CACHE": "/x/y"}, platform=platform)
        assert chosen == Path("/x/y")


@pytest.mark.parametrize(
    ("variables", "platform", "wanted"),
    [
        ({"XDG_CACHE_HOME": "/xdg"}, "linux", Path("/xdg/clapless")),
        ({}, "linux", Path.home() / ".cache/clapless"),
        ({"XDG_CACHE_HOME": "relative"}, "linux", Path.home() / ".cache/clapless"),
        ({"XDG_CACHE_HOME": "/xdg"}, "darwin", Path.home() / "Library/Caches/clapless"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/clapless/cache")),
        ({}, "win32", Path.home() / "AppData/Local/clapless/cache"),
    ],
)
def test_each_system_has_its_own_place(
    variables: dict[str, str], platform: str, wanted: Path
) -> None:
    if platform == "linux" and not Path("/xdg").is_absolute():
        pytest.skip("this system has other absolute paths")
    assert default_folder(variables, platform=platform) == wanted
