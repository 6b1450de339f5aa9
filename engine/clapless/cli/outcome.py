"""Exit codes.

====  ==================================================================================
0     everything is synced (placed by hand and the reference count as synced)
1     nothing usable, with one sentence that says why
2     wrong usage
3     something is not synced, needs checking, failed verification, or a file that was named
      or is media by name could not be read
130   stopped with Ctrl-C
====  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Sized

from clapless.model import Session

ALL_WELL = 0
NOTHING_USABLE = 1
WRONG_USAGE = 2
INCOMPLETE = 3
INTERRUPTED = 130


def of_session(session: Session, failures: Sized = ()) -> int:
    """Return the exit code of a sync.

    Parameters
    ----------
    session
        What it found.
    failures
        Files that should have been read and could not.

    Examples
    --------
    >>> of_session(Session())
    1
    """
    if not session.clips:
        return NOTHING_USABLE
    placements = [p for group in session.groups for p in group.placements]
    whole = (
        not session.unplaced
        and not failures
        and placements
        and all(p.status != "check" for p in placements)
        and all(p.verification is None or p.verification.verdict != "fail" for p in placements)
    )
    return ALL_WELL if whole else INCOMPLETE
