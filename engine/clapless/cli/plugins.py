"""Verbs of the packages that stand on the engine, found by their entry points.

The engine never imports them: each announces a Typer app in the entry point group
``clapless.commands``, and its verbs stand among the engine's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

import typer

GROUP = "clapless.commands"


def add_plugins(app: typer.Typer) -> Iterator[str]:
    """Add the verbs of every outer package; yield a sentence for each that is broken.

    A package that cannot be loaded takes only its own verbs away.
    """
    taken = {name for name in map(_verb, app.registered_commands) if name}
    for point in entry_points(group=GROUP):
        try:
            plugin = point.load()
        except Exception as error:  # whatever a foreign module raises when it is imported
            yield _sentence(point, f"{type(error).__name__}: {error}")
            continue
        if not isinstance(plugin, typer.Typer):
            yield _sentence(point, f"{point.value} is no Typer app")
            continue
        names = [name for name in map(_verb, plugin.registered_commands) if name]
        names += [str(group.name) for group in plugin.registered_groups]
        double = taken.intersection(names)
        if double:
            yield _sentence(point, f"there is a verb {min(double)} already")
            continue
        taken.update(names)
        app.registered_commands.extend(plugin.registered_commands)
        app.registered_groups.extend(plugin.registered_groups)


def _verb(command: typer.models.CommandInfo) -> str | None:
    if command.name is not None:
        return command.name
    return command.callback.__name__.replace("_", "-") if command.callback else None


def _sentence(point: EntryPoint, why: str) -> str:
    package = point.dist.name if point.dist is not None else point.value
    return (
        f"The verbs {point.name!r} of {package} are not available ({why}): install it again, or "
        "remove it."
    )
