"""Writing a file aside and renaming it, so that no reader ever finds half of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def write_aside(path: Path, data: bytes) -> None:
    """Write a whole file or nothing.

    The bytes go into a new file in the same folder, which then takes the name. A link is followed:
    the file it points to is replaced. An existing file's permissions stay.

    Raises
    ------
    OSError
        The folder or the disk does not take it; what stood at `path` still stands.
    """
    target = Path(os.path.realpath(path))
    aside = target.with_name(f".clapless-{secrets.token_hex(6)}.part")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o777)
        aside.replace(target)
    except BaseException:
        # Ctrl-C too: nothing half written stays behind.
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
        raise
