"""Copying entries into Resolve's menu folders, and taking them away again.

Our folder within the menu is ours alone: what is in it and is not wanted any more is an old copy.
Nothing outside of it is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from clapless_resolve.errors import ResolveError
from clapless_resolve.folders import Machine, Whose, menu_folders, plugin_folders

FOLDER = "Clapless"
"""Our entry under Workspace > Scripts."""

PLUGIN = "com.clapless.panel"
"""Our folder among the Workflow Integration plugins; also the plugin's id."""

What = Literal["write", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A file to be written or removed.

    Parameters
    ----------
    text
        What is written.
    source
        A file that is copied as it is, in place of `text`.
    executable
        Whether it can be started.
    """

    what: What
    path: Path
    text: str = ""
    source: Path | None = None
    executable: bool = False

    @property
    def content(self) -> bytes:
        """What the file shall hold."""
        return self.text.encode() if self.source is None else self.source.read_bytes()


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


def install_steps(
    targets: Iterable[Path],
    entries: Mapping[str, str],
    *,
    copies: Mapping[str, Path] | None = None,
) -> tuple[Step, ...]:
    """Return what installing would do; files that are right stay, others of ours go.

    Parameters
    ----------
    targets
        Folders that are ours alone.
    entries
        Text by file name; a name may have a folder in it, with ``/``.
    copies
        Files to be copied as they are, by the same kind of name.
    """
    wanted = {
        name: Step(what="write", path=Path(name), text=text) for name, text in entries.items()
    }
    for name, source in (copies or {}).items():
        wanted[name] = Step(what="write", path=Path(name), source=source)
    steps = []
    for folder in targets:
        for path in present(folder):
            if path.relative_to(folder).as_posix() not in wanted:
                steps.append(Step(what="remove", path=path))
        for name, step in sorted(wanted.items()):
            path = folder / name
            if not path.is_file() or path.read_bytes() != step.content:
                steps.append(replace(step, path=path))
    return tuple(steps)


def remove_steps(folders: Iterable[Path]) -> tuple[Step, ...]:
    """Return what taking folders of ours away would do."""
    return tuple(Step(what="remove", path=path) for one in folders for path in present(one))


def uninstall_steps(machine: Machine) -> tuple[Step, ...]:
    """Return what uninstalling would do, in every folder of the machine."""
    menus = [Path(folder.path) / FOLDER for folder in menu_folders(machine)]
    plugins = [Path(folder.path) / PLUGIN for folder in plugin_folders(machine)]
    return remove_steps([*menus, *plugins])


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
                _prune(step.path.parent)
            else:
                step.path.parent.mkdir(parents=True, exist_ok=True)
                aside = step.path.with_name(f".{step.path.name}.new")
                aside.write_bytes(step.content)
                if step.executable:
                    aside.chmod(0o755)
                aside.replace(step.path)
        except OSError as error:
            raise ResolveError(
                f"{step.path} cannot be {'removed' if step.what == 'remove' else 'written'} "
                f"({error.strerror or error}): allow writing to {step.path.parent}, or install "
                "for this user only."
            ) from error


def present(folder: Path) -> list[Path]:
    """Return the files in a folder and below."""
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _prune(folder: Path) -> None:
    """Remove folders of ours that became empty; never one above them."""
    ours = {one for one in (folder, *folder.parents) if one.name in (FOLDER, PLUGIN)}
    while ours and not any(folder.iterdir()):
        folder.rmdir()
        if folder in ours:
            return
        folder = folder.parent


def _root_is_there(scripts: Path) -> bool:
    """Whether Resolve made the folder above ``Fusion`` for all users."""
    return scripts.parents[2].is_dir()
