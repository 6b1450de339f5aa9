"""Reading and writing the session document.

Text and structure are apart: Python's json module handles the text, since file names may hold
bytes that are no UTF-8 and only it carries them through; msgspec checks the structure.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import NoReturn

from clapless.aside import write_aside
from clapless.errors import NewerVersionError, SessionError, printable_name, reason_of
from clapless.model import Session
from clapless.session.convert import InvalidEntryError, to_document, to_session
from clapless.session.schema import SCHEMA, VERSION

_SURROGATE = re.compile("[\ud800-\udfff]")


def read_session(path: str | Path) -> Session:
    """Read a session document.

    Raises
    ------
    NewerVersionError
        A newer Clapless wrote it.
    SessionError
        It cannot be read, is no JSON or no session, or contradicts itself; the message names the
        file and the place.

    Examples
    --------
    >>> import tempfile
    >>> from clapless.model import Session
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_session(Session(engine="0.1.0"), Path(folder) / "s.json")
    ...     read_session(Path(folder) / "s.json").engine
    '0.1.0'
    """
    path = Path(path)
    name = printable_name(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SessionError(f"{name} cannot be read: {reason_of(error)}.") from error
    raw = _parse(data, name)
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise SessionError(
            f"{name} is no session document: clapless sync writes one with -o session.json."
        )
    version = raw.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise SessionError(f"{name} does not say which version of the session document it is.")
    if version > VERSION:
        raise NewerVersionError(
            f"{name} was written by a newer Clapless (document version {version}, this one reads "
            f"{VERSION}): update Clapless to open it."
        )
    try:
        return to_session(raw, base=path.parent)
    except InvalidEntryError as error:
        raise SessionError(f"{name} is damaged: {error}.") from error


def write_session(session: Session, path: str | Path) -> None:
    """Write a session document, whole or not at all.

    Paths are written relative to the document where they can be.

    Raises
    ------
    SessionError
        The place cannot be written, something else than a session stands there, or the session
        holds what JSON cannot (a number that is not finite).
    """
    path = Path(path)
    check_target(path)
    try:
        write_aside(path, to_json(session, base=path.parent).encode())
    except OSError as error:
        raise _unwritable(path, reason_of(error)) from error


def check_target(path: Path) -> None:
    """Refuse a place that no session document can be written to, before the work is done.

    Raises
    ------
    SessionError
        There is no such folder, it cannot be written, or something else stands there: a session
        replaces nothing but a session.
    """
    try:
        if not path.parent.is_dir():
            raise _unwritable(path, f"there is no folder {printable_name(path.parent)}")
        if path.is_dir():
            raise _unwritable(path, "it is a folder")
        if path.exists() and not _looks_like_session(path):
            raise SessionError(
                f"{printable_name(path)} exists and is no session document: choose another name, "
                "or move it away."
            )
        if not os.access(path.parent, os.W_OK):
            raise _unwritable(path, "the folder is read-only")
    except OSError as error:
        raise _unwritable(path, reason_of(error)) from error


def _unwritable(path: Path, why: str) -> SessionError:
    return SessionError(
        f"{printable_name(path)} cannot be written: {why}; choose another place for it."
    )


def to_json(session: Session, *, base: Path) -> str:
    """Return the session document as text.

    Parameters
    ----------
    session
        What to write.
    base
        The folder that paths are relative to.

    Raises
    ------
    SessionError
        A number is not finite, or a detail is nothing JSON knows.

    Examples
    --------
    >>> from clapless.model import Session
    >>> to_json(Session(), base=Path("/shoot")).splitlines()[1]
    '  "schema": "clapless/session",'
    """
    try:
        document = to_document(session, base=base)
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    except (InvalidEntryError, RecursionError) as error:
        raise SessionError(f"The session cannot be written: {error}.") from error
    # A lone surrogate stands for a byte of a file name that is no UTF-8; JSON can only escape it.
    text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return _fold(text) + "\n"


def _parse(data: bytes, name: str) -> object:
    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is no number in JSON")

    if not data.strip():
        raise SessionError(f"{name} is empty.")
    try:
        parsed: object = json.loads(data.decode("utf-8-sig"), parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise SessionError(
            f"{name} is no whole JSON document: {error.msg} at line {error.lineno}, column "
            f"{error.colno}; it may have been cut off."
        ) from error
    except UnicodeDecodeError as error:
        raise SessionError(f"{name} is no text in UTF-8 (byte {error.start}).") from error
    except RecursionError as error:
        raise SessionError(f"{name} is nested too deeply to be a session document.") from error
    except ValueError as error:
        raise SessionError(f"{name} is no JSON document: {error}.") from error
    return parsed


def _looks_like_session(path: Path) -> bool:
    with path.open("rb") as file:
        return SCHEMA.encode() in file.read(4096)


# A line break never stands inside a JSON string, so that none is touched.
_PLAIN_LIST = re.compile(r"\[\n\s*([^\[\]{}\"]*?)\n\s*\]")


def _fold(text: str) -> str:
    """Put lists of bare numbers on one line: knots and spans would fill the page otherwise."""
    return _PLAIN_LIST.sub(lambda found: "[" + re.sub(r",\n\s*", ", ", found[1]) + "]", text)
