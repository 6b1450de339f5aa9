"""The session document and sidecars on disk.

`read_session` and `write_session` are what most callers want; `to_json` gives the same text
without a file; `write_sidecars` lays a small note beside each placed file.
"""

from clapless.aside import write_aside
from clapless.session.document import check_target, read_session, to_json, write_session
from clapless.session.paths import check_not_read
from clapless.session.sidecars import SIDECAR_SUFFIX, write_sidecars

__all__ = [
    "SIDECAR_SUFFIX",
    "check_not_read",
    "check_target",
    "read_session",
    "to_json",
    "write_aside",
    "write_session",
    "write_sidecars",
]
