"""Sequences, angles and containers as FCPXML: a spine, and everything else connected to it."""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from lxml import etree

from clapless_otio.cut import Item, Media, Sequence, Track, Transition
from clapless_otio.exact import frames_round, frames_up
from clapless_otio.fcpxml.clips import clip_element, item_note, kept_of, marker_element, tag_of
from clapless_otio.fcpxml.kept import KEY, children_of, restored
from clapless_otio.fcpxml.order import ordered
from clapless_otio.fcpxml.resources import Resources
from clapless_otio.fcpxml.values import audio_rate_name, time_text, writable
from clapless_otio.fcpxml.windows import Window, track_windows, window
from clapless_otio.files import one_line, xml_text

GAP_START_S = Fraction(3600)
"""Where gaps' local time starts in Final Cut's own exports, on no particular grid."""


SCRATCH_ROLE = "dialogue.dialogue-1"
"""What Final Cut calls the first sound of a clip whose role is dialogue."""


@dataclass(frozen=True, slots=True)
class _Host:
    """An element of a spine that clips can be connected to, and where it lies."""

    element: etree._Element
    offset_s: Fraction
    end_s: Fraction
    local_s: Fraction


class StoryWriter:
    """Writes stories and collects sentences about what could not be held."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.notices: list[str] = []

    def sequence(self, sequence: Sequence) -> etree._Element:
        """Return a ``sequence`` element."""
        rows = self._rows(sequence)
        duration_s = self._length(sequence, rows)
        element = etree.Element(
            "sequence",
            format=self.resources.format_of(sequence),
            duration=time_text(duration_s),
            tcStart=time_text(writable(sequence.start_s)),
            tcFormat="DF" if sequence.drop_frame else "NDF",
            audioLayout="stereo",
            audioRate=audio_rate_name(sequence.sample_rate_hz),
        )
        if isinstance(note := sequence.metadata.get("note"), str):
            etree.SubElement(element, "note").text = xml_text(note)
        spine = etree.SubElement(element, "spine")
        self._story(spine, sequence, rows, sequence.start_s, fill_to_s=duration_s)
        return element

    def multicam(self, sequence: Sequence) -> etree._Element:
        """Return a ``multicam`` element: every track an angle, on the grid and without holes."""
        element = etree.Element(
            "multicam",
            format=self.resources.format_of(sequence),
            tcStart=time_text(writable(sequence.start_s)),
            tcFormat="DF" if sequence.drop_frame else "NDF",
        )
        for number, track in enumerate(sequence.tracks):
            angle = etree.SubElement(
                element,
                "mc-angle",
                name=one_line(track.name),
                angleID=angle_id(sequence, number),
            )
            windows = self._windows(track, sequence.rate, on_grid=True)
            self._serial(angle, windows, track, sequence.rate, Fraction(0))
        return element

    def loose(self, item: Item) -> etree._Element | None:
        """Return a clip of an event, None where FCPXML has no element for it."""
        rate = item.source.rate if item.source is not None and item.source.rate else Fraction(25)
        placed = window(replace(item, start_s=Fraction(0)), rate, on_grid=False)
        return None if placed is None else self._element(placed, rate, None, None)

    def _rows(self, sequence: Sequence) -> list[tuple[Track, int, list[Window]]]:
        """Return each track with its lane and windows; lane 0 is the spine."""
        rows = []
        above, below = 0, 0
        for track in sequence.tracks:
            told = track.metadata.get("lane")
            if track.spine:
                lane = 0
            elif isinstance(told, int) and told:
                lane = told
            elif track.kind == "video":
                above += 1
                lane = above
            else:
                below -= 1
                lane = below
            windows = self._windows(track, sequence.rate, on_grid=track.spine)
            rows.append((track, lane, windows))
        return rows

    def _windows(self, track: Track, rate: Fraction, *, on_grid: bool) -> list[Window]:
        windows, lost = track_windows(track.items, rate, on_grid=on_grid)
        for item in lost:
            self.notices.append(
                f"{one_line(item.name)} is shorter than one frame of the timeline and was left out."
            )
        kept = []
        for placed in windows:
            if tag_of(placed.item) is None:
                self.notices.append(f"{one_line(placed.item.name)} has no file and was left out.")
            else:
                kept.append(placed)
        return kept

    def _length(
        self, sequence: Sequence, rows: Iterable[tuple[Track, int, list[Window]]]
    ) -> Fraction:
        ends = [w.end_s for _, _, windows in rows for w in windows]
        ends += [mark.time_s + mark.duration_s for mark in sequence.marks]
        end_s = max(ends, default=Fraction(0))
        return max(1, frames_up(end_s, sequence.rate)) / sequence.rate

    def _story(
        self,
        parent: etree._Element,
        sequence: Sequence,
        rows: list[tuple[Track, int, list[Window]]],
        base_s: Fraction,
        *,
        fill_to_s: Fraction,
        gaps: bool = True,
    ) -> None:
        """Fill a spine, then connect every other track and mark to what lies in it."""
        spine = next(((t, w) for t, lane, w in rows if lane == 0 and (w or t.spine)), None)
        connected = [(lane, placed) for _, lane, windows in rows if lane != 0 for placed in windows]
        if spine is None:
            gap = self._gap(parent, Fraction(0), fill_to_s, base_s, start_s=sequence.start_s)
            hosts = [gap]
        else:
            track, windows = spine
            hosts = self._serial(parent, windows, track, sequence.rate, base_s, gaps=gaps)
            end_s = max((host.end_s for host in hosts), default=Fraction(0))
            starts = [placed.offset_s for _, placed in connected]
            starts += [mark.time_s for mark in sequence.marks]
            if not hosts or (gaps and starts and max(starts) >= end_s):
                hosts.append(self._gap(parent, end_s, max(fill_to_s, end_s), base_s))
        for lane, placed in connected:
            host = _host_at(hosts, placed.offset_s)
            local_s = host.local_s + placed.offset_s - host.offset_s
            element = self._element(placed, sequence.rate, local_s, lane)
            if element is not None:
                host.element.append(element)
        self._marks(sequence, hosts)
        for host in hosts:
            ordered(host.element)

    def _marks(self, sequence: Sequence, hosts: list[_Host]) -> None:
        rate = sequence.rate
        for mark in sequence.marks:
            host = _host_at(hosts, mark.time_s)
            at_s = mark.time_s
            if KEY not in sequence.metadata:
                at_s = frames_round(at_s, rate) / rate
            time_s = host.local_s + at_s - host.offset_s
            host.element.append(marker_element(mark, time_s=time_s, rate=rate))

    def _serial(
        self,
        parent: etree._Element,
        windows: list[Window],
        track: Track,
        rate: Fraction,
        base_s: Fraction,
        *,
        gaps: bool = True,
    ) -> list[_Host]:
        """Write one item after the other with gaps between; return what can host others."""
        hosts: list[_Host] = []
        at_s = Fraction(0)
        transitions = list(track.transitions)
        for placed in windows:
            if gaps and placed.offset_s > at_s:
                hosts.append(self._gap(parent, at_s, placed.offset_s, base_s))
            while transitions and transitions[0].start_s < placed.offset_s:
                parent.append(self._transition(transitions.pop(0), base_s))
            element = self._element(placed, rate, base_s + placed.offset_s, None)
            if element is None:
                continue
            parent.append(element)
            inner = element[0] if element.tag == "audition" else element
            hosts.append(_Host(inner, placed.offset_s, placed.end_s, placed.start_s))
            at_s = placed.end_s
        for transition in transitions:
            parent.append(self._transition(transition, base_s))
        return hosts

    def _gap(
        self,
        parent: etree._Element,
        from_s: Fraction,
        to_s: Fraction,
        base_s: Fraction,
        *,
        start_s: Fraction = GAP_START_S,
    ) -> _Host:
        gap = etree.SubElement(
            parent,
            "gap",
            name="Gap",
            offset=time_text(writable(base_s + from_s)),
            start=time_text(writable(start_s)),
            duration=time_text(writable(to_s - from_s)),
        )
        return _Host(gap, from_s, to_s, start_s)

    def _transition(self, transition: Transition, base_s: Fraction) -> etree._Element:
        element = etree.Element(
            "transition",
            name=one_line(transition.name),
            offset=time_text(writable(base_s + transition.start_s)),
            duration=time_text(writable(transition.duration_s)),
        )
        kept = transition.metadata.get(KEY)
        for text in children_of(kept) if isinstance(kept, dict) else ():
            child = restored(text, self.resources.effect)
            if child is not None:
                element.append(child)
        for mark in transition.marks:
            element.append(
                marker_element(mark, time_s=mark.time_s, rate=1 / (mark.duration_s or Fraction(1)))
            )
        ordered(element)
        return element

    def _element(
        self, placed: Window, rate: Fraction, offset_s: Fraction | None, lane: int | None
    ) -> etree._Element | None:
        """Return a window's element with all it contains."""
        item = placed.item
        tag = tag_of(item)
        if tag is None:
            return None
        if tag == "spine" and lane is None:
            # A storyline is connected to clips; among them it is a clip with content.
            tag = "clip"
        element = clip_element(
            placed,
            rate,
            self.resources,
            tag=tag,
            ref=self._ref(item),
            offset_s=offset_s,
            lane=lane,
        )
        source = item.source
        if isinstance(source, Sequence) and tag == "spine":
            rows = self._rows(source)
            self._story(element, source, rows, Fraction(0), fill_to_s=source.duration_s)
            return element
        if isinstance(source, Sequence) and tag in ("clip", "sync-clip"):
            self._inside(element, source)
        if tag == "sync-clip" and item.metadata.get("scratch_off"):
            # The camera's own sound is there and switched off; what is connected is heard.
            sourced = etree.SubElement(element, "sync-source", sourceID="storyline")
            etree.SubElement(sourced, "audio-role-source", role=SCRATCH_ROLE, active="0")
        if tag == "mc-clip" and element.find("mc-source") is None:
            self._angles(element, item)
        note = "" if kept_of(item) or tag in ("audio", "video") else item_note(item)
        if note:
            etree.SubElement(element, "note").text = note
        ordered(element)
        if item.metadata.get("fcpxml_audition"):
            return self._audition(element, item, rate)
        return element

    def _audition(self, element: etree._Element, item: Item, rate: Fraction) -> etree._Element:
        audition = etree.Element("audition")
        for name in ("lane", "offset"):
            if (value := element.attrib.pop(name, None)) is not None:
                audition.set(name, value)
        audition.append(element)
        for other in item.alternatives:
            placed = window(other, rate, on_grid=False)
            take = None if placed is None else self._element(placed, rate, None, None)
            if take is not None:
                audition.append(take)
        return audition

    def _inside(self, element: etree._Element, source: Sequence) -> None:
        """Write a container's own story: one clip as it is, several in a spine."""
        rows = self._rows(source)
        spine = next((w for _, lane, w in rows if lane == 0), [])
        length_s = max((w.end_s for _, _, windows in rows for w in windows), default=Fraction(0))
        if len(spine) == 1:
            self._story(element, source, rows, source.start_s, fill_to_s=length_s, gaps=False)
            return
        if not spine:
            whole_s = frames_up(length_s, source.rate) / source.rate
            self._story(element, source, rows, source.start_s, fill_to_s=whole_s)
            return
        inner = etree.SubElement(element, "spine")
        base_s = Fraction(0)
        if source.start_s:
            inner.set("offset", time_text(writable(source.start_s)))
        self._story(inner, source, rows, base_s, fill_to_s=length_s)

    def _ref(self, item: Item) -> str | None:
        source = item.source
        if isinstance(source, Media):
            return self.resources.asset(source)
        if isinstance(source, Sequence):
            if source.shape in ("multicam", "compound", "timeline"):
                media_id, element = self.resources.media(source)
                if element is not None:
                    multicam = source.shape == "multicam"
                    element.append(self.multicam(source) if multicam else self.sequence(source))
                return media_id
            return None
        effect = kept_of(item).get("effect")
        return self.resources.effect(effect) if isinstance(effect, dict) else None

    def _angles(self, element: etree._Element, item: Item) -> None:
        """Show the first angle with a picture; hear the recorder where there is one."""
        source = item.source
        if not isinstance(source, Sequence) or not source.tracks:
            return
        seen = next((n for n, t in enumerate(source.tracks) if t.kind == "video"), None)
        heard = max(
            (n for n, t in enumerate(source.tracks) if t.kind == "audio"),
            key=lambda n: sum(i.duration_s for i in source.tracks[n].items),
            default=seen,
        )
        pairs = [(seen, "all")] if seen == heard else [(seen, "video"), (heard, "audio")]
        for number, enabled in pairs:
            if number is not None:
                etree.SubElement(
                    element, "mc-source", angleID=angle_id(source, number), srcEnable=enabled
                )


def angle_id(sequence: Sequence, number: int) -> str:
    """Return the id of an angle: the one it was read with, else one made of its names."""
    told = sequence.tracks[number].metadata.get("angle_id")
    if isinstance(told, str) and told:
        return xml_text(told)
    text = f"{sequence.name}\n{number}\n{sequence.tracks[number].name}"
    digest = hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode().rstrip("=")


def _host_at(hosts: list[_Host], time_s: Fraction) -> _Host:
    """Return the host that plays at a time, else the last before it, else the first."""
    at = bisect_right(hosts, time_s, key=lambda host: host.offset_s)
    return hosts[max(0, at - 1)]
