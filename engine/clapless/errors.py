"""Every error Clapless raises on purpose, in one tree.

::

    ClaplessError
    ├── UsageError                 the caller asked for something that cannot be meant (exit 2)
    ├── MediaError                 one file cannot serve; carries the path, the rest goes on
    │   ├── NotMediaError          no container that can be opened, or no stream in it
    │   └── DamagedMediaError      opened, but it breaks off or contradicts itself
    ├── SessionError               a session document cannot be read or written
    │   └── NewerVersionError      it was written by a newer Clapless
    ├── TimelineError              an editing program's file cannot be read
    └── ExportError                the format cannot hold what was asked

A signal that finds no proof does not raise: it returns `clapless.model.Refusal`.
Messages are whole sentences for people, name the file, and say the next step where there is one.
"""

from pathlib import Path


class ClaplessError(Exception):
    """The root: ``except ClaplessError`` catches everything meant for people."""


class UsageError(ClaplessError):
    """What was asked for cannot be meant: ``except UsageError`` and exit 2."""


class MediaError(ClaplessError):
    """One file cannot serve.

    Parameters
    ----------
    path
        The file.
    reason
        Why, as the rest of a sentence that begins with the file's name.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{printable_name(path)}: {reason}")


class NotMediaError(MediaError):
    """No container that can be opened, or nothing usable in it."""


class DamagedMediaError(MediaError):
    """Opened, but it breaks off or contradicts itself."""


class SessionError(ClaplessError):
    """A session document cannot be read or written."""


class NewerVersionError(SessionError):
    """The document was written by a newer Clapless."""


class TimelineError(ClaplessError):
    """An editing program's file cannot be read, or holds no timeline."""


class ExportError(ClaplessError):
    """The format cannot hold what was asked; the message says what to choose."""


def reason_of(error: OSError) -> str:
    """Return why the system refused, for the middle or the end of a sentence.

    >>> reason_of(PermissionError(13, "Permission denied"))
    'permission denied'
    """
    return (error.strerror or str(error)).lower()


def printable_name(path: Path) -> str:
    r"""Return a file's name on one line, as a terminal can show it.

    >>> printable_name(Path("card/take\n1.wav"))
    'take\\n1.wav'
    """
    return printable(path.name)


def printable(text: str) -> str:
    r"""Return text on one line, as a terminal can show it.

    >>> printable("two\nlines")
    'two\\nlines'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in text
    )
