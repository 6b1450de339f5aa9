from __future__ import annotations

import json

import numpy as np

from clapless.store import FeatureKey, Store


def fill() -> None:
    key = FeatureKey(fingerprints=("1:2:3",), extractor="audio", version=1)
    with Store() as store:
        store.put(key, {"bands": np.arange(3)})


def test_it_says_where_and_how_much(run, private_cache):
    fill()
    ran = run("cache", "info")
    assert ran.code == 0
    assert str(private_cache) in ran.out
    assert "It holds 1 feature (audio 1) in" in ran.out


def test_it_says_it_to_machines(run, private_cache):
    fill()
    printed = json.loads(run("cache", "info", "--json").out)
    assert printed["entries"] == 1
    assert printed["extractors"] == {"audio": 1}
    assert printed["path"].startswith(str(private_cache))
    assert printed["warning"] is None


def test_it_is_cleared(run):
    fill()
    assert run("cache", "clear").out == "Cleared 1 feature.\n"
    assert json.loads(run("cache", "info", "--json").out)["entries"] == 0
    assert run("cache", "clear").out == "Cleared 0 features.\n"


def test_one_that_cannot_be_used_is_a_sentence(run, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLAPLESS_CACHE", str(tmp_path / "file" / "cache"))
    ran = run("cache", "clear")
    assert ran.code == 1
    assert ran.err.startswith("The cache ")
    assert ran.err.count("\n") == 1
    assert run("cache", "info").code == 0


def test_without_a_word_it_helps(run):
    ran = run("cache")
    assert ran.code == 2
    assert "clear" in ran.out + ran.err
