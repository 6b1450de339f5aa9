"""The panel: its page in a browser with a stub bridge, and its process's parts in Node."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from clapless.cli.words import offset_words
from clapless.model import Placement
from clapless.session import write_session
from clapless.signals import SIGNALS
from clapless_resolve.deploy import PLUGIN
from clapless_resolve.installing import PLUGIN_SOURCE, plugin_files
from tests.otio import shoots

pytestmark = pytest.mark.resolve

NODE = shutil.which("node")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
STUB = Path(__file__).with_name("stub_bridge.js")

needs_node = pytest.mark.skipif(NODE is None, reason="Node is not on this machine")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on this machine")


def node(code: str) -> Any:
    """Run code among the plugin's files and return the JSON that it prints."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", code],
        cwd=PLUGIN_SOURCE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def page_with_stub(folder: Path) -> Path:
    """Write the plugin's page with the stub in place of preload.js, and return it."""
    for name, text in plugin_files().items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(STUB, folder)
    page = folder / "index.html"
    first = '<script src="table.js">'
    text = page.read_text(encoding="utf-8")
    assert first in text
    page.write_text(text.replace(first, f'<script src="{STUB.name}"></script>{first}'))
    return page


def browse(page: Path, until: str, *options: str) -> str:
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={page.parent / 'profile'}",
            "--window-size=720,760",
            "--virtual-time-budget=4000",
            *options,
            f"{page.as_uri()}?until={until}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestFiles:
    def test_the_manifest_names_our_folder_and_the_file_that_runs(self):
        raw = (PLUGIN_SOURCE / "manifest.xml").read_bytes()
        assert not raw.startswith(b"\xef\xbb\xbf")
        plugin = ElementTree.fromstring(raw).find("Plugin")
        assert plugin is not None
        assert plugin.findtext("Id") == PLUGIN
        package = json.loads((PLUGIN_SOURCE / "package.json").read_text())
        assert plugin.findtext("FilePath") == package["main"] == "main.js"
        assert package["name"] == PLUGIN

    def test_what_the_program_needs_is_told_by_a_file_of_the_installation(self):
        settings = json.loads(plugin_files()["settings.json"])
        assert settings["id"] == PLUGIN
        assert settings["clapless"][-3:] == ["-I", "-m", "clapless"]

    def test_blackmagics_module_is_not_among_our_files(self):
        assert not list(PLUGIN_SOURCE.glob("*.node"))

    def test_the_page_is_kept_apart_from_node(self):
        main = (PLUGIN_SOURCE / "main.js").read_text()
        for line in ("contextIsolation: true", "nodeIntegration: false", "sandbox: true"):
            assert line in main
        page = (PLUGIN_SOURCE / "index.html").read_text()
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in page
        assert "innerHTML" not in "".join(plugin_files().values())

    def test_the_page_asks_for_what_the_bridge_gives(self):
        given = set(re.findall(r"^  (\w+): \(", (PLUGIN_SOURCE / "preload.js").read_text(), re.M))
        asked = set(
            re.findall(r"window\.clapless\.(\w+)", (PLUGIN_SOURCE / "panel.js").read_text())
        )
        assert given == asked
        handled = re.findall(
            r"(?:answer|handle)\(\"(\w+)\"", (PLUGIN_SOURCE / "main.js").read_text()
        )
        assert set(handled) == given - {"onProgress"}

    def test_every_signal_that_syncs_can_be_chosen(self):
        listed = re.findall(r'^  \["(\w+)", "', (PLUGIN_SOURCE / "panel.js").read_text(), re.M)
        assert sorted(listed) == sorted(one.name for one in SIGNALS if one.proves == "moment")

    @needs_node
    @pytest.mark.parametrize("path", sorted(PLUGIN_SOURCE.glob("*.js")), ids=lambda p: p.name)
    def test_scripts_parse(self, path: Path):
        assert NODE is not None
        done = subprocess.run([NODE, "--check", str(path)], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


@needs_chromium
class TestPage:
    def test_from_selection_to_timeline(self, tmp_path: Path):
        shown = browse(page_with_stub(tmp_path), "apply", "--dump-dom")
        assert 'data-over="yes"' in shown
        assert "5 clips, from the Media Pool selection" in shown
        assert "Interview comp is no file" in shown
        rows = re.findall(r'<tr class="(\w+)">(.*?)</tr>', shown)
        assert [kind for kind, _ in rows] == ["placed"] * 4 + ["unplaced"]
        cells = [re.findall(r"<td[^>]*>(.*?)</td>", text) for _, text in rows]
        assert cells[0][:4] == ["ZOOM0001.WAV", "Zoom", "reference", "00:00:00;00"]
        assert cells[1][2:] == ["check", "00:00:43;29", "−2.0 frames/h", "71.0 %"]
        assert cells[4][-1] == "no sound in common with any other clip"
        asked = re.search(r'data-asked="([^"]*)"', shown)
        assert asked is not None
        # All signals chosen is none chosen: naming one lifts the caution about it.
        assert html.unescape(asked[1]) == 'null {"session":"/tmp/session.json","multicam":false}'
        assert "1 should be checked (yellow)" in shown
        assert "<b>A001" not in shown

    def test_work_shows_progress_and_can_be_cancelled(self, tmp_path: Path):
        shown = browse(page_with_stub(tmp_path), "progress", "--dump-dom")
        assert "comparing sound, pair 1 of 3" in shown
        assert re.search(r'<button id="cancel" type="button">', shown)
        assert re.search(r'<button id="sync"[^>]*disabled', shown)
        assert re.search(r'<progress id="bar" max="3" value="1">', shown)

    def test_it_can_be_looked_at(self, tmp_path: Path):
        import cv2

        picture = tmp_path / "panel.png"
        browse(page_with_stub(tmp_path), "apply", f"--screenshot={picture}")
        seen = cv2.imread(str(picture))
        assert seen is not None
        # The ground is dark, and something is written on it.
        assert seen.mean() < 90
        assert seen.std() > 15


@needs_node
class TestTable:
    @pytest.mark.parametrize(
        "rate", ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"]
    )
    def test_timecode_is_that_of_the_command_line(self, rate: str):
        times = [
            0,
            0.02,
            1.0,
            59.973,
            60.0,
            61.254,
            599.99,
            600.0,
            1020.5,
            3599.983,
            7261.313,
            86000.1,
        ]
        frames = Fraction(rate)
        code = (
            "const {timecode, fraction} = require('./table.js');"
            f"console.log(JSON.stringify({times}.map((t) => timecode(t, fraction('{rate}')))))"
        )
        assert node(code) == [offset_words(t, frames)[0].lstrip("+") for t in times]

    def test_a_session_document_of_ours(self, tmp_path: Path):
        clips = [
            shoots.camera(f"c{n}", rate=Fraction(25), frames=500, device=f"Cam {n}")
            for n in (1, 2, 3)
        ]
        session = shoots.session(
            *clips,
            placements=(
                Placement(clip="c1", offset_s=0.0),
                Placement(clip="c2", offset_s=-4.0, drift_ppm=100.0, confidence=0.97),
            ),
            unplaced=("c3",),
        )
        path = tmp_path / "session.json"
        write_session(session, path)
        rows = node(
            "const {rowsOf} = require('./table.js'); const fs = require('fs');"
            f"console.log(JSON.stringify(rowsOf(JSON.parse(fs.readFileSync({str(path)!r})))))"
        )
        assert [(row["clip"], row["word"]) for row in rows] == [
            ("C2", "synced"),
            ("C1", "reference"),
            ("C3", "not synced"),
        ]
        assert (rows[0]["starts"], rows[0]["drift"]) == ("00:00:00:00", "+9.0 frames/h")
        assert (rows[1]["starts"], rows[2]["reason"]) == ("00:00:04:00", session.unplaced[0].reason)


FAKE = """
class Clip {
  constructor(facts) { this.facts = facts; }
  GetName() { return this.facts["Clip Name"]; }
  async GetClipProperty() { return this.facts; }
}
class Pool {
  constructor(clips) { this.clips = clips; }
  GetCurrentFolder() { return { GetClipList: () => this.clips }; }
}
const clips = [
  new Clip({ "Clip Name": "a.mov", "File Path": "/a.mov", "Video Codec": "H.264", Duration: "1" }),
  new Clip({ "Clip Name": "b.wav", "File Path": "/b.wav", "Audio Ch": "2" }),
  new Clip({ "Clip Name": "comp", "File Path": "" }),
  new Clip({ "Clip Name": "odd", "File Path": "/odd" }),
];
const pool = new Pool(clips);
const resolve = {
  GetProjectManager: () => ({ GetCurrentProject: async () => ({ GetMediaPool: () => pool }) }),
};
"""


@needs_node
class TestProcess:
    def test_calls_are_made_as_in_the_other_entries(self):
        calls = [
            {"on": 0, "do": "GetProjectManager", "with": []},
            {"on": {"call": 1}, "do": "GetCurrentProject", "with": []},
            {"on": {"call": 2}, "do": "GetMediaPool", "with": []},
            {"on": {"call": 3}, "do": "?has", "with": ["GetCurrentFolder", "Nope"]},
            {"on": {"call": 3}, "do": "Nope", "with": []},
            {"on": {"call": 5}, "do": "GetName", "with": []},
            {"on": {"call": 3}, "do": "?get", "with": ["clips"]},
        ]
        results = node(
            f"{FAKE} const {{Caller}} = require('./bridge.js');"
            f"new Caller(resolve).results({json.dumps(calls)})"
            ".then((r) => console.log(JSON.stringify(r)))"
        )
        assert results[:4] == [
            {"ok": {"@": 1}},
            {"ok": {"@": 2}},
            {"ok": {"@": 3}},
            {"ok": [True, False]},
        ]
        assert results[4] == {"error": "this Resolve has no Nope"}
        assert results[5] == {"error": "there is no object to ask GetName"}
        assert results[6] == {"ok": [{"@": 4}, {"@": 5}, {"@": 6}, {"@": 7}]}

    def test_an_engine_is_answered_until_its_last_words(self, tmp_path: Path):
        engine = tmp_path / "engine.js"
        engine.write_text(
            "const out = (one) => console.log(JSON.stringify(one));"
            "console.log('a library speaks');"
            "out({progress: {text: 'placing', done: 1, of: 2}});"
            "out({id: 1, calls: [{on: 0, do: 'Name', with: [{a: [1]}]}]});"
            "process.stdin.once('data', (text) => {"
            "  const sentence = JSON.parse(text).results[0].ok;"
            "  out({done: {ok: true, sentence}}); process.exit(0)});"
        )
        for command, expected in (
            (["node", str(engine)], "Zoë [1]"),
            (["node", "-e", "process.exit(9)"], "Nothing of yours was changed"),
            (["/gone/python"], "Clapless cannot be started"),
        ):
            done = node(
                "const {Caller, converse} = require('./bridge.js');"
                "const {spawn} = require('child_process'); const told = [];"
                "const resolve = {Name: (x) => 'Zoë ' + JSON.stringify(x.a)};"
                f"const [program, ...rest] = {json.dumps(command)};"
                "converse(spawn(program, rest), new Caller(resolve), (p) => told.push(p.text))"
                ".then((d) => console.log(JSON.stringify({...d, told})))"
            )
            assert expected in done["sentence"]
            assert done["told"] == (["placing"] if done["ok"] else [])

    def test_the_selection_is_read_and_what_is_left_out_is_told(self):
        found = node(
            f"{FAKE} const {{selection}} = require('./selection.js');"
            "selection(resolve).then((r) => console.log(JSON.stringify(r)))"
        )
        assert found["origin"] == "open bin"
        assert [one["path"] for one in found["clips"]] == ["/a.mov", "/b.wav"]
        assert found["skipped"] == [
            "comp is no file (a timeline or compound clip) and was left out.",
            "odd has neither picture nor sound and was left out.",
        ]

    def test_no_project_is_a_sentence(self):
        words = node(
            "const {selection} = require('./selection.js');"
            "selection({GetProjectManager: () => ({GetCurrentProject: () => null})})"
            ".catch((e) => console.log(JSON.stringify(e.message)))"
        )
        assert words == ("Open a project in Resolve first. Close any dialog that is open in it.")

    def test_the_engine_gets_an_environment_of_its_own(self):
        kept = node(
            "const {engineEnvironment} = require('./bridge.js');"
            "console.log(JSON.stringify(engineEnvironment({HOME: '/a', PYTHONHOME: 'x',"
            " LD_LIBRARY_PATH: 'y', ELECTRON_RUN_AS_NODE: '1'})))"
        )
        assert kept == {"HOME": "/a"}


CLAPLESS = """
const [verb, ...rest] = process.argv.slice(2);
const out = (one) => console.log(JSON.stringify(one));
if (process.env.PYTHONHOME) process.exit(8);
if (verb === "sync") {
  console.error("reading sound");
  if (rest[0] === "/nothing") { console.error("There is no media."); process.exit(1); }
  if (rest[0] === "/slow") setInterval(() => {}, 1000);
  else {
    const placed = [{ status: "synced" }, { status: "check" }];
    out({ clips: [1, 2, 3], groups: [{ placements: placed }], unplaced: [{}], rest });
    process.exitCode = 3;
  }
} else {
  out({ progress: { text: "placing", done: 0, of: 0 } });
  out({ id: 1, calls: [
    { on: 0, do: "GetProjectManager", with: [] },
    { on: { call: 1 }, do: "GetCurrentProject", with: [] },
    { on: { call: 2 }, do: "GetMediaPool", with: [] },
    { on: { call: 3 }, do: "Name", with: ["one"] } ] });
  require("./bridge.js").lines(process.stdin, (text) => {
    const said = JSON.parse(text);
    if (!said.cancel && process.argv.includes("/slow")) return;
    const sentence = said.cancel ? "Cancelled." : said.results[3].ok + " " + rest.join(" ");
    out({ done: { ok: !said.cancel, sentence } });
    process.exit(0);
  });
}
"""


@needs_node
class TestMain:
    """main.js as it runs in Electron, with Electron and Resolve's module played."""

    @pytest.fixture
    def plugin(self, tmp_path: Path) -> Path:
        folder = tmp_path / "Workflow Integration Plugins" / PLUGIN
        folder.mkdir(parents=True)
        for name, text in plugin_files().items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "clapless.js").write_text(CLAPLESS)
        settings = {"id": PLUGIN, "clapless": [NODE, str(folder / "clapless.js")]}
        (folder / "settings.json").write_text(json.dumps(settings))
        return folder

    def run(self, plugin: Path, *requests: list[Any], **options: Any) -> Any:
        assert NODE is not None
        host = Path(__file__).with_name("main_host.js")
        done = subprocess.run(
            [NODE, str(host), str(plugin), json.dumps(requests), json.dumps(options)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONHOME": "/bent"},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @pytest.mark.parametrize("old", [False, True])
    def test_from_clips_to_timeline(self, plugin: Path, old: bool):
        told = self.run(
            plugin,
            ["clips"],
            ["sync", {"paths": ["/a b.mov", "/c.wav"], "signals": None}],
            ["sync", {"paths": ["/a b.mov"], "signals": ["audio", "ltc"]}],
            ["apply", {"session": "/s.json", "multicam": False}],
            ["apply", {"session": "/s.json", "multicam": True}],
            old=old,
        )
        assert told["window"]["contextIsolation"] is True
        assert told["window"]["nodeIntegration"] is False
        assert told["window"]["sandbox"] is True
        assert (told["opens"], told["page"]) == ("deny", "index.html")
        clips, first, second, flat, multicam = told["answers"]
        assert [one["path"] for one in clips["clips"]] == ["/a b.mov"]
        assert first["sentence"] == "1 of 3 clips are synced, 1 to be checked, 1 not synced."
        assert first["session"]["rest"] == ["/a b.mov", "/c.wav", "--json", "-o", first["path"]]
        assert second["session"]["rest"][1:3] == ["--signals", "audio,ltc"]
        assert flat["sentence"] == "Media Pool one run sync --session /s.json"
        assert multicam["sentence"] == "Media Pool one run multicam --session /s.json"
        assert told["progress"] == ["reading sound"] * 2 + ["placing"] * 2
        assert (told["quit"], told["cleaned"]) == (True, True)

    def test_nothing_usable_is_the_command_lines_sentence(self, plugin: Path):
        told = self.run(plugin, ["sync", {"paths": ["/nothing"], "signals": None}])
        assert told["answers"] == [{"ok": False, "sentence": "There is no media."}]

    def test_cancelling(self, plugin: Path):
        told = self.run(
            plugin, ["sync", {"paths": ["/slow"], "signals": None}], cancelAt="reading sound"
        )
        assert told["answers"] == [{"ok": False, "sentence": "Cancelled. Nothing was changed."}]
        told = self.run(
            plugin, ["apply", {"session": "/slow", "multicam": False}], cancelAt="placing"
        )
        assert told["answers"] == [{"ok": False, "sentence": "Cancelled."}]

    def test_what_resolve_refuses_is_a_sentence(self, plugin: Path):
        (answer,) = self.run(plugin, ["clips"], refused=True)["answers"]
        assert answer == {
            "thrown": "Resolve does not let plugins in. It must be the Studio edition."
        }
        (answer,) = self.run(plugin, ["clips"], silent=True)["answers"]
        assert "Close any dialog" in answer["thrown"]

    def test_clapless_that_is_gone(self, plugin: Path):
        settings = {"id": PLUGIN, "clapless": ["/gone/python"]}
        (plugin / "settings.json").write_text(json.dumps(settings))
        synced, applied = self.run(
            plugin,
            ["sync", {"paths": ["/a"], "signals": None}],
            ["apply", {"session": "/s.json", "multicam": False}],
        )["answers"]
        assert "cannot be started" in synced["thrown"]
        assert "install it again" in synced["thrown"]
        assert "cannot be started" in applied["sentence"]
