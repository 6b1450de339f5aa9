"""Names, URLs and files: text safe in XML, addresses that are right, writing that is whole."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import quote, unquote, urlsplit

from clapless.errors import ExportError, printable_name, reason_of
from clapless.session import write_aside

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_WINDOWS_DRIVE = re.compile(r"^/?([A-Za-z]):([\\/]|$)")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def xml_text(text: str) -> str:
    r"""Return text as XML 1.0 may hold it: characters it forbids become U+FFFD.

    >>> xml_text("a\x00b\ud800c")
    'a�b�c'
    """
    return _NOT_XML.sub("�", text)


def one_line(text: str) -> str:
    r"""Return text on one line, without characters that are not printable.

    >>> one_line("two\nlines\t\x07")
    'two lines'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def file_name(text: str, *, fallback: str = "untitled") -> str:
    r"""Return text as the name of one file on any system, never a path.

    >>> file_name("../a:b/c"), file_name("CON.edl"), file_name("\x00")
    ('.._a_b_c', '_CON.edl', '_')
    """
    name = _NOT_IN_NAMES.sub("_", text).strip(" ")
    name = name.rstrip(".")[:120].encode("utf-8", "replace").decode("utf-8")
    if _RESERVED.match(name):
        name = f"_{name}"
    return name or fallback


def file_url(path: Path | str) -> str:
    r"""Return the ``file:`` URL of an absolute path of this or another system.

    Bytes of names that are no text (surrogates) are kept as they are.

    >>> file_url("/media/a b/100%.mov"), file_url(r"C:\Media\ä.mov")
    ('file:///media/a%20b/100%25.mov', 'file:///C:/Media/%C3%A4.mov')
    """
    text = str(path)
    if _WINDOWS_DRIVE.match(text) or text.startswith("\\\\"):
        parts = PureWindowsPath(text).as_posix()
        if parts.startswith("//"):
            host, _, rest = parts[2:].partition("/")
            return f"file://{host}/{quote(rest)}"
        return "file:///" + parts[:2] + quote(parts[2:])
    return "file://" + quote(os.fsencode(text))


def url_path(url: str) -> str:
    """Return the path behind a URL or a path as a document says it, in its own system's form.

    >>> url_path("file://localhost/Volumes/A/B%20C.mov"), url_path("file:///C%3A/x.mov")
    ('/Volumes/A/B C.mov', 'C:/x.mov')
    >>> url_path("file://localhost//Volumes/x.mov"), url_path("/plain/100%.mov")
    ('/Volumes/x.mov', '/plain/100%.mov')
    """
    if not url.lower().startswith("file:"):
        return url
    try:
        parts = urlsplit(url)
        host, raw = parts.netloc, parts.path
    except ValueError:  # a host that is none, in brackets
        host, raw = "", url[5:].lstrip("/")
    if parts_of_query := url.partition("#")[0].partition("?")[2]:
        # An unescaped ? or # belongs to the name: editors do write them.
        raw = f"{raw}?{parts_of_query}"
    if "#" in url:
        raw = f"{raw}#{url.partition('#')[2]}"
    path = unquote(raw, errors="surrogateescape")
    if drive := _WINDOWS_DRIVE.match(path):
        return f"{drive[1]}:{path[drive.end(1) + 1 :]}"
    if _WINDOWS_DRIVE.match(host):
        return host + path
    if host and host.lower() != "localhost":
        return f"//{host}{path}"
    return "/" + path.lstrip("/") if path.startswith("/") else path


def url_name(url: str) -> str:
    r"""Return the file name at the end of a URL or path of any system.

    >>> url_name("file:///C:/a/b%20c.mov"), url_name(r"D:\x\y.wav")
    ('b c.mov', 'y.wav')
    """
    path = url_path(url)
    if "\\" in path and "/" not in path:
        return PureWindowsPath(path).name
    return PurePosixPath(path.replace("\\", "/") if _WINDOWS_DRIVE.match(path) else path).name


def write_whole(path: Path, data: bytes) -> None:
    """Write a file aside and rename it, so that nobody ever sees half of it.

    Raises
    ------
    ExportError
        It cannot be written there.
    """
    try:
        write_aside(path, data)
    except OSError as error:
        reason = reason_of(error)
        raise ExportError(f"{printable_name(path)} cannot be written: {reason}.") from error
