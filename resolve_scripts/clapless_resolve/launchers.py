"""The files by which a person, or the login, starts the app that Lua entries need.

The free edition's Lua cannot start programs since 21.1, so that something else must.
"""

from __future__ import annotations

import plistlib
import shlex
from pathlib import Path

from clapless_resolve.deploy import Step
from clapless_resolve.folders import Machine
from clapless_resolve.mailbox import serve_command
from clapless_resolve.menu_entries import command_line

NAME = "Clapless for Resolve"
AGENT = "com.clapless.resolve"


def launcher_steps(machine: Machine, *, at_login: bool) -> tuple[Step, ...]:
    """Return what writing the launchers would do; files that are right stay.

    Parameters
    ----------
    at_login
        Whether the app starts with the session. False leaves a login start that is there.
    """
    texts = {_by_hand(machine): _text(machine)}
    if at_login:
        texts[_at_login(machine)] = _login_text(machine)
    return tuple(
        Step(what="write", path=path, text=text, executable=True)
        for path, text in texts.items()
        if not path.is_file() or path.read_bytes() != text.encode()
    )


def launcher_removal(machine: Machine) -> tuple[Step, ...]:
    """Return what taking the launchers away would do."""
    return tuple(
        Step(what="remove", path=path)
        for path in (_by_hand(machine), _at_login(machine))
        if path.is_file()
    )


def starts_at_login(machine: Machine) -> bool:
    """Return whether the app starts with the session."""
    return _at_login(machine).is_file()


def _by_hand(machine: Machine) -> Path:
    home = Path(machine.home)
    if machine.system == "macOS":
        return home / "Applications" / f"{NAME}.command"
    if machine.system == "Windows":
        return Path(machine.app_data) / "Microsoft/Windows/Start Menu/Programs" / f"{NAME}.cmd"
    return home / ".local/share/applications/clapless-resolve.desktop"


def _at_login(machine: Machine) -> Path:
    home = Path(machine.home)
    if machine.system == "macOS":
        return home / "Library/LaunchAgents" / f"{AGENT}.plist"
    if machine.system == "Windows":
        startup = "Microsoft/Windows/Start Menu/Programs/Startup"
        return Path(machine.app_data) / startup / f"{NAME}.cmd"
    return home / ".config/autostart/clapless-resolve.desktop"


def _text(machine: Machine) -> str:
    command = serve_command()
    if machine.system == "macOS":
        return f"#!/bin/sh\nexec {shlex.join(command)}\n"
    if machine.system == "Windows":
        # A percent sign in a path would be taken for a variable.
        line = command_line(command).replace("%", "%%")
        return f"@echo off\r\nchcp 65001 > nul\r\ntitle {NAME}\r\n{line}\r\n"
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        f"Name={NAME}\n"
        "Comment=Serves the menu entries of DaVinci Resolve\n"
        f"Exec={' '.join(_desktop_word(one) for one in command)}\n"
        "Terminal=true\n"
        "Categories=AudioVideo;\n"
    )


def _login_text(machine: Machine) -> str:
    if machine.system == "macOS":
        agent = {"Label": AGENT, "ProgramArguments": serve_command(), "RunAtLoad": True}
        return plistlib.dumps(agent).decode()
    if machine.system == "Windows":
        line = command_line(serve_command()).replace("%", "%%")
        return f'@echo off\r\nchcp 65001 > nul\r\nstart "{NAME}" /MIN {line}\r\n'
    return _text(machine).replace("Terminal=true", "Terminal=false")


def _desktop_word(word: str) -> str:
    r"""Return a word as the Exec line of a desktop entry wants it.

    >>> _desktop_word("/opt/my $files/python")
    '"/opt/my \\\\$files/python"'
    """
    for one in '\\"`$':
        word = word.replace(one, f"\\{one}")
    # The value as a whole is unescaped once more before it is split.
    word = word.replace("\\", "\\\\").replace("%", "%%")
    return f'"{word}"' if not word.replace("-", "").replace("/", "").isalnum() else word
