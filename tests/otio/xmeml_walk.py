"""Where xmeml puts every clip item and marker, in seconds: shares no code with ours.

What Premiere leaves to a transition (start or end -1) is given as the transition's cut. Without
ticks, in and out of a clip with a speed count after the speed.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from lxml import etree

TICKS = 254016000000


def rate_of(element):
    timebase = Fraction(element.findtext("rate/timebase"))
    return timebase * 1000 / 1001 if element.findtext("rate/ntsc") == "TRUE" else timebase


def cut(transition):
    start, end = (int(transition.findtext(tag)) for tag in ("start", "end"))
    how = transition.findtext("alignment")
    return {"start": start, "end": end, "start-black": start, "end-black": end}.get(
        how, (start + end) // 2
    )


def item(element, rate):
    start, end = (Fraction(element.findtext(tag)) for tag in ("start", "end"))
    own = rate_of(element)
    source = Fraction(element.findtext("in")) / own
    for parameter in element.iterfind("filter/effect/parameter"):
        if parameter.findtext("parameterid") == "speed":
            source *= Fraction(parameter.findtext("value")) / 100
    if element.findtext("pproTicksIn"):
        source = Fraction(int(element.findtext("pproTicksIn")), TICKS)
    if start < 0:
        before = element.getprevious()
        start = Fraction(cut(before))
        source += (start - int(before.findtext("start"))) / rate
    if end < 0:
        end = Fraction(cut(element.getnext()))
    return f"{element.findtext('name')} {start / rate} {end / rate} {source}"


def sequence(element):
    rate = rate_of(element)
    timecode = element.find("timecode")
    start = Fraction(0) if timecode is None else Fraction(timecode.findtext("frame")) / rate
    clips: Counter[str] = Counter()
    markers = []
    for clip in element.iterfind("media/*/track/clipitem"):
        clips[item(clip, rate)] += 1
        for marker in clip.iterfind("marker"):
            markers.append(f"clip {Fraction(marker.findtext('in')) / rate_of(clip)}")
    for marker in element.iterfind("marker"):
        markers.append(f"{marker.findtext('name')} {Fraction(marker.findtext('in')) / rate}")
    return {
        "name": element.findtext("name"),
        "start": str(start),
        "clips": dict(sorted(clips.items())),
        "markers": sorted(markers),
    }


def walked(data):
    root = etree.fromstring(data)
    full = [e for e in root.iter("sequence") if len(e)]
    files = {f.get("id"): f for f in root.iter("file") if len(f) and f.find("timecode") is not None}
    return {
        "sequences": [sequence(element) for element in full],
        "files": sorted(
            f"{file.findtext('name')} {file.findtext('timecode/frame') or '0'}"
            for file in files.values()
        ),
    }
