"""What works between Clapless and Resolve on this machine, in plain words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from clapless_resolve.connect import Connection, connect_from_outside, load_scriptapp
from clapless_resolve.errors import ResolveError
from clapless_resolve.findings import Finding
from clapless_resolve.folders import Machine, menu_folders, scripting_library, scripting_modules
from clapless_resolve.installed import installed_findings

PYTHON_LEFT_FREE = (21, 1, 0)
"""From here on the free edition lists no Python entries, and its Lua cannot start programs."""


def examine(
    machine: Machine, *, load: Callable[[Path], Callable[[str], object]] = load_scriptapp
) -> tuple[Finding, ...]:
    """Look at Resolve's folders, its scripting module, and a running Resolve.

    Parameters
    ----------
    load
        Gives the entry point of the scripting module in a folder.
    """
    modules, library = Path(scripting_modules(machine)), Path(scripting_library(machine))
    findings = [
        _file("scripting module", modules / "DaVinciResolveScript.py", "RESOLVE_SCRIPT_API"),
        _file("scripting library", library, "RESOLVE_SCRIPT_LIB"),
        *_menu(machine),
        *installed_findings(machine),
    ]
    try:
        connection = connect_from_outside(load(modules))
    except ResolveError as error:
        findings.append(Finding(subject="connection", state="bad", sentence=str(error)))
        return tuple(findings)
    return (*findings, *running_findings(connection))


def _file(subject: str, path: Path, variable: str) -> Finding:
    if path.is_file():
        return Finding(subject=subject, state="good", sentence=f"It is at {path}.")
    return Finding(
        subject=subject,
        state="absent",
        sentence=f"It is not at {path}: install Resolve, or set {variable}.",
    )


def _menu(machine: Machine) -> list[Finding]:
    found = []
    for folder in menu_folders(machine):
        path = Path(folder.path)
        if not path.is_dir():
            continue
        writable = os.access(path, os.W_OK)
        found.append(
            Finding(
                subject=f"menu folder ({folder.whose})",
                state="good" if writable else "bad",
                sentence=f"{path} can{'' if writable else 'not'} be written.",
            )
        )
    return found or [
        Finding(
            subject="menu folder",
            state="absent",
            sentence="Resolve has no folder for menu scripts yet; it is made when needed.",
        )
    ]


def running_findings(connection: Connection) -> list[Finding]:
    """Return what the Resolve that answers can do, the connection first."""
    can = connection.capabilities
    edition = "Studio" if can.studio else "free edition"
    found = [
        Finding(
            subject="connection",
            state="good",
            sentence=f"Resolve {can.version} ({edition}) answers; the project is "
            f"{connection.project.GetName() or 'without a name'}.",
        ),
        Finding(
            subject="placing clips",
            state="good" if can.placement else "bad",
            sentence="Clips can be placed on tracks."
            if can.placement
            else "Clips cannot be placed on tracks before 18.5: import a timeline file instead.",
        ),
        Finding(
            subject="selection",
            state="good" if can.pool_selection else "absent",
            sentence="Selected clips can be read."
            if can.pool_selection
            else "Selected clips cannot be read before 19.0.2: the whole open bin is taken.",
        ),
        Finding(
            subject="multicam",
            state="good" if can.multicam else "absent",
            sentence="Multicam clips can be made by scripts."
            if can.multicam
            else "Multicam clips cannot be made by scripts before 21.1: convert the timeline in "
            "the Media Pool.",
        ),
    ]
    if not can.studio and can.numbers >= PYTHON_LEFT_FREE:
        found.append(
            Finding(
                subject="menu entries",
                state="absent",
                sentence="The free edition lists no Python entries since 21.1. The Lua entries "
                "work while `clapless resolve serve` runs.",
            )
        )
    return found
