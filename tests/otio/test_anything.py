"""Whatever a session holds, every format writes it soundly or refuses it in a sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from clapless.errors import ClaplessError
from clapless_otio.export import export
from clapless_otio.fcpxml.check import findings
from clapless_otio.options import ExportOptions
from tests import strategies
from tests.otio import shoots

FORMATS = ["otio", "fcpxml", "premiere", "edl", "file32", "csv", "resolve-markers", "merged"]


@pytest.mark.parametrize("to", FORMATS)
def test_any_session_is_written_or_refused(to, tmp_path):
    out = tmp_path / {"fcpxml": "a.fcpxml", "merged": "a.fcpxml"}.get(to, "a.xml")

    @shoots.few(12)
    @given(
        session=strategies.sessions(),
        drift=st.sampled_from(["none", "retime", "slices"]),
        multicam=st.booleans(),
        groups=st.sampled_from(["one", "separate"]),
    )
    def holds(session, drift, multicam, groups):
        for old in tmp_path.iterdir():
            old.unlink()
        options = ExportOptions(drift=drift, multicam=multicam, groups=groups)
        refused = ""
        try:
            export(session, out, to=to, options=options)
        except ClaplessError as error:
            refused = str(error)
        if refused:
            assert refused.endswith(".")
            assert list(tmp_path.iterdir()) == []
            return
        assert out.stat().st_size > 0
        assert {path.parent for path in tmp_path.rglob("*")} == {Path(tmp_path)}
        if out.suffix == ".fcpxml":
            assert findings(etree.parse(out).getroot()) == []

    holds()
