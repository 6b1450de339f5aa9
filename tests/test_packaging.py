"""What gets installed: names, wheels, entry points, and what an import costs."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import clapless

ROOT = Path(__file__).resolve().parents[1]


def python(code: str) -> str:
    """Run code in a fresh interpreter, warnings as errors, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules_after(code: str) -> set[str]:
    """Return the top-level modules that are loaded after running the code."""
    printed = python(f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})")
    return set(printed.split())


class TestExports:
    def test_the_list_is_sorted_and_every_name_is_there(self):
        assert clapless.__all__ == sorted(clapless.__all__)
        for name in clapless.__all__:
            assert getattr(clapless, name) is not None

    def test_the_whole_model_is_exported(self):
        from clapless import model

        public = {
            name
            for name, value in vars(model).items()
            if isinstance(value, type) and value.__module__ == "clapless.model"
        }
        assert public <= set(clapless.__all__)

    def test_the_version_is_the_installed_one(self):
        assert clapless.__version__ == version("clapless")

    def test_an_unknown_name_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="has no attribute 'nope'"):
            _ = clapless.nope

    def test_every_error_is_in_the_tree_that_the_docstring_draws(self):
        from clapless import errors

        classes = [value for value in vars(errors).values() if isinstance(value, type)]
        for one in classes:
            if issubclass(one, Exception):
                assert issubclass(one, clapless.ClaplessError)
                assert one.__name__ in (errors.__doc__ or "")


class TestImports:
    def test_importing_clapless_loads_no_heavy_library(self):
        heavy = {"av", "numpy", "scipy", "cv2", "PySide6", "opentimelineio", "matplotlib", "typer"}
        assert not modules_after("import clapless") & heavy

    def test_the_engine_works_without_the_outer_packages(self):
        code = "import clapless.pipeline, clapless.synth, clapless.session, clapless.media"
        assert not modules_after(code) & {"PySide6", "opentimelineio", "clapless_otio", "typer"}

    def test_asking_for_help_loads_no_decoder(self):
        code = "import clapless.cli\nclapless.cli.main(['--version'])"
        assert not modules_after(code) & {"av", "scipy", "cv2", "PySide6", "matplotlib"}

    def test_folder_names_are_not_packages(self):
        code = (
            "import importlib.util, sys; sys.path.remove('') if '' in sys.path else None\n"
            "print([n for n in ('engine', 'otio_adapters', 'install', 'tests')"
            " if importlib.util.find_spec(n)])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=ROOT.parent,
            check=True,
        )
        assert done.stdout.strip() == "[]"


class TestEntryPoints:
    def test_the_command_is_there(self):
        (point,) = entry_points(group="console_scripts", name="clapless")
        assert point.value == "clapless.cli:main"
        assert callable(point.load())

    def test_python_m_is_the_same(self):
        done = subprocess.run(
            [sys.executable, "-m", "clapless", "--version"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"clapless {version('clapless')}\n"

    def test_every_package_of_verbs_loads(self):
        points = entry_points(group="clapless.commands")
        assert [point.name for point in points] == ["otio", "resolve"]
        for point in points:
            verbs = point.load()
            assert verbs.registered_commands or verbs.registered_groups

    def test_opentimelineio_loads_our_adapters(self):
        import opentimelineio as otio

        import clapless_otio

        manifest = otio.plugins.ActiveManifest()
        ours = json.loads(
            (Path(clapless_otio.__file__).parent / "plugin_manifest.json").read_text()
        )
        names = {adapter["name"] for adapter in ours["adapters"]}
        assert names
        for adapter in manifest.adapters:
            if adapter.name in names:
                path = Path(adapter.module_abs_path())
                assert path.is_relative_to(Path(clapless_otio.__file__).parent)
                names.remove(adapter.name)
        assert not names


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this tree."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


class TestWheel:
    def test_it_holds_the_packages_and_nothing_else(self, wheel):
        tops = {name.split("/")[0] for name in wheel.namelist()}
        assert tops == {
            "clapless",
            "clapless_otio",
            "clapless_resolve",
            f"clapless-{version('clapless')}.dist-info",
        }

    def test_it_holds_what_is_no_python(self, wheel):
        names = set(wheel.namelist())
        assert {
            "clapless/py.typed",
            "clapless_otio/py.typed",
            "clapless_resolve/py.typed",
            "clapless_otio/plugin_manifest.json",
        } <= names
        assert any(name.endswith("licenses/LICENSE") for name in names)

    def test_it_holds_what_is_copied_into_resolve(self, wheel):
        inside = ROOT / "resolve_scripts" / "clapless_resolve"
        tree = {
            path.relative_to(inside.parent).as_posix()
            for folder in ("menu", "workflow_integration")
            for path in (inside / folder).iterdir()
            if path.is_file()
        }
        assert len(tree) >= 12
        assert tree <= set(wheel.namelist())

    def test_it_holds_every_module_of_the_tree(self, wheel):
        tree = {
            path.relative_to(ROOT / folder).as_posix()
            for folder in ("engine", "otio_adapters", "resolve_scripts")
            for path in (ROOT / folder).rglob("*.py")
        }
        assert tree <= set(wheel.namelist())

    def test_its_metadata_says_what_it_needs(self, wheel):
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = wheel.read(name).decode()
        assert "Requires-Python: <3.14,>=3.11" in metadata
        assert "License-Expression: Apache-2.0" in metadata
        assert "opencv-python-headless" in metadata
        assert "opencv-python>" not in metadata


def test_every_layer_of_the_engine_is_in_the_contract():
    """Import-linter's `exhaustive` holds it; here the list is compared with the folder."""
    import tomllib

    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = config["tool"]["importlinter"]["contracts"][0]
    named = {part.strip(" ()") for layer in contract["layers"] for part in layer.split("|")} | set(
        contract["exhaustive_ignores"]
    )
    present = {
        path.stem
        for path in (ROOT / "engine" / "clapless").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"__init__"}
    assert present <= named
