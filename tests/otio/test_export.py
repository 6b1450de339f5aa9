"""The export verb and call: which format, what is refused, and that files are whole."""

from importlib.metadata import entry_points
from pathlib import Path

import opentimelineio as otio
import pytest
from lxml import etree
from typer.testing import CliRunner

from clapless.errors import ClaplessError, ExportError, UsageError
from clapless.model import Placement
from clapless.session import write_session
from clapless_otio.commands import app
from clapless_otio.export import export
from clapless_otio.options import ExportOptions
from tests.otio import shoots


def small():
    a, b = shoots.camera("c1"), shoots.recorder("r1")
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="r1", offset_s=2.5, drift_ppm=30.0),
    )
    return shoots.session(a, b, placements=placed)


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_command_line_finds_the_verbs_by_their_entry_point():
    (found,) = [e for e in entry_points(group="clapless.commands") if e.name == "otio"]
    assert found.load() is app


def test_export_writes_by_suffix(tmp_path):
    write_session(small(), tmp_path / "s.json")
    for name in ("a.otio", "a.fcpxml"):
        result = run("export", tmp_path / "s.json", "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
    assert len(list(otio.adapters.read_from_file(str(tmp_path / "a.otio")).find_clips())) == 3
    assert etree.parse(tmp_path / "a.fcpxml").getroot().get("version") == "1.10"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.fcpxml", "a.otio", "s.json"]


@pytest.mark.parametrize("to", ["fcpxml", "otio", "otioz", "premiere", "edl", "csv"])
@pytest.mark.parametrize("name", ["C0001.MP4", "link.otio"])
def test_an_export_never_takes_the_place_of_a_recording(tmp_path, to, name):
    write_session(small(), tmp_path / "s.json")
    recording = tmp_path / "C0001.MP4"
    recording.write_bytes(b"what was filmed")
    (tmp_path / "link.otio").symlink_to(recording)
    with pytest.raises(ExportError, match="never written over"):
        export(small(), tmp_path / name, to=to)
    assert recording.read_bytes() == b"what was filmed"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["C0001.MP4", "link.otio", "s.json"]


def test_an_export_never_takes_the_place_of_what_it_reads(tmp_path):
    write_session(small(), tmp_path / "s.json")
    before = (tmp_path / "s.json").read_bytes()
    result = run("export", tmp_path / "s.json", "-o", tmp_path / "." / "s.json", "--to", "otio")
    assert isinstance(result.exception, UsageError)
    assert "s.json is read from" in str(result.exception)
    assert (tmp_path / "s.json").read_bytes() == before
    assert run("export", tmp_path / "s.json", "-o", tmp_path / "a.otio").exit_code == 0
    result = run("convert", tmp_path / "a.otio", tmp_path / "a.otio")
    assert isinstance(result.exception, UsageError)


def test_drift_none_is_asked_for(tmp_path):
    write_session(small(), tmp_path / "s.json")
    out = tmp_path / "a.fcpxml"
    assert run("export", tmp_path / "s.json", "-o", out, "--drift", "none").exit_code == 0
    assert b"timeMap" not in out.read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--drift", "glue"),
        ("--groups", "some"),
        ("--fps", "0"),
        ("--start-timecode", "noon"),
        ("--to", "glue"),
        ("--to", "merged"),
        ("--to", "fcpxml", "--format-version", "2"),
        ("--to", "edl", "--drift", "retime"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, arguments):
    write_session(small(), tmp_path / "s.json")
    result = run("export", tmp_path / "s.json", "-o", tmp_path / "a.otio", *arguments)
    assert isinstance(result.exception, UsageError)
    assert not (tmp_path / "a.otio").exists()


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=r"suffix of a\.doc.*fcpxml.*otio"):
        export(small(), tmp_path / "a.doc")


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ExportError, match=r"a\.otio cannot be written: no such file"):
        export(small(), tmp_path / "none" / "a.otio")


def test_a_failed_export_leaves_what_was_there(tmp_path):
    out = tmp_path / "a.fcpxml"
    out.write_bytes(b"before")
    with pytest.raises(ClaplessError):
        export(small(), out, options=ExportOptions(start_timecode="25:99:00:00"))
    assert out.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.fcpxml"]


def test_separate_groups_make_separate_timelines(tmp_path):
    session = small()
    two = type(session)(
        clips=session.clips,
        groups=tuple(
            type(session.groups[0])(id=c, reference=c, placements=(Placement(clip=c, offset_s=0),))
            for c in ("c1", "r1")
        ),
    )
    out = tmp_path / "a.fcpxml"
    export(two, out, options=ExportOptions(groups="separate"))
    assert len(list(etree.parse(out).getroot().iter("project"))) == 2
    out = tmp_path / "a.otio"
    export(two, out, options=ExportOptions(groups="separate"))
    assert len(otio.adapters.read_from_file(str(out))) == 2


def test_hostile_file_names_stay_where_they_are(tmp_path):
    session = small()
    out = tmp_path / 'it\'s "two" %s <&>.fcpxml'
    export(session, out)
    assert [p.name for p in Path(tmp_path).iterdir()] == [out.name]
    assert etree.parse(str(out)).getroot().find("event").get("name") == out.stem
