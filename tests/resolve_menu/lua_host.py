"""Resolve's Lua around a menu entry: Lua 5.1 with Resolve's objects of the strict fake.

Objects are userdata as in Resolve: a name that they have not is nil, a method is called with a
colon. Fusion's preferences end in a file, as ``SavePrefs`` writes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lupa.lua51 as lua

from tests.fakes.resolve.handles import Handle

TAKEN_BY_FREE_21_1 = """
io, require, package, debug, ffi = nil, nil, nil, nil, nil
os.execute, os.remove, os.rename, os.exit, os.tmpname = nil, nil, nil, nil, nil
print = function() end
"""

WRAP = """
local call, known, constant = ...
local ids = setmetatable({}, { __mode = "k" })
local function object(id)
  local made = newproxy(true)
  ids[made] = id
  getmetatable(made).__index = function(_, name)
    if not known(id, name) then return constant(id, name) end
    return function(self, ...)
      assert(ids[self] == id, name .. " was not called with a colon")
      return call(id, name, select("#", ...), ...)
    end
  end
  return made
end
return object, function(made) return ids[made] end
"""


class Preferences:
    """Fusion, as far as its preferences go.

    Parameters
    ----------
    path
        The profile's ``Fusion.prefs``; written by `SavePrefs` alone.
    busy
        How often saving fails first, as while Resolve writes the file itself.
    """

    def __init__(self, path: Path, *, busy: int = 0) -> None:
        self.path, self.busy, self.saves = path, busy, 0
        self.values: dict[str, str] = {}

    def SetPrefs(self, path: str, value: str) -> None:  # noqa: N802
        assert isinstance(value, str)
        self.values[path] = value

    def SavePrefs(self) -> bool | None:  # noqa: N802
        if self.busy:
            self.busy -= 1
            return False
        self.saves += 1
        lines = [f'\t\t{key.rsplit(".", 1)[-1]} = "{value}",' for key, value in self.values.items()]
        text = "{\n\tGlobal = {\n\t\tClapless = {\n" + "\n".join(lines) + "\n\t\t},\n\t},\n}\n"
        aside = self.path.with_suffix(".new")
        aside.write_text(text, encoding="utf-8")
        aside.replace(self.path)
        return None


class LuaHost:
    """A Lua state as Resolve makes it for one entry.

    Parameters
    ----------
    resolve
        The fake's handle, None where Resolve gives none.
    preferences
        Fusion's.
    free_21_1
        Whether the names are missing that the free edition took away.
    """

    def __init__(
        self, resolve: Any, preferences: Preferences | None, *, free_21_1: bool = False
    ) -> None:
        self.objects: list[Any] = []
        self.printed: list[str] = []
        self.executed: list[str] = []
        self.on_execute: Callable[[str], None] = lambda _command: None
        self.lua = lua.LuaRuntime(unpack_returned_tuples=True, encoding=None)
        wrap = self.lua.eval("function(text, ...) return loadstring(text)(...) end")
        self._object, self._id = wrap(WRAP.encode(), self._call, self._known, self._constant)
        names = self.lua.globals()
        names[b"resolve"] = None if resolve is None else self.shown(resolve)
        names[b"fusion"] = None if preferences is None else self.shown(preferences)
        names[b"bmd"] = self.lua.table_from(
            {
                b"wait": lambda seconds: time.sleep(min(seconds, 0.02)),
                b"fileexists": lambda path: Path(path.decode()).is_file(),
                b"gettime": time.time,
                b"createuuid": lambda: b"{0a1b-2c3d}",
            }
        )
        names[b"print"] = lambda *words: self.printed.append(
            "\t".join(w.decode() if isinstance(w, bytes) else str(w) for w in words)
        )
        self._functions(names[b"bmd"], "wait", "fileexists", "gettime", "createuuid")
        names[b"print"] = self._function(names[b"print"])
        names[b"os"][b"execute"] = self._function(self._execute)
        if free_21_1:
            self.lua.execute(TAKEN_BY_FREE_21_1.encode())

    def run(self, text: str) -> None:
        """Run an entry to its end."""
        self.lua.execute(text.encode())

    def shown(self, value: Any) -> Any:
        """Return what Lua sees of a value."""
        if isinstance(value, Handle | Preferences) or _is_window_part(value):
            self.objects.append(value)
            return self._object(len(self.objects) - 1)
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, list | tuple):
            return self.lua.table_from([self.shown(one) for one in value])
        if isinstance(value, dict):
            return self.lua.table_from(
                {self.shown(key): self.shown(one) for key, one in value.items()}
            )
        return value

    def given(self, value: Any) -> Any:
        """Return what Resolve sees of a value of Lua."""
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, float) and value.is_integer():
            return int(value)
        kind = lua.lua_type(value)
        if kind == "userdata":
            return self.objects[int(self._id(value))]
        if kind == "table":
            pairs = {self.given(key): self.given(one) for key, one in value.items()}
            if pairs and set(pairs) == set(range(1, len(pairs) + 1)):
                return [pairs[n] for n in range(1, len(pairs) + 1)]
            return pairs
        return value

    def _call(self, number: int, name: bytes, count: int, *arguments: Any) -> Any:
        assert len(arguments) == count
        method = getattr(self.objects[int(number)], name.decode())
        return self.shown(method(*(self.given(one) for one in arguments)))

    def _known(self, number: int, name: bytes) -> bool:
        thing = self.objects[int(number)]
        return name.decode() in dir(thing) and callable(getattr(thing, name.decode(), None))

    def _constant(self, number: int, name: bytes) -> Any:
        thing = self.objects[int(number)]
        return self.shown(getattr(thing, name.decode(), None))

    def _execute(self, command: bytes) -> int:
        self.executed.append(command.decode())
        self.on_execute(command.decode())
        return 0

    def _function(self, function: Callable[..., Any]) -> Any:
        """Return a true Lua function, as Resolve's are; Python's would be userdata."""
        return self.lua.eval(b"function(f) return function(...) return f(...) end end")(function)

    def _functions(self, table: Any, *names: str) -> None:
        for name in names:
            table[name.encode()] = self._function(table[name.encode()])


def _is_window_part(value: Any) -> bool:
    return getattr(value, "is_window_part", False) is True
