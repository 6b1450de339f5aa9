"""The entries of Resolve's menu as they are installed: one whole file each, with its paths in it.

Resolve's Lua has no ``require``, and its Python is not ours: an entry is the text of ``menu/`` with
what it has to know written into it. Lua entries stand directly under Clapless, since every version
lists them; Python entries below in a folder of their own, which is empty where Resolve lists none.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath

from clapless_resolve.folders import Machine
from clapless_resolve.mailbox import (
    Entry,
    data_folder,
    engine_command,
    lua_literal,
    mailbox_folder,
    serve_command,
)

MENU = Path(__file__).parent / "menu"
LUA_MARK, PYTHON_MARK = "local SETTINGS = {}", "SETTINGS: Dict[str, Any] = {}"
SELF_TEST_MARK = "--@SELF_TEST@"
PYTHON_FOLDER = "Python"
REVIEW = "Review last sync"

TITLES: Mapping[Entry, str] = {
    "sync": "Sync selected clips",
    "multicam": "Sync and make multicam",
    "markers": "Transfer markers to selected clip",
    "remove": "Remove what Clapless made",
    "selftest": "Self test",
}

BENT = (
    "PYTHONHOME",
    "PYTHONPATH",
    "__PYVENV_LAUNCHER__",
    "DYLD_LIBRARY_PATH",
    "DYLD_FRAMEWORK_PATH",
    "DYLD_INSERT_LIBRARIES",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
)
"""Variables of Resolve's process by which another Python would be bent."""

Place = str | tuple[str, str]
"""A path, or, where it differs by user, a variable and what follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where an entry finds what passes between it and the engine."""

    mailbox: Place
    log: Place
    last: Place


def places(machine: Machine, *, system: bool = False) -> Places:
    """Return the places for this user, or such as every user works out anew."""
    folder, mailbox = data_folder(machine), mailbox_folder(machine)
    return Places(
        mailbox=_place(machine, mailbox, system=system, slashes=True),
        log=_place(machine, folder / "last_run.log", system=system),
        last=_place(machine, folder / "last_session.txt", system=system),
    )


def menu_entries(
    machine: Machine, *, system: bool = False, panel: bool | None = None
) -> dict[str, str]:
    """Return the text of every entry by its path below our folder of the menu.

    Parameters
    ----------
    machine
        Whose folders are written into the entries.
    system
        Whether entries serve all users.
    panel
        Whether the review window is installed; found out by default.
    """
    at = places(machine, system=system)
    entries = {}
    for entry, title in TITLES.items():
        entries[f"{title}.lua"] = lua_entry(machine, entry, at)
        entries[f"{PYTHON_FOLDER}/{title}.py"] = python_entry("entry.py", entry, at)
    if find_spec("clapless_panel") is not None if panel is None else panel:
        entries[f"{PYTHON_FOLDER}/{REVIEW}.py"] = python_entry("review.py", "review", at)
    return entries


def lua_entry(machine: Machine, entry: Entry, at: Places) -> str:
    """Return a Lua entry; it is plain ASCII, so that no reader can take it for something else."""
    settings = {
        "entry": entry,
        "mailbox": at.mailbox if isinstance(at.mailbox, str) else list(at.mailbox),
        "start": shell_start(machine, serve_command()),
        "by_hand": by_hand(machine),
    }
    text = (MENU / "entry.lua").read_text(encoding="utf-8")
    test = (MENU / "self_test.lua").read_text(encoding="utf-8") if entry == "selftest" else ""
    text = text.replace(LUA_MARK, f"local SETTINGS = {lua_literal(settings)}", 1)
    return text.replace(SELF_TEST_MARK, test, 1)


def python_entry(source: str, entry: str, at: Places) -> str:
    """Return a Python entry; it is plain ASCII as well."""
    command = engine_command(entry)
    if entry == "review":
        command = [*command[: command.index("resolve")], "review"]
    settings = {
        "command": command,
        "log": at.log,
        "last": at.last,
    }
    text = (MENU / source).read_text(encoding="utf-8")
    text = text.replace(PYTHON_MARK, f"SETTINGS: Dict[str, Any] = {json.dumps(settings)}", 1)
    return f"{text}\n\nmain()\n"


def shell_start(machine: Machine, command: list[str]) -> str:
    """Return what ``os.execute`` is given to start a program that lives on."""
    if machine.system == "Windows":
        cleared = " & ".join(f'set "{name}="' for name in BENT if not name.startswith(("DY", "LD")))
        return f'{cleared} & start "Clapless" /MIN {command_line(command)}'
    unset = " ".join(f"-u {name}" for name in BENT)
    return f"env {unset} {shlex.join(command)} > /dev/null 2>&1 &"


def command_line(command: list[str]) -> str:
    """Return a command as ``cmd`` reads it; the path is quoted whatever is in it.

    >>> command_line(["C:/A&B/python.exe", "-m", "clapless"])
    '"C:/A&B/python.exe" -m clapless'
    """
    return " ".join([f'"{command[0]}"', *command[1:]])


def by_hand(machine: Machine) -> str:
    """Return how a person starts the app that Lua entries need."""
    if machine.system == "macOS":
        return "Clapless for Resolve, in Applications in your home folder"
    if machine.system == "Windows":
        return "Clapless for Resolve, in the start menu"
    return "Clapless for Resolve, among your programs"


def _place(machine: Machine, path: PurePath, *, system: bool, slashes: bool = False) -> Place:
    if not system:
        return path.as_posix() if slashes else str(path)
    variable = "LOCALAPPDATA" if machine.system == "Windows" else "HOME"
    base = machine.home
    if machine.system == "Windows":
        base = machine.windows_folder(variable, machine.home / "AppData" / "Local")
    below = path.relative_to(base) if path.is_relative_to(base) else path.relative_to(machine.home)
    rest = below.as_posix() if slashes else str(below)
    separator = "\\" if machine.system == "Windows" and not slashes else "/"
    return variable, separator + rest
