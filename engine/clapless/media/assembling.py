"""Files of one recording become one clip: chapters, parallel tracks, backups, proxies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from clapless.media.finding import path_key
from clapless.media.fingerprint import content_part, same_content
from clapless.media.naming import (
    TrackName,
    chapter_name,
    lens_name,
    p2_picture,
    proxy_of,
    track_name,
)
from clapless.media.seams import Seam, seam_between
from clapless.model import AudioStream, Clip, MediaFile

PROXY_LENGTH_S = Fraction(1)
"""Within which a proxy is as long as its original; it may lack the last group of frames."""

SAME_LENGTH_S = Fraction(1, 100)
"""Tracks of one take end together; some recorders pad each file to a whole buffer."""


def fold_copies(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with files of the same bytes as one clip; the copies become backups."""
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: path_key(clip.path)):
        groups[content_part(clip.files[0].fingerprint)].append(clip)
    folded = []
    for group in groups.values():
        kept: list[Clip] = []
        for clip in group:
            for place, other in enumerate(kept):
                if same_content(clip.path, other.path):
                    kept[place] = _with_backup(other, clip)
                    break
            else:
                kept.append(clip)
        folded.extend(kept)
    return folded


def fold_simultaneous(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with recordings that a camera wrote on two cards at once as one clip.

    They bear one name and the same serial number, start, length and format: no camera makes two
    different recordings at the same time.
    """
    groups: dict[tuple[object, ...], list[Clip]] = defaultdict(list)
    folded = []
    for clip in clips:
        serial, created = clip.metadata.get("serial"), clip.metadata.get("creation_time")
        if clip.kind != "video" or not serial or not (created and clip.start_timecode):
            folded.append(clip)
            continue
        name = clip.path.stem.lower()
        key = (name, serial, created, clip.start_timecode, clip.duration_s, clip.frame_rate)
        groups[key].append(clip)
    for group in groups.values():
        best, *others = sorted(group, key=lambda clip: (-_pixels(clip), path_key(clip.path)))
        for other in others:
            best = _with_backup(best, other)
        folded.append(best)
    return folded


def _pixels(clip: Clip) -> int:
    return (clip.width or 0) * (clip.height or 0)


def _with_backup(clip: Clip, other: Clip) -> Clip:
    copies = tuple(replace(file, role="backup") for file in other.files)
    return replace(clip, files=(*clip.files, *copies))


def join_chapters(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with files that continue each other as one clip, seam by seam."""
    waiting: dict[tuple[Path, str], list[Clip]] = defaultdict(list)
    for clip in clips:
        chapter = chapter_name(clip.path)
        family = chapter.family if chapter else ""
        waiting[clip.path.parent, family].append(clip)
    joined: list[Clip] = []
    for (_, family), group in waiting.items():
        ordered = sorted(group, key=lambda clip: _order(clip, bool(family)))
        runs: list[list[Clip]] = []
        seams: list[list[Seam]] = []
        for clip in ordered:
            # Parallel tracks lie between the parts of one track: look for the run it continues.
            for run, found in zip(reversed(runs), reversed(seams), strict=True):
                seam = seam_between(run[-1], clip, after=tuple(run[:-1]))
                if seam is not None:
                    run.append(clip)
                    found.append(seam)
                    break
            else:
                runs.append([clip])
                seams.append([])
        joined.extend(
            _chained(run, found) if found else run[0]
            for run, found in zip(runs, seams, strict=True)
        )
    return joined


def _order(clip: Clip, chapters: bool) -> tuple[object, ...]:
    chapter = chapter_name(clip.path)
    number = chapter.number if chapters and chapter else 0
    # A stem comes before the same stem with more behind it ("take.wav", "take_0002.wav").
    return (number, path_key(clip.path.with_suffix("")), path_key(clip.path))


def _chained(run: Sequence[Clip], seams: Sequence[Seam]) -> Clip:
    main = run[0]
    files = list(main.files)
    end_s = main.duration_s
    for clip, seam in zip(run[1:], seams, strict=True):
        begin_s = end_s + seam.gap_s
        starts = [str(audio.start_s) for audio in clip.audio]
        for file in clip.files:
            own = {"seam": seam.how, "sound_starts_s": starts} if file.role == "main" else {}
            files.append(
                replace(
                    file,
                    role="chapter" if file.role == "main" else file.role,
                    start_s=begin_s + file.start_s,
                    extra={**file.extra, **own},
                )
            )
        end_s = begin_s + clip.duration_s
    # Chapters must follow the main file; copies of the parts come behind them.
    files.sort(key=lambda file: file.role not in ("main", "chapter"))
    return replace(main, files=tuple(files), duration_s=end_s)


def join_tracks(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with parallel files of a recorder's take as one clip.

    They must share a folder, a take (by name or by iXML's family), a length and, where written, a
    time reference.
    """
    groups: dict[tuple[object, ...], list[Clip]] = defaultdict(list)
    joined = []
    for clip in clips:
        named = track_name(clip.path)
        family = clip.metadata.get("family", "")
        if clip.kind != "audio" or not (named or family):
            joined.append(clip)
            continue
        take = f"id {family}" if family else f"name {named.take.lower() if named else ''}"
        groups[clip.path.parent, take].append(clip)
    for group in groups.values():
        joined.extend(_tracks_of(group))
    return joined


def _tracks_of(group: Sequence[Clip]) -> list[Clip]:
    """Return the clips of one take's files: one, unless their lengths or times differ."""
    takes: list[list[Clip]] = []
    for clip in sorted(group, key=_track_order):
        for take in takes:
            if _at_once(take[0], clip):
                take.append(clip)
                break
        else:
            takes.append([clip])
    return [_side_by_side(take) for take in takes]


def _track_order(clip: Clip) -> tuple[object, ...]:
    named = track_name(clip.path)
    mix = named is not None and named.part.upper() in ("LR", "MS", "MIX", "TRLR", "TRMS")
    return (named.backup if named else False, not mix, path_key(clip.path))


def _at_once(one: Clip, two: Clip) -> bool:
    references = one.time_reference_samples, two.time_reference_samples
    return (
        abs(one.duration_s - two.duration_s) <= SAME_LENGTH_S
        and (None in references or references[0] == references[1])
        and len(one.files) == len(two.files)
    )


def _side_by_side(take: Sequence[Clip]) -> Clip:
    if len(take) == 1:
        return take[0]
    main = take[0]
    files: list[MediaFile] = []
    audio: list[AudioStream] = []
    for place, clip in enumerate(take):
        named = track_name(clip.path)
        backup = named is not None and named.backup and place > 0
        base = len(files)
        for number, file in enumerate(clip.files):
            role = file.role
            if place > 0 and (number == 0 or backup):
                role = "backup" if backup else "parallel"
            files.append(replace(file, role=role))
        if not backup:
            audio.extend(
                replace(
                    sound, file=base + sound.file, names=sound.names or _part_names(named, sound)
                )
                for sound in clip.audio
            )
    named = track_name(main.path)
    return replace(
        main,
        name=named.take if named else main.name,
        files=tuple(files),
        audio=tuple(audio),
        duration_s=max(clip.duration_s for clip in take),
    )


def join_parts(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with files that hold one moment of one camera as one clip.

    A P2 card has sound in files of its own, a camera with two lenses a file for each. They must be
    equally long and, where both are labelled, begin with one timecode.
    """
    pictures = {clip.path: clip for clip in clips}
    parts: dict[Path, list[Clip]] = defaultdict(list)
    kept = []
    lenses = {lens_name(clip.path): clip for clip in clips if lens_name(clip.path)}
    for clip in clips:
        lens = lens_name(clip.path)
        main = pictures.get(p2_picture(clip.path) or Path())
        if lens is not None and lens[1] != 0:
            main = lenses.get((lens[0], 0))
        if main is not None and _same_moment(main, clip):
            parts[main.path].append(clip)
        else:
            kept.append(clip)
    return [_with_parts(clip, parts.get(clip.path, [])) for clip in kept]


def _same_moment(one: Clip, two: Clip) -> bool:
    labels = one.start_timecode, two.start_timecode
    frame_s = 1 / one.frame_rate if one.frame_rate else SAME_LENGTH_S
    return abs(one.duration_s - two.duration_s) <= frame_s and (
        None in labels or labels[0] == labels[1]
    )


def _with_parts(clip: Clip, parts: Sequence[Clip]) -> Clip:
    files, audio = list(clip.files), list(clip.audio)
    for part in sorted(parts, key=lambda part: path_key(part.path)):
        if part.kind == "audio":
            # The second lens of a camera repeats the sound of the first.
            audio.extend(replace(sound, file=len(files)) for sound in part.audio)
        files.append(replace(part.files[0], role="parallel"))
    return replace(clip, files=tuple(files), audio=tuple(audio))


def _part_names(named: TrackName | None, sound: AudioStream) -> tuple[str, ...]:
    if named is None:
        return ()
    if sound.channels == 1:
        return (named.part,)
    return tuple(f"{named.part} {channel}" for channel in range(1, sound.channels + 1))


def pair_proxies(clips: Sequence[Clip], proxies: Iterable[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Return the clips with their proxies, and the proxies without an original.

    Parameters
    ----------
    clips
        Recordings.
    proxies
        Clips of files that are proxies by name.
    """
    places: dict[str, list[tuple[int, MediaFile]]] = defaultdict(list)
    for number, clip in enumerate(clips):
        for file in clip.files:
            if file.role in ("main", "chapter"):
                places[file.path.stem.lower()].append((number, file))
    paired = list(clips)
    orphans = []
    for proxy in proxies:
        candidates = [found for stem in proxy_of(proxy.path) for found in places[stem]]
        near = [
            found
            for found in candidates
            if abs(found[1].duration_s - proxy.duration_s) <= PROXY_LENGTH_S
        ]
        if not near:
            orphans.append(proxy)
            continue
        number, file = max(near, key=lambda found: _shared_parts(found[1].path, proxy.path))
        small = replace(proxy.files[0], role="proxy", start_s=file.start_s)
        paired[number] = replace(paired[number], files=(*paired[number].files, small))
    return paired, orphans


def _shared_parts(one: Path, two: Path) -> int:
    count = 0
    for first, second in zip(one.parts, two.parts, strict=False):
        if first != second:
            break
        count += 1
    return count
