r"""How an entry in Resolve's menu and the engine speak with each other.

This page is the agreement; the entries (``menu/``, ``workflow_integration/``) and `engine`,
`remote`, `serve` follow it. The engine does the thinking in a process of its own and asks for calls
of Resolve's API; whoever holds a ``resolve`` object makes them and gives the answers back. So every
rule about Resolve stands once, in Python, whatever language the entry is in.

Calls
-----
A *call* is an object ``{"on": HANDLE, "do": NAME, "with": [ARGUMENT, ...]}``. It is made as
``object.NAME(ARGUMENT, ...)`` in Python and ``object:NAME(ARGUMENT, ...)`` in Lua.

* HANDLE is a whole number; 0 is ``resolve``. ``{"call": K}`` is the result of call K of the same
  list, counted from 1.
* Two names are the entry's own: ``"?has"`` with names answers a list of booleans, whether the
  object has each (``name in dir(object)`` in Python, ``type(object[name]) == "function"`` in
  Lua); ``"?get"`` with one name answers the attribute itself (a constant such as
  ``MULTICAM_ANGLE_SYNC_MARKER``).
* In arguments and results an object of Resolve is ``{"@": HANDLE}``. The entry numbers each object
  it gives out, from 1, and keeps it until it ends; one it has given out already may get a new one.
* Whole numbers are sent as such: ``86400``, never ``86400.0``.
* Python's tables become JSON objects, numeric keys as text. A Lua table whose keys are exactly 1..n
  is a list (an empty one ``[]``), any other one is an object, numeric keys as text, without
  ``__flags``. A value of any other kind is ``{"@": HANDLE}`` too.

A *result* is ``{"ok": VALUE}``, or ``{"error": "text"}`` where the call raised; the calls after it
are made all the same. Calls of one list are made in order, and answered by a list of results.

Python entries, and whoever can hold a pipe
-------------------------------------------
The entry starts ``engine_command(ENTRY)``, which the installer bakes into it with absolute paths,
with the environment that `engine_environment` describes, without a console window, and speaks over
its stdin and stdout: UTF-8, one JSON object a line.

From the engine::

    {"id": 7, "calls": [CALL, ...]}                 make these, answer
    {"progress": {"text": "reading sound", "done": 3, "of": 10}}      of: 0 where unknown
    {"done": {"ok": true, "sentence": "...", "details": ["...", ...], "timelines": ["Sync 2"],
              "session": "/.../session.json"}}      the last line

To the engine::

    {"id": 7, "results": [RESULT, ...]}
    {"id": 7, "long": true}                         too long for the mailbox: asked again in parts
    {"cancel": true}

ENTRY is ``sync``, ``multicam``, ``markers``, ``remove`` (undo) or ``selftest``. ``ok`` says that
all went as asked; ``sentence`` is for people, ``details`` are more of them, either way. An engine
that ends without a ``done`` line was killed: the entry says so, and that nothing of the user's was
changed and that the entry can be chosen again. Where a file is handier than a line: ``--result
FILE`` writes what ``done`` holds, ``--cancel FILE`` cancels as soon as that file exists, and
``--session FILE`` places a session that was synced already. stderr is for a log. Exit: 0 all as
asked, 3 not all, 1 refused, 130 cancelled.

Lua entries: the mailbox
------------------------
The free edition's Lua has had no ``io``, ``os.execute``, ``os.remove``, ``require`` and ``debug``
since 21.1, and ``print`` says nothing. Left are ``loadfile``, ``bmd.fileexists``, ``bmd.wait``,
``os.time``, ``os.getenv`` and Fusion's preferences. So Lua *reads* files that the app writes, and
*writes* through preferences. The app is ``clapless resolve serve``; it runs one engine for an entry
and hands its calls on. The folder, `mailbox_folder`, is baked into the entry with ``/`` in it.

``alive.lua``, written anew by the app every second::

    return { v = 1, beat = 123, session = "", text = "" }

``beat`` is another number each time. ``session`` is whose calls are being made, empty while nobody
knocked; ``text`` is the progress in words. An entry for which the beat stands still for
`GONE_S` seconds ends.

The entry knocks: preference ``Global.Clapless.ClaplessKnock`` is set to the hexadecimal digits of
the UTF-8 of a JSON object, and saved::

    fusion:SetPrefs("Global.Clapless.ClaplessKnock", hex); fusion:SavePrefs()
    {"v": 1, "session": "1763650000-4711", "entry": "sync", "time": 1763650000,
     "version": "21.1.0.14", "product": "DaVinci Resolve"}

``session`` is the entry's own, of ``[A-Za-z0-9-]``, another each time; ``time`` is ``os.time()``:
older knocks than `STALE_S` seconds are not opened. Where ``os.execute`` exists, the entry may start
``serve_command()`` itself when the beat stands still.

``call.lua``, written by the app::

    return { v = 1, session = "1763650000-4711", id = 7, calls = { CALL, ... } }
    return { v = 1, session = "1763650000-4711", id = 8, bye = { ok = true, sentence = "..." } }

with a CALL as above, in Lua's own tables: ``{ on = 0, ["do"] = "GetName", with = { } }``. The entry
loads it in an empty environment (``setfenv(chunk, {})``), acts where the session is its own and the
id greater than the last, and answers, saved in the same way::

    Global.Clapless.ClaplessAnswer = "1763650000-4711:7:" .. hex of the JSON list of results

Where the JSON would be longer than `MOST_BYTES` the value is the JSON object ``{"long": true}``
instead: the app asks again in smaller parts (it asks so only for what reads). After ``bye`` the
entry sets both preferences to "" and saves, shows the sentence if it can, and ends.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal, get_args

from clapless.aside import write_aside
from clapless_resolve.folders import Machine, profile_folders

Entry = Literal["sync", "multicam", "markers", "remove", "selftest"]
ENTRIES: tuple[Entry, ...] = get_args(Entry)

VERSION = 1
CALL_FILE, ALIVE_FILE = "call.lua", "alive.lua"
KNOCK, ANSWER = "ClaplessKnock", "ClaplessAnswer"

BEAT_S = 1.0
"""How often the app says that it lives."""

GONE_S = 30.0
"""How long an entry waits for a beat before it ends."""

STALE_S = 60.0
"""Older knocks were meant for an app that was not there."""

MOST_BYTES = 128 * 1024
"""Longest answer: 512 KiB of hexadecimal digits were seen to pass through preferences."""

SCRUBBED = ("PYTHON", "__PYVENV_LAUNCHER__", "DYLD_", "LD_")
"""Beginnings of the variables with which Resolve's process would bend another one's Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """An entry that waits to be served; see the module's page."""

    session: str
    entry: Entry
    time: float
    version: str = ""
    product: str = ""


