"""What a script holds: handles that know only their version's names, and that may be dead."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.fakes.resolve import api

if TYPE_CHECKING:
    from tests.fakes.resolve.world import World


class Thing:
    """What stands behind a handle; `kind` names its class in the API."""

    kind = ""

    def __init__(self, world: World) -> None:
        self.world = world
        self.id = world.next_id()
        self.dead = False

    def GetUniqueId(self) -> str:  # noqa: N802
        return self.id


class Handle:
    """A fresh proxy at every call: two handles of one thing are not equal, as in Resolve.

    `getattr` never fails; an unknown name is None, so that calling it is a TypeError.
    """

    __slots__ = ("_thing",)

    def __init__(self, thing: Thing) -> None:
        self._thing = thing

    def __dir__(self) -> list[str]:
        thing = self._thing
        return sorted(api.names(thing.kind, thing.world.version, thing.world.legacy))

    def __getattr__(self, name: str) -> Any:
        thing = self._thing
        if name not in api.names(thing.kind, thing.world.version, thing.world.legacy):
            return thing.world.constants.get(name) if thing.kind == "Resolve" else None
        method: Callable[..., Any] | None = getattr(type(thing), name, None)
        if method is None:
            raise NotImplementedError(f"the fake does not play {thing.kind}.{name} yet")

        def call(*args: Any) -> Any:
            world = thing.world
            world.calls.append(f"{thing.kind}.{name}")
            if thing.dead:
                return "" if name == "GetUniqueId" else None
            if world.modal:
                return None
            if f"{thing.kind}.{name}" in world.raises:
                raise world.raises[f"{thing.kind}.{name}"]
            if f"{thing.kind}.{name}" in world.refuses:
                return world.refuses[f"{thing.kind}.{name}"]
            answer = shown(method(thing, *bare(list(args))))
            if f"{thing.kind}.{name}" in world.lies and isinstance(answer, bool):
                return not answer
            return answer

        return call


def shown(value: Any) -> Any:
    """Return what a script sees of a value."""
    if isinstance(value, Thing):
        return Handle(value)
    if isinstance(value, list):
        return [shown(one) for one in value]
    if isinstance(value, dict):
        return {key: shown(one) for key, one in value.items()}
    return value


def bare(value: Any) -> Any:
    """Return what stands behind what a script gave."""
    if isinstance(value, Handle):
        return value._thing
    if isinstance(value, list):
        return [bare(one) for one in value]
    if isinstance(value, dict):
        return {key: bare(one) for key, one in value.items()}
    return value
