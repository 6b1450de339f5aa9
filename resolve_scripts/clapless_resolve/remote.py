"""Objects of Resolve that live in another process, and asking many of them at once.

A stand-in looks like the object of Resolve that it stands for: each method becomes a call of
`clapless_resolve.mailbox`'s agreement. What is said here to hold for Lua is said there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from clapless_resolve.errors import ResolveError
from clapless_resolve.protocols import Elsewhere

MOST_CALLS = 200
"""Calls in one message: their results stay far below what the mailbox holds."""

Call = dict[str, object]
Result = Mapping[str, object]
Step = tuple[Any, ...]
"""A method's name and its arguments."""

Chain = tuple[Step, ...]
"""Steps, each one on what the step before gave."""


class Caller(Protocol):
    """Whoever has calls made where Resolve is."""

    def __call__(self, calls: Sequence[Call]) -> Sequence[Result]:
        """Return one result for each call, in order.

        Raises
        ------
        ResolveError
            The other side does not answer.
        """
        ...


class Remote(Elsewhere):
    """Stands for an object of Resolve.

    Parameters
    ----------
    caller
        Has calls made.
    handle
        The object's number; 0 is the application.
    """

    def __init__(self, caller: Caller, handle: int = 0) -> None:
        self._caller = caller
        self._handle = handle
        self._known: dict[str, bool] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def method(*arguments: object) -> Any:
            return self._ask(name, *arguments)

        return method

    def clapless_has(self, name: str) -> bool:
        """Return whether the object has a name; asked once."""
        if name not in self._known:
            self._known[name] = bool((self._ask("?has", name) or [False])[0])
        return self._known[name]

    def clapless_get(self, name: str) -> object:
        """Return an attribute that is no method."""
        return self._ask("?get", name)

    def _ask(self, name: str, *arguments: object) -> Any:
        (result,) = answers(self._caller, [_call(self._handle, name, arguments)])
        return received(self._caller, name, result)


def ask_each(things: Sequence[object], *chains: Chain) -> list[list[Any]]:
    """Return for every object what each chain of steps gives, in few messages.

    A chain ends with None where a step gives None.

    Examples
    --------
    >>> ask_each(["b", "c"], (("upper",),), (("upper",), ("lower",)), (("replace", "b", "d"),))
    [['B', 'b', 'd'], ['C', 'c', 'c']]
    """
    if not things or not isinstance(things[0], Remote):
        return [[_followed(thing, chain) for chain in chains] for thing in things]
    caller = things[0]._caller
    steps = sum(map(len, chains))
    at_once = max(1, MOST_CALLS // steps)
    rows: list[list[Any]] = []
    for first in range(0, len(things), at_once):
        part = things[first : first + at_once]
        calls: list[Call] = []
        for thing in part:
            assert isinstance(thing, Remote)
            for chain in chains:
                on: object = thing._handle
                for step in chain:
                    calls.append(_call(on, step[0], step[1:]))
                    on = {"call": len(calls)}
        results = iter(answers(caller, calls))
        for _ in part:
            rows.append([_last(caller, chain, results) for chain in chains])
    return rows


def answers(caller: Caller, calls: Sequence[Call]) -> list[Result]:
    """Return the results of calls; asked again in halves where they are too long for the way.

    Raises
    ------
    ResolveError
        A single result is too long, or the other side does not answer.
    """
    try:
        return list(caller(calls))
    except OverflowError:
        if len(calls) == 1:
            raise ResolveError(f"Resolve's answer to {calls[0]['do']} is too long.") from None
    if any(isinstance(call["on"], Mapping) for call in calls):
        # Later calls count on earlier ones: cut where one begins on its own.
        cuts = [n for n, call in enumerate(calls) if not isinstance(call["on"], Mapping)]
        middle = cuts[len(cuts) // 2]
    else:
        middle = len(calls) // 2
    if not middle:
        raise ResolveError(f"Resolve's answer to {calls[0]['do']} is too long.")
    return [
        *answers(caller, calls[:middle]),
        *answers(caller, [_moved(call, middle) for call in calls[middle:]]),
    ]


def received(caller: Caller, name: str, result: Result) -> Any:
    """Return what a result holds.

    Raises
    ------
    ResolveError
        The call raised.
    """
    if "error" in result:
        raise ResolveError(f"Resolve refused {name}: {result['error']}")
    value = _unpacked(caller, result.get("ok"))
    if name == "GetMarkers" and value is not None:
        # Lua cannot tell a list from numbered keys.
        pairs = enumerate(value, 1) if isinstance(value, list) else value.items()
        return {float(frame): marker for frame, marker in pairs}
    return value


def packed(value: object) -> object:
    """Return an argument as it is sent.

    >>> packed([Remote(None, 7), {"a": 1}])
    [{'@': 7}, {'a': 1}]
    """
    if isinstance(value, Remote):
        return {"@": value._handle}
    if isinstance(value, Mapping):
        return {key: packed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [packed(one) for one in value]
    return value


def _unpacked(caller: Caller, value: object) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"@"}:
            return Remote(caller, int(value["@"]))
        return {key: _unpacked(caller, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unpacked(caller, one) for one in value]
    return value


def _call(on: object, name: str, arguments: Sequence[object]) -> Call:
    return {"on": on, "do": name, "with": [packed(one) for one in arguments]}


def _moved(call: Call, by: int) -> Call:
    on = call["on"]
    return {**call, "on": {"call": on["call"] - by}} if isinstance(on, Mapping) else call


def _followed(thing: object, chain: Chain) -> Any:
    for name, *arguments in chain:
        if thing is None or thing is False:
            return None
        thing = getattr(thing, name)(*arguments)
    return thing


def _last(caller: Caller, chain: Chain, results: Iterator[Result]) -> Any:
    """Return what the last step of a chain gave, taking the results of all of them."""
    value: Any = None
    lost = False
    for name, *_ in chain:
        result = next(results)
        # What follows a step that gave nothing could only raise.
        value = None if lost else received(caller, name, result)
        lost = lost or value is None or value is False
    return value
