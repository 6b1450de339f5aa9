"""Copying entries into Resolve's menu folders, and taking them away again.

Our folder within the menu is ours alone: what is in it and is not wanted any more is an old copy.
Nothing outside of it is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clapless_resolve.errors import ResolveError
from clapless_resolve.folders import Machine, Whose, menu_folders

FOLDER = "Clapless"
"""Our entry under Workspace > Scripts."""

What = Literal["write", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A file to be written or removed."""

    what: What
    path: Path
    text: str = ""


def menu_targets(machine: Machine, *, system: bool = False) -> tuple[Path, ...]:
    """Return the folders to install into: of this user, or of all; App Store ones where it is.

    Resolve's own folders may be absent before its first start; the App Store's container is made
    by the system, so its absence says that this Resolve is not installed.
    """
    wanted: Whose = "system" if system else "user"
    found = []
    for folder in menu_folders(machine):
        path = Path(folder.path)
        if folder.whose == "App Store":
            containers = [p for p in path.parents if p.name.startswith("com.blackmagic-design.")]
            if not system and containers[0].is_dir():
                found.append(path)
        elif folder.whose == wanted and (wanted == "user" or _root_is_there(path)):
            found.append(path)
    return tuple(path / FOLDER for path in found)


def install_steps(targets: Iterable[Path], entries: Mapping[str, str]) -> tuple[Step, ...]:
    """Return what installing entries (text by file name) would do; files that are right stay."""
    steps = []
    for folder in targets:
        for path in _present(folder):
            if path.name not in entries:
                steps.append(Step(what="remove", path=path))
        for name, text in sorted(entries.items()):
            path = folder / name
            if not path.is_file() or path.read_bytes() != text.encode():
                steps.append(Step(what="write", path=path, text=text))
    return tuple(steps)


def uninstall_steps(machine: Machine) -> tuple[Step, ...]:
    """Return what uninstalling would do, in every folder of the machine."""
    return tuple(
        Step(what="remove", path=path)
        for folder in menu_folders(machine)
        for path in _present(Path(folder.path) / FOLDER)
    )


def carry_out(steps: Iterable[Step]) -> None:
    """Do the steps; not calling it is the dry run.

    Raises
    ------
    ResolveError
        A folder cannot be written; the message names it and says what to do.
    """
    for step in steps:
        try:
            if step.what == "remove":
                step.path.unlink()
                if not any(step.path.parent.iterdir()):
                    step.path.parent.rmdir()
            else:
                step.path.parent.mkdir(parents=True, exist_ok=True)
                aside = step.path.with_name(f".{step.path.name}.new")
                aside.write_bytes(step.text.encode())
                aside.replace(step.path)
        except OSError as error:
            raise ResolveError(
                f"{step.path} cannot be {'removed' if step.what == 'remove' else 'written'} "
                f"({error.strerror or error}): allow writing to {step.path.parent}, or install "
                "for this user only."
            ) from error


def _present(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _root_is_there(scripts: Path) -> bool:
    """Whether Resolve made the folder above ``Fusion`` for all users."""
    return scripts.parents[2].is_dir()
