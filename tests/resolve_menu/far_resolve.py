"""Runs a Python entry as Resolve's menu does, with a ``resolve`` that lives in another process.

    python3.6 far_resolve.py ENTRY PORT

Python 3.6 and the standard library alone: the strict fake needs a newer one than Resolve had.
"""

import io
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, Dict  # noqa: UP035


class Far:
    """An object of the fake, at the other end of a socket."""

    wire: Any = None

    def __init__(self, number):
        self.__dict__["number"] = number

    def __dir__(self):
        return ask(self.number, "?dir", [])

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        found = ask(self.number, "?attribute", [name])
        if found != "?method":
            return found

        def method(*arguments):
            return ask(self.number, name, list(arguments))

        return method


def ask(number, name, arguments):
    Far.wire.write(json.dumps([number, name, packed(arguments)]).encode() + b"\n")
    Far.wire.flush()
    return unpacked(json.loads(Far.wire.readline().decode()))


def packed(value):
    if isinstance(value, Far):
        return {"@": value.number}
    if isinstance(value, list):
        return [packed(one) for one in value]
    if isinstance(value, dict):
        return {key: packed(one) for key, one in value.items()}
    return value


def unpacked(value):
    if isinstance(value, list):
        return [unpacked(one) for one in value]
    if isinstance(value, dict) and set(value) == {"@"}:
        return Far(value["@"])
    if isinstance(value, dict) and set(value) == {"?pairs"}:
        return {key: unpacked(one) for key, one in value["?pairs"]}
    return value


def main():
    text = Path(sys.argv[1]).read_text(encoding="ascii")
    names: Dict[str, Any] = {"__name__": "__main__", "__file__": sys.argv[1]}  # noqa: UP006
    if os.environ.get("FAR_LETTERS"):
        # As the console of a Windows in another language.
        sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding=os.environ["FAR_LETTERS"])
    if int(sys.argv[2]):
        sock = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
        Far.wire = sock.makefile("rwb")
        names["resolve"] = Far(0)
    exec(compile(text, sys.argv[1], "exec"), names)


if __name__ == "__main__":
    main()
