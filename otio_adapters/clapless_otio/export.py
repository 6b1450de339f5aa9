"""From a session to files an editor opens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clapless.errors import ExportError, UsageError, printable_name
from clapless.model import Session
from clapless_otio.corrected_sound import Progress, SoundFolder
from clapless_otio.cut import Project
from clapless_otio.daily_wavs import write_daily_wavs
from clapless_otio.dressing import dressed_session
from clapless_otio.drift import carry
from clapless_otio.fcpxml import write_fcpxml
from clapless_otio.files import one_line, write_whole
from clapless_otio.layout import layout
from clapless_otio.merged import as_sync_clips, daily_project
from clapless_otio.options import ExportOptions
from clapless_otio.slices import Grid
from clapless_otio.tables import write_csv
from clapless_otio.writing import WRITERS, format_of
from clapless_otio.xmeml import write_xmeml

FORMATS: frozenset[str] = frozenset({*WRITERS, "csv", "merged"})
"""Every format that `export` writes."""

_TIMELINE_GRID = ("premiere", "edl", "file32")
_NO_RETIME = ("edl", "file32")


def export(
    session: Session,
    path: Path,
    *,
    to: str | None = None,
    options: ExportOptions | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Write a session for an editor.

    Parameters
    ----------
    session
        What was synced.
    path
        The file; it appears whole or not at all.
    to
        The format, by the suffix where None.
    options
        What is asked of the export.
    progress
        Told about new sound files as they are written.

    Returns
    -------
    list of str
        Whole sentences about what the user should know: what was left out, what the format
        could not hold, which other files were written.

    Raises
    ------
    ExportError
        A file cannot be written.
    UsageError
        The format is not known or cannot hold what was asked, or the start timecode cannot be read.
    """
    options = options or ExportOptions()
    name = format_of(path, to, FORMATS)
    if options.drift == "retime" and name in _NO_RETIME:
        raise UsageError(
            "An edit decision list holds no drift as a speed (it would be seconds off after an "
            "hour): choose --drift slices, --drift wav or --drift none."
        )
    project = layout(session, name=path.stem, options=options)
    if name == "csv":
        write_whole(path, write_csv(session, project).encode("utf-8-sig"))
        return list(project.notices)
    project, undressed = dressed_session(project, session)
    sounds = SoundFolder(options.sound_folder or path.parent / f"{path.stem} sound", progress)
    notices = [*project.notices, *undressed, *variable_rates(session)]
    if name == "merged":
        notices += _merged(project, path, options, sounds)
    elif name == "resolve-markers":
        notices += WRITERS[name](project, path, options)
    else:
        grid: Grid = "timeline" if name in _TIMELINE_GRID else "source"
        carried = carry(project, options.drift, grid=grid, corrector=sounds)
        notices += carried.notices
        notices += WRITERS[name](carried.project, path, options)
    return [*notices, *_about(sounds)]


def variable_rates(session: Session) -> list[str]:
    """Return a sentence for each picture that editors may slide by more than half a frame."""
    said = []
    for clip in session.clips:
        if not clip.variable_frame_rate or not clip.frame_rate:
            continue
        told = clip.metadata.get("picture_slide_s")
        if told is None:
            how_far = "more than half a frame"
        elif float(told) * float(clip.frame_rate) <= 0.5:
            continue
        else:
            how_far = f"up to {float(told) * float(clip.frame_rate):.1f} frames"
        said.append(
            f"{one_line(clip.name)} has a variable frame rate: editing programs may slide its "
            f"picture by {how_far}. Convert it to a constant rate first."
        )
    return said


def _about(sounds: SoundFolder) -> list[str]:
    count = sum(media is not None for media in sounds.written.values())
    if not count:
        return []
    files = "file is" if count == 1 else "files are"
    return [f"{count} drift-corrected sound {files} in {printable_name(sounds.folder)}."]


def _merged(project: Project, path: Path, options: ExportOptions, sounds: SoundFolder) -> list[str]:
    """Write dailies: for Final Cut, for Premiere, or as a folder of WAV files for Resolve."""
    suffix = path.suffix.lower()
    if suffix not in (".fcpxml", ".xml", ""):
        raise UsageError(
            "Merged clips are written as .fcpxml for Final Cut, .xml for Premiere, or as a folder "
            "of WAV files for Resolve: name a folder, without a suffix."
        )
    if not suffix:
        written, notices = write_daily_wavs(project, path)
        if not written:
            raise ExportError(_no_dailies(path))
        return [*notices, f"{len(written)} WAV files are in {printable_name(path)}."]
    clips = suffix == ".fcpxml"
    made = daily_project(project, scratch=clips)
    if not made.sequences:
        raise ExportError(_no_dailies(path))
    carried = carry(made, options.drift, grid="source" if clips else "timeline", corrector=sounds)
    if clips:
        data, notices = write_fcpxml(as_sync_clips(carried.project), version=options.format_version)
    else:
        data, notices = write_xmeml(replace(carried.project, loose=()))
    write_whole(path, data)
    return [*carried.notices, *notices]


def _no_dailies(path: Path) -> str:
    return (
        f"There is nothing to merge for {printable_name(path)}: no synced camera clip has sound of "
        "a separate recorder."
    )
