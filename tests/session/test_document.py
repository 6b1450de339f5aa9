from __future__ import annotations

import dataclasses
import json
import math
import os
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clapless.errors import NewerVersionError, SessionError
from clapless.model import Clip, Group, Marker, Match, MediaFile, Placement, Session
from clapless.session import read_session, to_json, write_session
from clapless.timing import Segment, TimeMap
from tests.strategies import extras, sessions


def one_clip(**changes) -> Session:
    clip = Clip(id="c1", name="C0001", files=(MediaFile(path=Path("/shoot/A/C0001.MP4")),))
    reference = Placement(clip="c1", offset_s=0.0)
    group = Group(id="g1", reference="c1", placements=(reference,))
    return Session(**({"clips": (clip,), "groups": (group,)} | changes))


def write_raw(path: Path, change) -> Path:
    raw = json.loads(to_json(one_clip(), base=path.parent))
    change(raw)
    path.write_text(json.dumps(raw))
    return path


@given(session=sessions())
@settings(max_examples=60)
def test_reading_gives_back_what_was_written(session: Session, tmp_path: Path):
    path = tmp_path / "s.json"
    write_session(session, path)
    assert read_session(path) == session
    assert not list(tmp_path.glob("*.part"))


@given(session=sessions(max_clips=2))
@settings(max_examples=20)
def test_written_text_is_utf8_json_without_special_numbers(session: Session):
    text = to_json(session, base=Path("/shoot"))

    def refuse(word: str) -> None:
        raise AssertionError(word)

    document = json.loads(text.encode("utf-8"), parse_constant=refuse)
    assert list(document)[:2] == ["schema", "version"]


def every_object(document, place=()):
    """Yield the places of all objects of a document that have a schema of their own."""
    if isinstance(document, dict):
        yield place
        for key, value in document.items():
            if key not in {"metadata", "details"}:
                yield from every_object(value, (*place, key))
    elif isinstance(document, list):
        for i, value in enumerate(document):
            yield from every_object(value, (*place, i))


def full_document():
    """A document with an object of every kind."""
    mapped = TimeMap((Segment(((0.0, 1.0), (2.0, 3.0)), (0.1, 0.1)),))
    session = one_clip(
        matches=(Match(a="c1", b="c1", signal="audio", offset_s=0.0, time_map=mapped),),
        markers=(Marker(id="m1", name="chorus", clip="c1", time_s=1.0),),
    )
    document = json.loads(to_json(session, base=Path("/shoot")))
    document["devices"] = [{"id": "A"}]
    document["clips"].append(document["clips"][0] | {"id": "c2"})
    document["clips"][0]["audio"] = [{"index": 0, "channels": 1, "sample_rate_hz": 48000}]
    document["pins"] = [{"a": "c1", "a_s": 1.0, "b": "c1", "b_s": 1.0}]
    document["groups"][0]["placements"][0] |= {
        "time_map": document["matches"][0]["time_map"],
        "disagreements": [{"signal": "motion", "difference_s": 0.1}],
        "verification": {
            "verdict": "pass",
            "parts": [{"part": "head", "median_s": 0.0, "spread_s": 0.0, "windows": 1}],
        },
    }
    document["unplaced"] = [
        {
            "clip": "c2",
            "code": "no_match",
            "reason": "",
            "candidates": [{"a": "c1", "offset_s": 1.0}],
            "suggested_pins": document["pins"],
        }
    ]
    return json.loads(json.dumps(document))  # no object stands in two places


def test_unknown_keys_survive_at_every_level(tmp_path: Path):
    document = full_document()
    places = list(every_object(document))
    kinds = {next((key for key in reversed(place) if isinstance(key, str)), "") for place in places}
    assert kinds == {
        *("", "devices", "clips", "files", "audio", "groups", "placements", "time_map"),
        *("segments", "disagreements", "verification", "parts", "unplaced", "candidates"),
        *("suggested_pins", "matches", "pins", "markers"),
    }
    for number, place in enumerate(places):
        target = document
        for key in place:
            target = target[key]
        target["x-new"] = {"from": [number, "a later version"]}
    path = tmp_path / "s.json"
    path.write_text(json.dumps(document))
    session = read_session(path)
    write_session(session, path)
    written = json.loads(path.read_text())
    for number, place in enumerate(places):
        target = written
        for key in place:
            target = target[key]
        assert target["x-new"] == {"from": [number, "a later version"]}, place


