"""Which format a marker file has, and presets for writing one."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from clapless.errors import ExportError, TimelineError, UsageError, printable_name
from clapless.markers.colors import RGB
from clapless.markers.formats import MarkerFormat, marker_formats
from clapless.markers.mtbsync import FORMATS as MTBSYNC
from clapless.model import Marker
from clapless.timing import snap_rate

CONFIG = "CLAPLESS_CONFIG"
"""Names the configuration file where it is not in its usual place."""

KEEPS_WORDS = ("csv", "json", *MTBSYNC)
"""Formats in which a colour is any word."""

CUSTOM = "custom"
"""The preset that is meant where the configuration file has only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How to write markers.

    Parameters
    ----------
    format
        Name of the format, empty where the file's suffix says it.
    rate
        Frames per second, None where the caller's counts.
    label
        Stands before each name, as ``label: name``.
    reel
        Name of the reel, for formats that have one.
    """

    format: str = ""
    rate: Fraction | None = None
    label: str = ""
    reel: str = ""


PRESETS: Mapping[str, Preset] = {
    "fcpxml": Preset(format="fcpxml"),
    "premiere": Preset(format="premiere"),
    "resolve-edl": Preset(format="resolve-markers"),
}
"""Presets that need no configuration file."""


def config_path() -> Path:
    """Return where the configuration file is looked for, by system."""
    if given := os.environ.get(CONFIG):
        return Path(given)
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
        return base / "Clapless" / "config.toml"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Clapless" / "config.toml"
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "clapless" / "config.toml"


def find_preset(name: str, *, config: Path | None = None) -> Preset:
    """Return a preset: one that is built in, else ``[presets.NAME]`` of the configuration file.

    Parameters
    ----------
    name
        Of the preset; `CUSTOM` also finds the only one of the file.
    config
        The file, None for its usual place.

    Raises
    ------
    UsageError
        There is none of that name, or it cannot be meant.
    """
    if name in PRESETS:
        return PRESETS[name]
    path = config or config_path()
    try:
        with path.open("rb") as file:
            presets = tomllib.load(file).get("presets", {})
    except FileNotFoundError:
        presets = {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    presets = presets if isinstance(presets, dict) else {}
    found = presets.get(name)
    if found is None and name == CUSTOM and len(presets) == 1:
        found = next(iter(presets.values()))
    if not isinstance(found, dict):
        known = ", ".join(sorted({*PRESETS, *presets}))
        raise UsageError(
            f"There is no preset {name!r}: there are {known}. Your own stand in {path} as "
            "[presets.NAME] with format, fps, reel and label."
        )
    return _preset(name, found, path)


def _preset(name: str, found: Mapping[str, object], path: Path) -> Preset:
    wrong = sorted(set(found) - {"format", "fps", "reel", "label"})
    if wrong or not isinstance(found.get("format"), str):
        what = f"does not know {wrong[0]!r}" if wrong else "must name its format"
        raise UsageError(f"The preset {name!r} in {path} {what}.")
    fps = found.get("fps")
    if fps is not None and not (isinstance(fps, (int, float)) and 1 <= fps <= 1000):
        raise UsageError(f"The preset {name!r} in {path} has fps = {fps!r}, which is no rate.")
    return Preset(
        format=str(found["format"]),
        rate=None if fps is None else snap_rate(float(fps)),
        label=str(found.get("label", "")),
        reel=str(found.get("reel", "")),
    )


def read_markers(
    path: Path,
    *,
    format: str | None = None,
    rate: Fraction | None = None,
    start_s: Fraction = Fraction(0),
) -> tuple[Marker, ...]:
    """Return the markers of a file of any installed format.

    Parameters
    ----------
    path
        The file.
    format
        Name of its format; None tries those of its suffix in turn.
    rate, start_s
        As in `clapless.markers.formats.MarkerFormat.read`.

    Raises
    ------
    TimelineError
        No format fits; the sentence is that of the first one tried.
    UsageError
        There is no such format.
    """
    first: TimelineError | None = None
    for one in _chosen(path, format):
        try:
            return one.read(path, rate=rate, start_s=start_s)
        except TimelineError as error:
            first = first or error
    assert first is not None  # `_chosen` names at least one
    raise first


def write_markers(
    path: Path,
    markers: Iterable[Marker],
    *,
    preset: Preset | None = None,
    rate: Fraction,
    start_s: Fraction = Fraction(0),
    drop_frame: bool = False,
) -> str:
    """Write markers and return the name of the format; whole or not at all.

    Parameters
    ----------
    path
        The file; its suffix chooses the format where no preset does.
    preset
        Format, rate and label to use.
    rate, start_s, drop_frame
        As in `clapless.markers.formats.MarkerFormat.write`.

    Raises
    ------
    ExportError
        The format cannot hold them, or the file cannot be written.
    UsageError
        There is no such format.
    """
    named = (preset.format or None) if preset else None
    # A format that only reads says so; it is kept last, so that its own sentence answers.
    chosen = sorted(_chosen(path, named), key=lambda one: not getattr(one, "writes", True))[0]
    held = list(markers)
    if preset and preset.label:
        held = [
            replace(m, name=f"{preset.label}: {m.name}" if m.name else preset.label) for m in held
        ]
    if preset and preset.reel:
        held = [replace(m, extra={**m.extra, "reel": preset.reel}) for m in held]
    try:
        chosen.write(
            path,
            held,
            rate=(preset.rate if preset and preset.rate else rate),
            start_s=start_s,
            drop_frame=drop_frame,
        )
    except ValueError as error:
        raise ExportError(f"{printable_name(path)} was not written: {error}.") from error
    return chosen.name


def changed_colors(format_name: str, markers: Iterable[Marker]) -> tuple[str, ...]:
    """Return the colours that no one knows and that a format cannot keep as words."""
    if format_name in KEEPS_WORDS:
        return ()
    return tuple(sorted({m.color for m in markers if m.color and m.color not in RGB}))


def _chosen(path: Path, name: str | None) -> list[MarkerFormat]:
    formats = marker_formats()
    if name is not None:
        named = [one for one in formats if one.name == name]
        if not named:
            known = ", ".join(one.name for one in formats)
            raise UsageError(f"There is no marker format {name!r}: there are {known}.")
        return named
    fitting = [one for one in formats if path.suffix.lower() in one.suffixes]
    if not fitting:
        known = ", ".join(sorted({suffix for one in formats for suffix in one.suffixes}))
        raise UsageError(
            f"The name {printable_name(path)} does not say what kind of marker file it is: name "
            f"the format with --format, or end the name with one of {known}."
        )
    return fitting
