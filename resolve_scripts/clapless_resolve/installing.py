"""What ``clapless resolve install`` and ``uninstall`` would do, before anything is done."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from clapless_resolve.deploy import (
    FOLDER,
    PLUGIN,
    Step,
    install_steps,
    menu_targets,
    present,
    remove_steps,
    uninstall_steps,
)
from clapless_resolve.errors import ResolveError
from clapless_resolve.folders import Machine, menu_folders, native_module, plugin_folders
from clapless_resolve.launchers import launcher_removal, launcher_steps
from clapless_resolve.menu_entries import menu_entries

PLUGIN_SOURCE = Path(__file__).parent / "workflow_integration"
NATIVE = "WorkflowIntegration.node"
SETTINGS = "settings.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What would be written and removed, and what a person should know of it."""

    steps: tuple[Step, ...]
    notices: tuple[str, ...]


def plan_install(
    machine: Machine, *, system: bool = False, at_login: bool = False, panel: bool | None = None
) -> Installation:
    """Return what installing would do.

    Parameters
    ----------
    system
        For all users of the machine, in place of this one.
    at_login
        Whether the app that Lua entries need starts with the session.
    panel
        Whether the review window is installed; found out by default.

    Raises
    ------
    ResolveError
        There is no folder to install into.
    """
    targets = menu_targets(machine, system=system)
    if not targets:
        raise ResolveError(
            "Resolve has made no folder for scripts of all users on this machine: install Resolve "
            "first, or install for this user, without --system."
        )
    entries = menu_entries(machine, system=system, panel=panel)
    steps, notices = list(install_steps(targets, entries)), list[str]()
    stale, kept = _stale(machine, targets)
    steps += stale
    notices += kept
    if any("com.blackmagic-design." in str(one) for one in targets):
        notices.append(
            "A Resolve from the App Store was found. Versions from there are not known to let "
            "scripts in; if the entries do not appear, take Resolve from Blackmagic's own site."
        )
    steps += (plugin := _plugin(machine, system=system)).steps
    notices += plugin.notices
    steps += launcher_steps(machine, at_login=at_login)
    return Installation(steps=tuple(steps), notices=tuple(notices))


def plan_uninstall(machine: Machine) -> Installation:
    """Return what uninstalling would do, in every folder of the machine."""
    return Installation(
        steps=(*uninstall_steps(machine), *launcher_removal(machine)),
        notices=("Sessions and timelines that were made stay.",),
    )


def plugin_files() -> dict[str, str]:
    """Return the text of the plugin's files by name, with the paths of this installation."""
    files = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(PLUGIN_SOURCE.iterdir())
        if path.is_file()
    }
    command = [sys.executable, "-I", "-m", "clapless"]
    files[SETTINGS] = json.dumps({"id": PLUGIN, "clapless": command}, indent=2) + "\n"
    return files


def may_write(folder: Path) -> bool:
    """Return whether a folder could be made or written, judged by what of it is there."""
    for place in (folder, *folder.parents):
        if place.exists():
            return place.is_dir() and os.access(place, os.W_OK)
    return False


def _stale(machine: Machine, targets: tuple[Path, ...]) -> tuple[list[Step], list[str]]:
    """Return how older copies elsewhere go, which would be listed twice, and which cannot."""
    steps: list[Step] = []
    notices = []
    for menu in menu_folders(machine):
        folder = Path(menu.path) / FOLDER
        if folder in targets or not present(folder):
            continue
        if os.access(folder, os.W_OK):
            steps += remove_steps([folder])
        else:
            notices.append(
                f"An older copy in {folder} cannot be removed without an administrator; its "
                "entries are listed as well."
            )
    return steps, notices


def _plugin(machine: Machine, *, system: bool) -> Installation:
    folders = plugin_folders(machine)
    if not folders:
        return Installation(
            steps=(), notices=("The panel is left out: Resolve takes no plugins on Linux.",)
        )
    module = Path(native_module(machine))
    if not module.is_file():
        return Installation(
            steps=(),
            notices=(
                f"The panel is left out: Resolve Studio's example plugin is not at {module}. "
                "Install Resolve Studio, then install Clapless again.",
            ),
        )
    ranked = [Path(one.path) for one in folders if system or may_write(Path(one.path))]
    if not ranked:
        return Installation(
            steps=(),
            notices=(
                f"The panel is left out: {folders[0].path} cannot be written. Install with "
                "--system as an administrator to have it.",
            ),
        )
    target = ranked[0] / PLUGIN
    others = [Path(one.path) / PLUGIN for one in folders if Path(one.path) != ranked[0]]
    notices = []
    if Path(folders[0].path) != ranked[0]:
        notices.append(
            f"The panel goes to {ranked[0]}, which versions before 21 do not look into: with "
            "--system it is for all."
        )
    steps = (
        *install_steps([target], plugin_files(), copies={NATIVE: module}),
        *remove_steps(one for one in others if os.access(one, os.W_OK)),
    )
    return Installation(steps=steps, notices=tuple(notices))