@given(extra=extras)
def test_an_extra_never_replaces_a_known_key(extra: dict[str, object]):
    session = one_clip(extra=extra | {"engine": "forged"}, engine="0.1.0")
    assert json.loads(to_json(session, base=Path("/shoot")))["engine"] == "0.1.0"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_know_are_refused_with_their_place(number: float, tmp_path):
    bad = Placement(clip="c1", offset_s=0.0, confidence=number)
    session = one_clip(groups=(Group(id="g1", reference="c1", placements=(bad,)),))
    path = tmp_path / "s.json"
    with pytest.raises(SessionError, match=r"groups\[0\].placements\[0\].confidence is"):
        write_session(session, path)
    assert not list(tmp_path.iterdir())


def test_details_may_hold_numpy_numbers_and_fractions(tmp_path: Path):
    np = pytest.importorskip("numpy")
    details = {"n": np.int64(3), "r": np.float32(0.5), "a": np.arange(2), "f": Fraction(1, 3)}
    match = Match(a="c1", b="c1", signal="audio", offset_s=0.0, details=details)
    text = to_json(one_clip(matches=(match,)), base=tmp_path)
    read = json.loads(text)["matches"][0]["details"]
    assert read == {"n": 3, "r": 0.5, "a": [0, 1], "f": "1/3"}


def test_what_json_has_no_word_for_is_refused():
    match = Match(a="c1", b="c1", signal="audio", offset_s=0.0, details={"x": object()})
    with pytest.raises(SessionError, match=r"matches\[0\].details.x is a object"):
        to_json(one_clip(matches=(match,)), base=Path("/"))


class TestRefusals:
    """One sentence with the file's name, the place and what was expected there."""

    def test_a_newer_version(self, tmp_path):
        path = write_raw(tmp_path / "s.json", lambda raw: raw.update(version=2, shape="other"))
        with pytest.raises(NewerVersionError, match=r"^s.json was written by a newer Clapless"):
            read_session(path)

    @pytest.mark.parametrize("version", [None, "1", 0, True, 1.5])
    def test_no_version(self, version, tmp_path):
        path = write_raw(tmp_path / "s.json", lambda raw: raw.update(version=version))
        with pytest.raises(SessionError, match=r"does not say which version"):
            read_session(path)

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "s.json is empty."),
            (b" \n", "s.json is empty."),
            (b'{"schema": ', "s.json is no whole JSON document: .* line 1, column 12; it may"),
            (b"\xff\xfe{}", "s.json is no text in UTF-8"),
            (b"[1, 2]", "s.json is no session document: clapless sync writes one"),
            (b'{"a": 1}', "s.json is no session document"),
            (b'{"a": NaN}', "s.json is no JSON document: NaN is no number"),
            (b"[" * 100000, "s.json is nested too deeply"),
            (b'{"a": ' + b"9" * 5000 + b"}", "s.json is no JSON document"),
        ],
    )
    def test_no_document(self, data, sentence, tmp_path):
        path = tmp_path / "s.json"
        path.write_bytes(data)
        with pytest.raises(SessionError, match=sentence):
            read_session(path)

    def test_cut_anywhere(self, tmp_path):
        whole = to_json(one_clip(), base=tmp_path).encode()
        path = tmp_path / "s.json"
        for end in range(0, len(whole) - 3, 97):
            path.write_bytes(whole[:end])
            with pytest.raises(SessionError, match=r"^s.json is"):
                read_session(path)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (
                lambda r: r["clips"][0].pop("name"),
                r"at clips\[0\], .*missing required field `name`",
            ),
            (
                lambda r: r["clips"][0].update(name=3),
                r"clips\[0\].name, expected text, got a whole",
            ),
            (lambda r: r["clips"][0].update(files=[]), r"at clips\[0\].files"),
            (
                lambda r: r["clips"][0].update(frame_rate="0"),
                r"at clips\[0\], a frame rate must be",
            ),
            (lambda r: r["clips"][0].update(frame_rate="1/0"), r"clips\[0\].frame_rate"),
            (lambda r: r["clips"][0].update(duration_s="1e9999999"), "'1e9999999' is no fraction"),
            (lambda r: r["clips"][0].update(duration_s=1.5), r"clips\[0\].duration_s"),
            (lambda r: r.update(groups={}), "at groups, expected a list, got an object"),
            (lambda r: r["groups"][0].update(reference="c7"), "names the clip 'c7'"),
            (lambda r: r["groups"][0].update(placements=[]), "reference of group 'g1' has no"),
            (lambda r: r["groups"].append(r["groups"][0]), "the group 'g1' stands in it twice"),
            (lambda r: r["clips"].append(r["clips"][0]), "the clip 'c1' stands in it twice"),
            (
                lambda r: r["groups"][0]["placements"][0].update(status="locked"),
                r"groups\[0\].placements\[0\].status",
            ),
            (
                lambda r: r["groups"][0]["placements"][0].update(speed="0"),
                r"groups\[0\].placements\[0\], a speed must be positive",
            ),
            (
                lambda r: r["groups"][0]["placements"][0].update(offset_s=1e400),
                "no JSON document: Infinity",
            ),
            (
                lambda r: r["groups"][0]["placements"][0].update(offset_s=10**400),
                r"groups\[0\].placements\[0\].offset_s",
            ),
            (
                lambda r: r["groups"][0]["placements"][0].update(time_map={"segments": []}),
                "a time map needs a segment",
            ),
            (
                lambda r: r["groups"][0]["placements"][0].update(
                    time_map={"segments": [{"knots": [[0, 0], [0, 1]]}]}
                ),
                r"time_map.segments\[0\], knots must rise",
            ),
            (
                lambda r: r.update(unplaced=[{"clip": "c1", "code": "x", "reason": ""}]),
                "both placed and unplaced",
            ),
            (
                lambda r: r.update(markers=[{"id": "m", "name": "", "time_s": 1.0}]),
                r"at markers\[0\], marker 'm' needs either",
            ),
            (
                lambda r: r.update(markers=[{"id": "m", "name": "", "time_s": 1, "group": "g2"}]),
                "names the group 'g2'",
            ),
            (
                lambda r: r.update(pins=[{"a": "c1", "a_s": 1.0, "b": "c9", "b_s": 0.5}]),
                "a pin names the clip 'c9'",
            ),
        ],
    )
    def test_damage(self, change, sentence, tmp_path):
        path = write_raw(tmp_path / "s.json", change)
        with pytest.raises(SessionError, match=sentence) as caught:
            read_session(path)
        assert str(caught.value).startswith("s.json is")
        assert "\n" not in str(caught.value)
        assert "`" not in str(caught.value).replace("`name`", "")

    def test_no_file_and_a_folder(self, tmp_path):
        with pytest.raises(SessionError, match=r"^s.json cannot be read: no such file"):
            read_session(tmp_path / "s.json")
        with pytest.raises(SessionError, match="cannot be read"):
            read_session(tmp_path)

    def test_a_number_beyond_float(self, tmp_path):
        path = tmp_path / "s.json"
        text = to_json(one_clip(), base=tmp_path).replace('"offset_s": 0.0', '"offset_s": 1e999')
        path.write_text(text)
        with pytest.raises(SessionError, match=r"groups\[0\].placements\[0\].offset_s is beyond"):
            read_session(path)


