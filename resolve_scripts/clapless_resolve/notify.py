"""Saying something on the desktop, where neither a terminal nor Resolve's console is seen.

The free edition's Lua can show nothing since 21.1, and an app that starts at login has no window.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

TITLE = "Clapless"
SEEN_S = 600
"""After so long a dialog that nobody closes goes away."""


def show(sentence: str, details: Sequence[str] = ()) -> threading.Thread:
    """Show a sentence and what belongs to it; return the thread that does, which may be joined."""
    words = "\n".join([sentence, *details])
    thread = threading.Thread(target=_show, args=(words,), daemon=True)
    thread.start()
    return thread


def dialog_command(
    words: str, *, platform: str = sys.platform, which: Callable[[str], str | None] = shutil.which
) -> list[str] | None:
    """Return the command that shows words, None where the desktop has no program for it.

    The words are an argument of their own and never part of a script.

    Examples
    --------
    >>> dialog_command("All is well.", platform="linux", which={"notify-send": "/n"}.get)
    ['/n', 'Clapless', 'All is well.']
    """
    if platform == "darwin":
        script = (
            "on run words\n"
            f'display dialog (item 1 of words) with title "{TITLE}" buttons {{"OK"}} '
            f'default button "OK" giving up after {SEEN_S}\n'
            "end run"
        )
        return ["/usr/bin/osascript", "-e", script, words]
    for program, before in (
        ("notify-send", [TITLE]),
        ("kdialog", ["--title", TITLE, "--msgbox"]),
        ("xmessage", ["-center"]),
    ):
        if found := which(program):
            return [found, *before, words]
    return None


def _show(words: str) -> None:
    if sys.platform == "win32":
        import ctypes

        information_in_front = 0x40 | 0x10000
        ctypes.windll.user32.MessageBoxW(None, words, TITLE, information_in_front)
        return
    command = dialog_command(words)
    if command is None:
        return
    try:
        subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SEEN_S + 60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return  # there is no desktop: whoever called has said it elsewhere, too
