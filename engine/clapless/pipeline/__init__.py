"""The order of the steps: files in, a session out.

The only place that knows which part of Clapless comes after which: scan, read once, look for
candidates, match, solve, look again where it refused, solve, write down.
"""

from clapless.pipeline.offsets import offset
from clapless.pipeline.options import Failure, SyncOptions, SyncResult
from clapless.pipeline.progress import NO_PROGRESS, Progress, SilentProgress
from clapless.pipeline.syncing import sync, sync_clips, sync_paths
from clapless.pipeline.verifying import verify

__all__ = [
    "NO_PROGRESS",
    "Failure",
    "Progress",
    "SilentProgress",
    "SyncOptions",
    "SyncResult",
    "offset",
    "sync",
    "sync_clips",
    "sync_paths",
    "verify",
]