class TestWriting:
    def test_something_else_of_that_name_is_kept(self, tmp_path):
        path = tmp_path / "take.wav"
        path.write_bytes(b"RIFF....WAVE")
        with pytest.raises(SessionError, match=r"take.wav exists and is no session document"):
            write_session(one_clip(), path)
        assert path.read_bytes() == b"RIFF....WAVE"

    def test_a_session_is_replaced_and_keeps_its_permissions(self, tmp_path):
        path = tmp_path / "s.json"
        write_session(one_clip(engine="old"), path)
        path.chmod(0o640)
        write_session(one_clip(engine="new"), path)
        assert read_session(path).engine == "new"
        assert path.stat().st_mode & 0o777 == 0o640

    def test_a_failure_leaves_the_old_document(self, tmp_path, monkeypatch):
        path = tmp_path / "s.json"
        write_session(one_clip(engine="old"), path)

        def full(_fd: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(SessionError, match="cannot be written: no space left on device"):
            write_session(one_clip(engine="new"), path)
        assert read_session(path).engine == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_ctrl_c_leaves_nothing_behind(self, tmp_path, monkeypatch):
        def stop(_fd: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            write_session(one_clip(), tmp_path / "s.json")
        assert not list(tmp_path.iterdir())

    def test_a_missing_folder_is_one_sentence(self, tmp_path):
        with pytest.raises(
            SessionError, match=r"s.json cannot be written: there is no folder nowhere;"
        ):
            write_session(one_clip(), tmp_path / "nowhere" / "s.json")

    def test_a_folder_in_its_place(self, tmp_path):
        with pytest.raises(SessionError, match="cannot be written: it is a folder"):
            write_session(one_clip(), tmp_path)

    def test_a_link_is_followed(self, tmp_path):
        real = tmp_path / "real.json"
        write_session(one_clip(), real)
        link = tmp_path / "link.json"
        try:
            link.symlink_to(real)
        except OSError:
            pytest.skip("this system makes no links")
        write_session(one_clip(engine="new"), link)
        assert link.is_symlink()
        assert read_session(real).engine == "new"


@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_folding_of_number_lists_leaves_text_alone(name: str):
    tricky = name + "[ 1, 2 ] [\n 1,\n 2 \n]"
    session = one_clip()
    clip = dataclasses.replace(session.clips[0], name=tricky)
    text = to_json(dataclasses.replace(session, clips=(clip,)), base=Path("/"))
    assert json.loads(text)["clips"][0]["name"] == tricky
