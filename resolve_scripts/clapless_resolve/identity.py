"""Who works here, told apart from others that work in the same project."""

from __future__ import annotations

import getpass
import hashlib
import platform
import re
import secrets
from pathlib import Path

from clapless.aside import write_aside
from clapless_resolve.folders import Machine
from clapless_resolve.mailbox import data_folder

FILE = "who.txt"
_FORM = re.compile(r"[0-9a-f]{16}")


def who_am_i(machine: Machine) -> str:
    """Return a word for this user on this machine; the same one every time.

    It is drawn once and kept. Where it cannot be kept it follows from the names of user and
    machine, of which the latter may change from one network to the next.
    """
    path = Path(data_folder(machine)) / FILE
    try:
        said = path.read_text(encoding="ascii").strip()
        if _FORM.fullmatch(said):
            return said
    except (OSError, ValueError):
        pass  # not drawn yet, or spoilt: it is drawn now
    drawn = secrets.token_hex(8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_aside(path, f"{drawn}\n".encode("ascii"))
    except OSError:
        names = f"{getpass.getuser()}@{platform.node()}"
        return hashlib.sha256(names.encode("utf-8", "replace")).hexdigest()[:16]
    return drawn
