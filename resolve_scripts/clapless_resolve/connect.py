"""Reaching Resolve, and saying in words why it cannot be reached."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from clapless_resolve.errors import ResolveError
from clapless_resolve.protocols import MediaPool, Project, Resolve, has, needed

MODAL = "Close any dialog that is open in Resolve, and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What this Resolve can do, found by asking it and not by its version alone.

    Parameters
    ----------
    version
        As it says it: ``21.0.4.0001``; `numbers` holds the first three parts.
    studio
        Whether it is the Studio edition.
    placement
        Clips can be placed on tracks (18.5).
    pool_selection, timeline_selection
        What is selected can be read (19.0.2, 21.0.4).
    multicam
        Multicam clips can be made (21.1).
    """

    version: str
    numbers: tuple[int, int, int]
    studio: bool
    placement: bool
    pool_selection: bool
    timeline_selection: bool
    multicam: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An open project of a running Resolve.

    Parameters
    ----------
    who
        Whose Clapless this is: what others of a shared project made is left alone.
    """

    resolve: Resolve
    project: Project
    pool: MediaPool
    capabilities: Capabilities
    who: str = ""


def version_numbers(text: str) -> tuple[int, int, int]:
    """Return the first three numbers of a version.

    >>> version_numbers("21.0.4.0001"), version_numbers("19.1b2")
    ((21, 0, 4), (19, 1, 0))
    """
    found = [int(n) for n in re.findall(r"\d+", re.split(r"[a-zA-Z]", text)[0])][:3]
    first, second, third = [*found, 0, 0, 0][:3]
    return first, second, third


def connect(resolve: object, *, who: str = "") -> Connection:
    """Return the open project, given the object that Resolve's menu hands to a script.

    Parameters
    ----------
    who
        See `Connection`.

    Raises
    ------
    ResolveError
        Something on the way answers nothing; the message says what to do.
    """
    app = cast("Resolve | None", resolve)
    app = needed(app, "Resolve did not answer. Start it, open a project, and try again.")
    version = needed(app.GetVersionString(), f"Resolve does not say its version. {MODAL}")
    manager = needed(app.GetProjectManager(), f"Resolve shows no project manager. {MODAL}")
    project = needed(manager.GetCurrentProject(), "No project is open in Resolve: open one first.")
    pool = needed(project.GetMediaPool(), f"Resolve shows no Media Pool. {MODAL}")
    timeline = project.GetCurrentTimeline()
    return Connection(
        resolve=app,
        project=project,
        pool=pool,
        who=who,
        capabilities=Capabilities(
            version=version,
            numbers=version_numbers(version),
            studio=_is_studio(app),
            placement=version_numbers(version) >= (18, 5, 0) and has(pool, "AppendToTimeline"),
            pool_selection=has(pool, "GetSelectedClips"),
            timeline_selection=bool(timeline) and has(timeline, "GetSelectedClips"),
            multicam=has(pool, "CreateMulticamClip"),
        ),
    )


def connect_from_outside(scriptapp: Callable[[str], object], *, who: str = "") -> Connection:
    """Return the open project, asked for by a process that Resolve did not start.

    Parameters
    ----------
    who
        See `Connection`.

    Raises
    ------
    ResolveError
        Resolve answers nothing: it does not say why, so the message names every cause known.
    """
    resolve = scriptapp("Resolve")
    if resolve is None:
        raise ResolveError(
            "Resolve does not answer programs from outside. It must be running and be the Studio "
            "edition (the free one cannot), not from the App Store, and under Preferences > System "
            '> General "External scripting using" must be Local. Both must run as the same user. '
            "With the free edition, use Workspace > Scripts > Clapless, which `clapless resolve "
            "install` puts there, or export a timeline file and import it."
        )
    return connect(resolve, who=who)


def load_scriptapp(modules: Path) -> Callable[[str], object]:
    """Return the entry point of Resolve's own module, found in its ``Modules`` folder.

    Raises
    ------
    ResolveError
        The module is not there or cannot be loaded.
    """
    path = modules / "DaVinciResolveScript.py"
    spec = importlib.util.spec_from_file_location("DaVinciResolveScript", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ResolveError(
            f"Resolve's scripting module is not in {modules}: install Resolve, or set "
            "RESOLVE_SCRIPT_API to the folder Developer/Scripting of its installation."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules["DaVinciResolveScript"] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules["DaVinciResolveScript"]
        raise ResolveError(
            f"Resolve's scripting module {path} cannot be loaded "
            f"({type(error).__name__}: {error}). Set RESOLVE_SCRIPT_LIB to fusionscript."
        ) from error
    # The module puts the library in its own place.
    found = getattr(sys.modules["DaVinciResolveScript"], "scriptapp", None)
    if not callable(found):
        raise ResolveError(f"Resolve's scripting module {path} has no scriptapp: install it again.")
    return cast("Callable[[str], object]", found)


def _is_studio(resolve: Resolve) -> bool:
    if has(resolve, "IsStudio"):
        said = resolve.IsStudio()
        if said is not None:
            return said
    return "studio" in (resolve.GetProductName() or "").lower()
