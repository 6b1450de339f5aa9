"""Where Resolve keeps scripts and its scripting module, by system.

Everything is worked out from a system's name, a home folder and the environment, so that every
system's answer can be had on any of them. Source: Resolve's own scripting notes, corrected by what
public add-ons found (the Windows folder of one user, both App Store folders).
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Literal

System = Literal["macOS", "Windows", "Linux"]
Whose = Literal["user", "system", "App Store"]

UTILITY = "Utility"
"""The folder whose scripts show on all pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuFolder:
    """A folder whose scripts stand in Workspace > Scripts."""

    path: PurePath
    whose: Whose


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What folders follow from: the system, the user's home and the environment."""

    system: System
    home: PurePath
    environment: Mapping[str, str]
    root: PurePath | None = None
    """What the system's own folders hang from where it is not ``/``: an image, or a test's."""

    @classmethod
    def this(cls) -> Machine:
        """Return the machine that this runs on."""
        names: dict[str, System] = {"Darwin": "macOS", "Windows": "Windows"}
        return cls(
            system=names.get(platform.system(), "Linux"), home=Path.home(), environment=os.environ
        )

    def windows_folder(self, variable: str, default: PurePath) -> PurePath:
        """Return the folder that a variable of Windows names."""
        said = self.environment.get(variable)
        return type(self.home)(said) if said else default

    def top(self, path: str) -> PurePath:
        """Return a folder of the whole system, given from its root."""
        kind = type(self.home)
        return (self.root or kind("/")) / path.lstrip("/")

    @property
    def clapless_folder(self) -> PurePath:
        """Where Clapless keeps what is this user's own: environment, mailbox, last session."""
        if self.system == "macOS":
            base = self.home / "Library" / "Application Support"
        elif self.system == "Windows":
            base = self.windows_folder("LOCALAPPDATA", self.home / "AppData" / "Local")
        else:
            said = type(self.home)(self.environment.get("XDG_DATA_HOME", ""))
            # The specification says that a relative path is to be ignored.
            base = said if said.is_absolute() else self.home / ".local" / "share"
        return base / "clapless"

    @property
    def app_data(self) -> PurePath:
        """``%APPDATA%``."""
        return self.windows_folder("APPDATA", self.home / "AppData" / "Roaming")

    @property
    def program_data(self) -> PurePath:
        """``%PROGRAMDATA%``."""
        kind = type(self.home)
        return self.windows_folder("PROGRAMDATA", kind(PureWindowsPath("C:/ProgramData")))


def menu_folders(machine: Machine) -> tuple[MenuFolder, ...]:
    """Return the menu folders of a system: of one user first, then of all.

    Examples
    --------
    >>> linux = Machine(system="Linux", home=PurePosixPath("/home/ann"), environment={})
    >>> [str(folder.path) for folder in menu_folders(linux)][0]
    '/home/ann/.local/share/DaVinciResolve/Fusion/Scripts/Utility'
    """
    home, scripts = machine.home, PurePosixPath("Fusion/Scripts") / UTILITY
    if machine.system == "macOS":
        support = PurePosixPath("Library/Application Support")
        resolve = PurePosixPath("Blackmagic Design/DaVinci Resolve")
        store = home / "Library/Containers/com.blackmagic-design.DaVinciResolveLite/Data" / support
        found: list[tuple[PurePath, Whose]] = [
            (home / support / resolve / scripts, "user"),
            (machine.top(str(support / resolve / scripts)), "system"),
            (store / resolve / scripts, "App Store"),
            (store / scripts, "App Store"),
        ]
    elif machine.system == "Windows":
        resolve = PurePosixPath("Blackmagic Design/DaVinci Resolve")
        found = [
            (machine.app_data / resolve / "Support" / scripts, "user"),
            (machine.program_data / resolve / scripts, "system"),
        ]
    else:
        found = [
            (home / ".local/share/DaVinciResolve" / scripts, "user"),
            (machine.top("/opt/resolve") / scripts, "system"),
            (machine.top("/home/resolve") / scripts, "system"),
        ]
    return tuple(MenuFolder(path=path, whose=whose) for path, whose in found)


def scripting_modules(machine: Machine) -> PurePath:
    """Return the folder that holds ``DaVinciResolveScript.py``."""
    kind = type(machine.home)
    said = machine.environment.get("RESOLVE_SCRIPT_API")
    if said:
        return kind(said) / "Modules"
    return developer_folder(machine) / "Scripting" / "Modules"


def scripting_library(machine: Machine) -> PurePath:
    """Return the library that the module loads."""
    kind = type(machine.home)
    said = machine.environment.get("RESOLVE_SCRIPT_LIB")
    if said:
        return kind(said)
    if machine.system == "macOS":
        return machine.top(
            "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/"
            "fusionscript.so"
        )
    if machine.system == "Windows":
        programs = machine.windows_folder("PROGRAMFILES", kind(PureWindowsPath("C:/Program Files")))
        return programs / "Blackmagic Design/DaVinci Resolve/fusionscript.dll"
    return machine.top("/opt/resolve/libs/Fusion/fusionscript.so")


def own_python(machine: Machine) -> PurePath:
    """Return where Studio keeps a Python of its own, from 21.1 on."""
    kind = type(machine.home)
    if machine.system == "macOS":
        app = "/Applications/DaVinci Resolve/DaVinci Resolve.app"
        return machine.top(f"{app}/Contents/Applications/ResolvePython")
    if machine.system == "Windows":
        programs = machine.windows_folder("PROGRAMFILES", kind(PureWindowsPath("C:/Program Files")))
        return programs / "Blackmagic Design/DaVinci Resolve/ResolvePython"
    return machine.top("/opt/resolve/ResolvePython")


def developer_folder(machine: Machine) -> PurePath:
    """Return the folder ``Developer`` that Resolve's installer writes: modules, examples, notes."""
    if machine.system == "macOS":
        root = machine.top("/Library/Application Support/Blackmagic Design/DaVinci Resolve")
    elif machine.system == "Windows":
        root = machine.program_data / "Blackmagic Design/DaVinci Resolve/Support"
    else:
        root = machine.top("/opt/resolve")
    return root / "Developer"


def plugin_folders(machine: Machine) -> tuple[MenuFolder, ...]:
    """Return the folders of Workflow Integration plugins; Linux takes none.

    Only the folder for all users is documented; on macOS versions from 21 on also list the user's.
    """
    name = "Workflow Integration Plugins"
    if machine.system == "macOS":
        inside = f"Library/Application Support/Blackmagic Design/DaVinci Resolve/{name}"
        return (
            MenuFolder(path=machine.top(inside), whose="system"),
            MenuFolder(path=machine.home / inside, whose="user"),
        )
    if machine.system == "Windows":
        inside = f"Blackmagic Design/DaVinci Resolve/Support/{name}"
        return (MenuFolder(path=machine.program_data / inside, whose="system"),)
    return ()


def native_module(machine: Machine) -> PurePath:
    """Return where Resolve's own example keeps the module that a plugin loads."""
    examples = developer_folder(machine) / "Workflow Integrations" / "Examples"
    return examples / "SamplePlugin" / "WorkflowIntegration.node"


def profile_folders(machine: Machine) -> tuple[PurePath, ...]:
    """Return the folders that hold ``<profile>/Fusion.prefs``: the usual one, then App Store's."""
    if machine.system == "Linux":
        return (machine.home / ".local/share/DaVinciResolve/Fusion/Profiles",)
    scripts = [one.path for one in menu_folders(machine) if one.whose in ("user", "App Store")]
    return tuple(path.parents[1] / "Profiles" for path in scripts)
