"""An entry of Resolve's menu: opens the window of Clapless with the last session.

Python 3.6 to 3.14 with the standard library alone. Written by `clapless resolve install`.
"""

import os
import subprocess
import sys
from typing import Any, Dict

SETTINGS: Dict[str, Any] = {}

SCRUBBED = ("PYTHON", "__PYVENV_LAUNCHER__", "DYLD_", "LD_")


def main() -> None:
    """Open the window; it lives on when this script ends."""
    last = SETTINGS["last"]
    if not isinstance(last, str):  # installed for all users: a variable and what follows it
        last = os.environ.get(last[0], "") + last[1]
    if not os.path.isfile(last):
        print("Clapless: nothing was synced yet: choose Sync selected clips first.")
        return
    with open(last, encoding="utf-8") as file:
        session = file.read()
    if not os.path.isfile(session):
        print("Clapless: the last session is not at {} any more.".format(session))
        return
    environment = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(SCRUBBED)
    }
    subprocess.Popen(SETTINGS["command"] + [session], env=environment, close_fds=True)
    print("Clapless: opening {}.".format(session))
    sys.stdout.flush()