def engine_command(entry: Entry | str) -> list[str]:
    """Return the command that runs an entry, with absolute paths."""
    return [sys.executable, "-I", "-m", "clapless", "resolve", "run", entry]


def serve_command() -> list[str]:
    """Return the command of the app that Lua entries need."""
    return [sys.executable, "-I", "-m", "clapless", "resolve", "serve"]


def engine_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what would bend the engine's Python.

    >>> engine_environment({"PYTHONHOME": "/r", "LD_LIBRARY_PATH": "/r", "HOME": "/ann"})
    {'HOME': '/ann'}
    """
    return {
        name: value for name, value in environment.items() if not name.upper().startswith(SCRUBBED)
    }


def data_folder(machine: Machine) -> PurePath:
    """Return where Clapless keeps what passes between it and Resolve; it need not exist."""
    return machine.clapless_folder


def mailbox_folder(machine: Machine) -> PurePath:
    """Return the folder of the mailbox; it need not exist."""
    return data_folder(machine) / "mailbox"


def preference_files(machine: Machine) -> list[Path]:
    """Return the preference files of Fusion in Resolve that are there, the newest first."""
    found: dict[Path, float] = {}
    for folder in map(Path, profile_folders(machine)):
        for path in folder.glob("*/Fusion.prefs") if folder.is_dir() else ():
            found[path] = path.stat().st_mtime
    return sorted(found, key=lambda path: found[path], reverse=True)


def preference(text: str, key: str) -> str:
    r"""Return the last whole value of one of our keys in a preference file, "" where there is none.

    >>> preference('Clapless = {\n\tClaplessKnock = "7b7d",\n}', KNOCK)
    '7b7d'
    """
    found = re.findall(rf'\b{key} = "([^"\r\n]*)"', text)
    return found[-1] if found else ""


def read_knock(text: str) -> Knock | None:
    """Return the knock in a preference file, None where there is none that can be read."""
    try:
        said = json.loads(bytes.fromhex(preference(text, KNOCK)))
        session, entry = str(said["session"]), said["entry"]
        time = float(said.get("time", 0))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if said.get("v") != VERSION or entry not in ENTRIES or not re.fullmatch(r"[\w-]+", session):
        return None
    return Knock(
        session=session,
        entry=entry,
        time=time,
        version=str(said.get("version", "")),
        product=str(said.get("product", "")),
    )


def read_answer(text: str, session: str, number: int) -> list[Mapping[str, object]] | None:
    """Return the results of a list of calls, None where they are not there yet.

    Raises
    ------
    OverflowError
        The answer is too long for the mailbox: ask for less at once.
    """
    whose, _, rest = preference(text, ANSWER).partition(":")
    which, _, digits = rest.partition(":")
    if (whose, which) != (session, str(number)):
        return None
    try:
        said = json.loads(bytes.fromhex(digits))
    except ValueError:
        return None
    if isinstance(said, Mapping):
        raise OverflowError("the answer is too long")
    return list(said)


def write_lua(path: Path, value: Mapping[str, object]) -> None:
    """Write a file that Lua's ``loadfile`` reads, whole or not at all.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    write_aside(path, f"return {lua_literal(value)}\n".encode())


def lua_literal(value: object) -> str:
    r"""Return a value as Lua writes it.

    >>> lua_literal({"on": 0, "do": "Add\nMarker", "with": [12, "é", True, None]})
    '{["on"]=0,["do"]="Add\\010Marker",["with"]={12,"\\195\\169",true,nil}}'
    """
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        plain = (
            chr(b) if 32 <= b < 127 and chr(b) not in '"\\' else f"\\{b:03d}"
            for b in value.encode("utf-8", "surrogateescape")
        )
        return f'"{"".join(plain)}"'
    if isinstance(value, Mapping):
        pairs: Iterable[str] = (f"[{lua_literal(k)}]={lua_literal(v)}" for k, v in value.items())
    elif isinstance(value, Sequence):
        pairs = (lua_literal(one) for one in value)
    else:
        raise TypeError(f"Lua has no form for {type(value).__name__}")
    return "{" + ",".join(pairs) + "}"


def is_private(folder: Path) -> bool:
    """Return whether a folder is this user's own: what lies in it is done in Resolve."""
    if os.name == "nt":
        return True
    found = folder.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022
