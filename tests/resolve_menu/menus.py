"""Pythons as old as there are, and Resolve's side of a Python entry."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.fakes.resolve.handles import Handle

FAR_RESOLVE = Path(__file__).with_name("far_resolve.py")


def oldest_python() -> str:
    """Return the oldest Python from 3.6 on that is on this machine, else the one that runs this."""
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(6, sys.version_info[1]):
        found = shutil.which(f"python3.{minor}")
        candidates: list[Path | str] = [
            *sorted(homes.glob(f"3.{minor}.*/bin/python")),
            *([found] if found else []),
        ]
        for one in candidates:
            question = f"import sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
            asked = subprocess.run([one, "-c", question], capture_output=True, check=False)
            if asked.returncode == 0:
                return str(one)
    return sys.executable


class ResolveSocket:
    """Answers one `far_resolve` with objects of the fake."""

    def __init__(self, resolve: Any) -> None:
        self.objects = [resolve]
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        try:
            connection, _ = self._server.accept()
        except OSError:  # nobody came
            return
        with connection, connection.makefile("rwb") as wire:
            for line in wire:
                number, name, arguments = json.loads(line)
                wire.write(json.dumps(self._answer(number, name, arguments)).encode() + b"\n")
                wire.flush()

    def _answer(self, number: int, name: str, arguments: list[Any]) -> Any:
        thing = self.objects[number]
        if name == "?dir":
            return dir(thing)
        if name == "?attribute":
            found = getattr(thing, arguments[0])
            return "?method" if callable(found) else self._shown(found)
        return self._shown(getattr(thing, name)(*self._given(arguments)))

    def _shown(self, value: Any) -> Any:
        if isinstance(value, Handle):
            self.objects.append(value)
            return {"@": len(self.objects) - 1}
        if isinstance(value, list):
            return [self._shown(one) for one in value]
        if isinstance(value, dict):
            return {"?pairs": [[key, self._shown(one)] for key, one in value.items()]}
        return value

    def _given(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._given(one) for one in value]
        if isinstance(value, dict):
            if set(value) == {"@"}:
                return self.objects[value["@"]]
            return {key: self._given(one) for key, one in value.items()}
        return value
