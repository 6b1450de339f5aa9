"""An entry of Resolve's menu, in Python 3.6 to 3.14 with the standard library alone.

It starts Clapless as a process of its own, makes the calls that it asks for, and says how it went.
The agreement stands in clapless_resolve/mailbox.py. Written by `clapless resolve install`.
"""

import json
import os
import subprocess
import sys
from typing import Any, Dict, List

SETTINGS: Dict[str, Any] = {}

SCRUBBED = ("PYTHON", "__PYVENV_LAUNCHER__", "DYLD_", "LD_")
"""Beginnings of the variables with which Resolve's process would bend another one's Python."""

NO_WINDOW = 0x08000000
"""CREATE_NO_WINDOW of Windows; the name came with Python 3.7."""

PLAIN = (bool, int, float, str, type(None))


class Caller:
    """Makes calls on Resolve's objects, which are numbered for the other side."""

    def __init__(self, resolve: Any) -> None:
        self.objects: Dict[int, Any] = {0: resolve}

    def given(self, value: Any) -> Any:
        """Return an argument with objects in place of their numbers."""
        if isinstance(value, list):
            return [self.given(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "@" in value:
            return self.objects[value["@"]]
        return {key: self.given(one) for key, one in value.items()}

    def told(self, value: Any) -> Any:
        """Return a result as JSON has it, with numbers in place of objects."""
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, float) and (value != value or value in (1e999, -1e999)):
            return None
        if isinstance(value, PLAIN):
            return value
        if isinstance(value, (list, tuple)):
            return [self.told(one) for one in value]
        if isinstance(value, dict):
            return {str(self.told(key)): self.told(one) for key, one in value.items()}
        number = len(self.objects)
        self.objects[number] = value
        return {"@": number}

    def make(self, call: Any, made: Dict[int, Any]) -> Any:
        """Make one call and return what Resolve answered."""
        on = call["on"]
        thing = made[on["call"]] if isinstance(on, dict) else self.objects[on]
        if thing is None:
            raise ValueError("there is no object to ask " + call["do"])
        if call["do"] == "?has":
            known = dir(thing)
            return [name in known for name in call["with"]]
        if call["do"] == "?get":
            return getattr(thing, call["with"][0])
        method = getattr(thing, call["do"], None)
        if method is None:
            raise ValueError("this Resolve has no " + call["do"])
        return method(*self.given(call.get("with", [])))

    def results(self, calls: List[Any]) -> List[Any]:
        """Make calls in order and return a result for each."""
        made: Dict[int, Any] = {}
        results: List[Any] = []
        for index, call in enumerate(calls, 1):
            try:
                made[index] = self.make(call, made)
                results.append({"ok": self.told(made[index])})
            except Exception as error:
                results.append({"error": "{}: {}".format(type(error).__name__, error)})
        return results


def main() -> None:
    """Run the entry that was chosen."""
    resolve = find_resolve()
    if resolve is None:
        say("Resolve does not answer its own menu. Start it again.")
        return
    command = SETTINGS["command"]
    if not os.path.isfile(command[0]):
        say("Clapless is not at {} any more: install it again.".format(command[0]))
        return
    done = run(command, Caller(resolve))
    say("\n".join([done["sentence"], *done.get("details", [])]))
    if done.get("session"):
        with open(place(SETTINGS["last"]), "w", encoding="utf-8") as file:
            file.write(done["session"])


def place(said: Any) -> str:
    """Return a path; installed for all users, it is told by a variable and what follows it."""
    if isinstance(said, str):
        return said
    return str(os.environ.get(said[0], "") + said[1])


def find_resolve() -> Any:
    """Return the object that Resolve's menu hands to a script."""
    found = globals().get("resolve")
    if found is None and globals().get("bmd") is not None:
        found = globals()["bmd"].scriptapp("Resolve")
    return found


def run(command: List[str], caller: Caller) -> Dict[str, Any]:
    """Start Clapless and make its calls until it ends; return its last words."""
    environment = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(SCRUBBED)
    }
    flags = NO_WINDOW if os.name == "nt" else 0
    log_path = place(SETTINGS["log"])
    if not os.path.isdir(os.path.dirname(log_path)):
        os.makedirs(os.path.dirname(log_path))
    with open(log_path, "wb") as log:
        process: Any = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            creationflags=flags,
        )
        try:
            return converse(process, caller)
        finally:
            try:
                process.stdin.close()
            except OSError:  # what it did not read any more
                pass
            process.stdout.close()
            process.wait()


def converse(process: Any, caller: Caller) -> Dict[str, Any]:
    """Answer the engine's lines; return what it said last."""
    for line in process.stdout:
        try:
            said = json.loads(line.decode("utf-8"))
        except ValueError:  # a library's own words
            continue
        if "done" in said:
            return dict(said["done"])
        if "progress" in said:
            tell_progress(said["progress"])
        elif "calls" in said:
            answer = {"id": said["id"], "results": caller.results(said["calls"])}
            try:
                process.stdin.write(json.dumps(answer).encode("ascii") + b"\n")
                process.stdin.flush()
            except OSError:  # it ended: what is left of its lines says why
                continue
    return {
        "ok": False,
        "sentence": "Clapless was ended before it was done. Nothing of yours was changed: choose "
        "the entry again. What it said last is in {}.".format(place(SETTINGS["log"])),
    }


def tell_progress(progress: Dict[str, Any]) -> None:
    """Say in the console how far it is."""
    count = " {} of {}".format(progress["done"], progress["of"]) if progress.get("of") else ""
    put("{}{}".format(progress["text"], count))


def put(text: str) -> None:
    """Write to the console, in whatever letters it has."""
    text = "Clapless: " + text
    try:
        print(text)
    except UnicodeEncodeError:
        print(text.encode("ascii", "replace").decode("ascii"))
    sys.stdout.flush()


def say(text: str) -> None:
    """Say something in the console, and in a window where this Resolve has windows for scripts."""
    put(text)
    manager = getattr(globals().get("fusion"), "UIManager", None)
    dispatch = getattr(globals().get("bmd"), "UIDispatcher", None)
    if manager is None or dispatch is None:
        return
    try:
        window(manager, dispatch(manager), text)
    except Exception as error:
        put("no window ({}: {})".format(type(error).__name__, error))


def window(manager: Any, dispatcher: Any, text: str) -> None:
    """Show a text until it is closed."""
    shown = dispatcher.AddWindow(
        {"ID": "Clapless", "WindowTitle": "Clapless", "Geometry": [300, 300, 560, 220]},
        manager.VGroup(
            [
                manager.Label({"ID": "Text", "Text": text, "WordWrap": True}),
                manager.Button({"ID": "Fine", "Text": "OK", "Weight": 0}),
            ]
        ),
    )

    def close(_event: Any) -> None:
        dispatcher.ExitLoop()

    shown.On.Fine.Clicked = close
    shown.On.Clapless.Close = close
    shown.Show()
    dispatcher.RunLoop()
    shown.Hide()
