"""Where the cache lies on each system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def default_folder(
    environment: Mapping[str, str] | None = None, *, platform: str | None = None
) -> Path:
    r"""Return the folder of the cache; it need not exist.

    ``CLAPLESS_CACHE`` wins. Else ``$XDG_CACHE_HOME/clapless`` or ``~/.cache/clapless`` on Linux,
    ``~/Library/Caches/clapless`` on macOS, ``%LOCALAPPDATA%\clapless\cache`` on Windows.

    Parameters
    ----------
    environment
        The environment variables, those of this process by default.
    platform
        As `sys.platform`, this system by default.

    Raises
    ------
    RuntimeError
        The user has no home folder.
    """
    variables = os.environ if environment is None else environment
    system = sys.platform if platform is None else platform
    if chosen := variables.get("CLAPLESS_CACHE"):
        return Path(chosen)
    if system == "win32":
        local = variables.get("LOCALAPPDATA")
        base = Path(local) if local else Path.home() / "AppData" / "Local"
        return base / "clapless" / "cache"
    if system == "darwin":
        return Path.home() / "Library" / "Caches" / "clapless"
    xdg = variables.get("XDG_CACHE_HOME", "")
    # The specification says that a relative path is to be ignored.
    return (Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache") / "clapless"
