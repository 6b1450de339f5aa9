"""Two files, one answer."""

from __future__ import annotations

from pathlib import Path

from clapless.errors import ClaplessError, UsageError, printable
from clapless.media import scan
from clapless.model import Placement, Refusal
from clapless.pipeline.names import ClipNames
from clapless.pipeline.options import SyncOptions
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.pipeline.syncing import sync_clips
from clapless.store import Store


def offset(
    a: Path | str,
    b: Path | str,
    *,
    signals: tuple[str, ...] | None = None,
    progress: Progress = NO_PROGRESS,
    store: Store | None = None,
) -> Placement | Refusal:
    """Return where file b lies on the clock of file a, or why that is not known.

    Parameters
    ----------
    a, b
        Two media files. `Placement.offset_s` > 0: b starts later than a.
    signals
        Names of the signals to use, None for all.
    progress
        Told how far the work is.
    store
        Cache of features; the user's own by default.

    Raises
    ------
    ClaplessError
        A file cannot be read.
    UsageError
        Both files are one recording.
    """
    catalog = scan([a, b])
    if catalog.failures:
        raise ClaplessError(catalog.failures[0].reason)
    names = ClipNames(catalog.clips)
    one, two = names.by_path(Path(a)), names.by_path(Path(b))
    if one is None or two is None or one == two:
        raise UsageError(f"{printable(str(a))} and {printable(str(b))} are not two recordings.")
    result = sync_clips(
        catalog.clips,
        catalog.devices,
        options=SyncOptions(reference=one, signals=signals),
        progress=progress,
        store=store,
    )
    if result.failures:
        raise ClaplessError(result.failures[0].message)
    found = result.session.placement(two)
    if found is not None:
        return found[1]
    left = {clip.clip: clip for clip in result.session.unplaced}
    # What is wrong with one file alone says more than that the pair shows nothing.
    told = min((left[two], left[one]), key=lambda u: u.code in ("no_evidence", "no_match"))
    return Refusal(
        a=one,
        b=two,
        signal="",
        code=told.code,
        reason=told.reason,
        candidates=left[two].candidates,
        suggested_pins=left[two].suggested_pins,
    )
