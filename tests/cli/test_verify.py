from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import clapless.pipeline
from clapless.model import Residual, Session, Verification
from clapless.session import read_session, write_session
from tests.cli.conftest import shoot

PASSED = Verification(
    verdict="pass",
    median_s=0.0004,
    spread_s=0.0001,
    windows=9,
    parts=(
        Residual(part="head", median_s=0.0002, spread_s=0.0, windows=3),
        Residual(part="tail", median_s=0.0006, spread_s=0.0, windows=3),
    ),
)
FAILED = dataclasses.replace(PASSED, verdict="fail", median_s=0.031, suggested_drift_ppm=-12.5)
NOT_VERIFIABLE = Verification(verdict="not_verifiable", reason="no part is left over")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    session = shoot(tmp_path)
    for clip in session.clips:
        clip.path.touch()
    write_session(session, tmp_path / "s.json")
    return tmp_path / "s.json"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch):
    """Let verify answer this for every placement but the reference's."""

    def answer(verification: Verification) -> None:
        def measure(session: Session, *, progress: object) -> Session:
            groups = []
            for group in session.groups:
                placements = tuple(
                    p
                    if p.clip == group.reference
                    else dataclasses.replace(p, verification=verification)
                    for p in group.placements
                )
                groups.append(dataclasses.replace(group, placements=placements))
            return dataclasses.replace(session, groups=tuple(groups))

        monkeypatch.setattr(clapless.pipeline, "verify", measure)

    return answer


@pytest.mark.parametrize(
    ("verification", "code", "words"),
    [
        (PASSED, 0, ("PASS", "+0.40 ms", "+0.010", "+0.20 ms", "+0.60 ms", "1 pass, 0 fail")),
        (FAILED, 3, ("FAIL", "+31.00 ms", "+0.775", "99.998750 %", "0 pass, 1 fail")),
        (NOT_VERIFIABLE, 0, ("not verifiable", "no part is left over", "1 not verifiable")),
    ],
)
def test_each_answer_is_shown_and_kept(run, document, answers, verification, code, words):
    answers(verification)
    ran = run("verify", document)
    assert ran.code == code
    for word in words:
        assert word in ran.out
    (group,) = read_session(document).groups
    assert group.placements[1].verification == verification
    assert group.placements[0].verification is None


def test_the_answers_may_go_elsewhere(run, document, answers, tmp_path):
    answers(PASSED)
    before = document.read_bytes()
    assert run("verify", document, "-o", tmp_path / "other.json").code == 0
    assert document.read_bytes() == before
    assert read_session(tmp_path / "other.json").groups[0].placements[1].verification == PASSED


def test_an_unwritable_session_is_a_warning_and_the_answers_are_shown(
    run, document, answers, monkeypatch
):
    from clapless.errors import SessionError

    def refuse(_session: Session, path: Path) -> None:
        raise SessionError(f"{path.name} cannot be written: the folder is read-only.")

    monkeypatch.setattr("clapless.cli.verify.write_session", refuse)
    answers(PASSED)
    ran = run("verify", document)
    assert ran.code == 0
    assert "PASS" in ran.out
    assert ran.err.startswith("The answers were not kept: s.json cannot be written")


def test_json_is_the_document(run, document, answers):
    answers(FAILED)
    ran = run("verify", document, "--json")
    assert ran.code == 3
    assert json.loads(ran.out) == json.loads(document.read_text())


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
def test_a_broken_session_is_1_and_one_sentence(run, tmp_path, content):
    (tmp_path / "s.json").write_bytes(content)
    ran = run("verify", tmp_path / "s.json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("s.json ")
    assert ran.err.count("\n") == 1


def test_nothing_to_verify_is_1(run, tmp_path):
    write_session(Session(), tmp_path / "s.json")
    ran = run("verify", tmp_path / "s.json")
    assert ran.code == 1
    assert ran.err == "There is nothing to verify: no clip is synced to another.\n"


def test_media_that_is_gone_is_1_and_one_sentence(run, document, answers):
    answers(PASSED)
    (document.parent / "ZOOM0001.wav").unlink()
    ran = run("verify", document)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "There is nothing to verify: the recordings of s.json are not where it says "
        "(ZOOM0001.wav); move them back, or sync again.\n"
    )


def test_what_is_still_there_is_measured(run, answers, tmp_path):
    session = shoot(tmp_path)
    (group,) = session.groups
    third = dataclasses.replace(group.placements[1], clip="c3", verification=None)
    group = dataclasses.replace(group, placements=(*group.placements, third))
    write_session(dataclasses.replace(session, groups=(group,), unplaced=()), tmp_path / "s.json")
    for name in ("ZOOM0001.wav", "C0003.mp4"):
        (tmp_path / name).touch()
    answers(PASSED)
    ran = run("verify", tmp_path / "s.json")
    assert ran.code == 3
    assert ran.err == "C0002.mp4 is not where the session says.\n"
    assert "1 pass, 0 fail" in ran.out
    (group,) = read_session(tmp_path / "s.json").groups
    assert [p.verification for p in group.placements] == [None, None, PASSED]
