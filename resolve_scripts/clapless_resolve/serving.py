"""``clapless resolve serve``: the app side of the mailbox, see `clapless_resolve.mailbox`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from clapless_resolve.engine import KILLED, Engine
from clapless_resolve.errors import ResolveError
from clapless_resolve.folders import Machine
from clapless_resolve.locking import only_one
from clapless_resolve.mailbox import (
    ALIVE_FILE,
    ANSWER,
    BEAT_S,
    CALL_FILE,
    STALE_S,
    VERSION,
    Knock,
    data_folder,
    engine_command,
    is_private,
    mailbox_folder,
    preference,
    preference_files,
    read_answer,
    read_knock,
    write_lua,
)

POLL_S = 0.02
"""How often preferences are looked at while an answer is awaited."""

IDLE_S = 0.5
"""How often they are looked at while nobody knocked."""

ANSWER_S = 300.0
"""Resolve imports many files within one call."""

LOG = "serve_run.log"
LOCK = "serve.lock"

Tell = Callable[[str], None]


class Mailbox:
    """The files between Lua entries and this app.

    Parameters
    ----------
    machine
        Whose.
    now
        Seconds since the epoch.

    Raises
    ------
    ResolveError
        The folder cannot be made, or others may write into it: what lies there is done in Resolve.
    """

    def __init__(self, machine: Machine, *, now: Callable[[], float] = time.time) -> None:
        self._machine = machine
        self._now = now
        self._folder = Path(mailbox_folder(machine))
        self._beat = 0
        self._beaten_s = 0.0
        self._state = ("", "")
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self._texts: dict[Path, str] = {}
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ResolveError(
                f"{self._folder} cannot be made ({reason}): allow writing there."
            ) from error
        if not is_private(self._folder):
            raise ResolveError(
                f"Others can write to {self._folder}, and what lies there is done in Resolve: "
                "take their right to write away."
            )

    def beat(self, session: str, text: str) -> None:
        """Say that this app lives, at most once a second, or at once where the text is new."""
        now_s = time.monotonic()
        if now_s - self._beaten_s < BEAT_S and self._state[0] == session:
            return
        self._beat += 1
        self._beaten_s, self._state = now_s, (session, text)
        write_lua(
            self._folder / ALIVE_FILE,
            {"v": VERSION, "beat": self._beat, "session": session, "text": text},
        )

    def knock(self, done: set[str]) -> Knock | None:
        """Return an entry that waits, None where none does."""
        for text in self._preferences():
            found = read_knock(text)
            if found and found.session not in done and self._now() - found.time <= STALE_S:
                return found
        return None

    def ask(
        self, session: str, number: int, calls: Sequence[object], *, text: str
    ) -> Mapping[str, object]:
        """Have calls made; return the line that the engine is answered with.

        Raises
        ------
        ResolveError
            The entry does not answer.
        """
        write_lua(
            self._folder / CALL_FILE,
            {"v": VERSION, "session": session, "id": number, "calls": calls},
        )
        until_s = time.monotonic() + ANSWER_S
        while time.monotonic() < until_s:
            self.beat(session, text)
            for prefs in self._preferences():
                try:
                    results = read_answer(prefs, session, number)
                except OverflowError:
                    return {"id": number, "long": True}
                if results is not None:
                    return {"id": number, "results": results}
            time.sleep(POLL_S)
        raise ResolveError(
            "The entry in Resolve's menu does not answer any more: close any dialog that is open "
            "in Resolve, and choose the entry again."
        )

    def bye(self, session: str, number: int, outcome: Mapping[str, object]) -> None:
        """Say the last words to an entry."""
        write_lua(
            self._folder / CALL_FILE,
            {"v": VERSION, "session": session, "id": number, "bye": outcome},
        )

    def close(self) -> None:
        """Take the files away."""
        for name in (ALIVE_FILE, CALL_FILE):
            (self._folder / name).unlink(missing_ok=True)

    def _preferences(self) -> list[str]:
        """Return the texts of the preference files, each read again where it changed."""
        texts = []
        for path in preference_files(self._machine):
            try:
                found = path.stat()
                state = (found.st_mtime_ns, found.st_size, found.st_ino)
                if self._seen.get(path) != state:
                    self._texts[path] = path.read_text(encoding="utf-8", errors="replace")
                    self._seen[path] = state
            except OSError:
                continue  # it is just being replaced: looked at again at once
            texts.append(self._texts[path])
        return texts


def serve(
    machine: Machine,
    *,
    once: bool = False,
    tell: Tell,
    command: Callable[[str], list[str]] = engine_command,
    stop: Callable[[], bool] = lambda: False,
    show: Callable[[str, Sequence[str]], object] = lambda _sentence, _details: None,
) -> None:
    """Wait for entries and do what they ask for, until Ctrl-C.

    Parameters
    ----------
    once
        End after one entry.
    tell
        Told what goes on, in sentences.
    command
        Gives the engine's command for an entry.
    stop
        Asked between entries.
    show
        Given the last words of an entry, which itself may have no way to show them.

    Raises
    ------
    ResolveError
        Another one serves already, or the mailbox cannot be written.
    """
    sentence = "Clapless is already waiting for Resolve's menu on this machine."
    with only_one(Path(data_folder(machine)) / LOCK, sentence):
        box = Mailbox(machine)
        done: set[str] = set()
        tell("Waiting for entries in Resolve's menu (Workspace > Scripts > Clapless). Ctrl-C ends.")
        try:
            while not stop():
                box.beat("", "")
                knock = box.knock(done)
                if knock is None:
                    time.sleep(IDLE_S)
                    continue
                done.add(knock.session)
                tell(f"{knock.entry}: {knock.product} {knock.version}".rstrip())
                outcome = _serve_one(box, machine, knock, tell, command)
                tell(str(outcome.get("sentence", "")))
                for detail in _details(outcome):
                    tell(f"  {detail}")
                show(str(outcome.get("sentence", "")), [str(one) for one in _details(outcome)])
                if once:
                    # The entry looks for its last words before the app's files are gone.
                    _linger(box, knock.session)
                    return
        finally:
            box.close()


def _serve_one(
    box: Mailbox,
    machine: Machine,
    knock: Knock,
    tell: Tell,
    command: Callable[[str], list[str]],
) -> Mapping[str, object]:
    number, text = 0, "starting"
    try:
        engine = Engine(command(knock.entry), log=Path(data_folder(machine)) / LOG)
    except ResolveError as error:
        outcome: Mapping[str, object] = {"ok": False, "sentence": str(error)}
        box.bye(knock.session, 1, outcome)
        return outcome
    said: Mapping[str, object] | None = None
    stopped = False
    asked: list[object] | None = None
    try:
        while said is None and not engine.ended:
            try:
                if asked is not None:
                    # Begun again after Ctrl-C: an entry makes calls of one number once.
                    engine.say(box.ask(knock.session, number, asked, text=text))
                    asked = None
                box.beat(knock.session, text)
                line = engine.line(BEAT_S / 4)
                if line is None:
                    continue
                number = max(number, _number(line))
                if "progress" in line:
                    text = _words(line["progress"])
                    tell(f"  {text}")
                elif "done" in line and isinstance(line["done"], Mapping):
                    said = line["done"]
                elif isinstance(calls := line.get("calls"), list):
                    asked = calls
            except KeyboardInterrupt:
                if stopped:
                    raise
                # What was made in Resolve is taken away first, through the entry that waits.
                stopped = True
                engine.cancel()
    except ResolveError as error:
        engine.cancel()
        said = {"ok": False, "sentence": str(error)}
    finally:
        engine.close()
    outcome = said or {"ok": False, "sentence": KILLED}
    box.bye(knock.session, number + 1, outcome)
    if stopped:
        raise KeyboardInterrupt
    return outcome


def _linger(box: Mailbox, session: str) -> None:
    """Wait until an entry has taken its answers back, for a while."""
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s:
        texts = box._preferences()
        if not any(preference(text, ANSWER).startswith(session) for text in texts):
            return
        time.sleep(POLL_S)


def _number(line: Mapping[str, object]) -> int:
    said = line.get("id")
    return said if isinstance(said, int) else 0


def _words(progress: object) -> str:
    if not isinstance(progress, Mapping):
        return ""
    text, done, of = progress.get("text", ""), progress.get("done", 0), progress.get("of", 0)
    return f"{text} ({done} of {of})" if of else str(text)


def _details(outcome: Mapping[str, object]) -> Sequence[object]:
    details = outcome.get("details")
    return details if isinstance(details, list) else []
