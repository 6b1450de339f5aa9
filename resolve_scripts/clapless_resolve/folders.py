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
    kind = type(home)
    if machine.system == "macOS":
        support = PurePosixPath("Library/Application Support")
        resolve = PurePosixPath("Blackmagic Design/DaVinci Resolve")
        store = home / "Library/Containers/com.blackmagic-design.DaVinciResolveLite/Data" / support
        found: list[tuple[PurePath, Whose]] = [
            (home / support / resolve / scripts, "user"),
            (kind("/") / support / resolve / scripts, "system"),
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
            (kind("/opt/resolve") / scripts, "system"),
            (kind("/home/resolve") / scripts, "system"),
        ]
    return tuple(MenuFolder(path=path, whose=whose) for path, whose in found)


def scripting_modules(machine: Machine) -> PurePath:
    """Return the folder that holds ``DaVinciResolveScript.py``."""
    kind = type(machine.home)
    said = machine.environment.get("RESOLVE_SCRIPT_API")
    if said:
        return kind(said) / "Modules"
    if machine.system == "macOS":
        root = kind("/Library/Application Support/Blackmagic Design/DaVinci Resolve")
    elif machine.system == "Windows":
        root = machine.program_data / "Blackmagic Design/DaVinci Resolve/Support"
    else:
        root = kind("/opt/resolve")
    return root / "Developer" / "Scripting" / "Modules"


def scripting_library(machine: Machine) -> PurePath:
    """Return the library that the module loads."""
    kind = type(machine.home)
    said = machine.environment.get("RESOLVE_SCRIPT_LIB")
    if said:
        return kind(said)
    if machine.system == "macOS":
        return kind(
            "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/"
            "fusionscript.so"
        )
    if machine.system == "Windows":
        programs = machine.windows_folder("PROGRAMFILES", kind(PureWindowsPath("C:/Program Files")))
        return programs / "Blackmagic Design/DaVinci Resolve/fusionscript.dll"
    return kind("/opt/resolve/libs/Fusion/fusionscript.so")
