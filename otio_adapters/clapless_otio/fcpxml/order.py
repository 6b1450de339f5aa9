"""The children that FCPXML elements may have, in the order the DTD wants them.

Writers append in any order and call `ordered`; what another version of the format allowed and the
written ones do not is taken out there.

References
----------
Apple's DTDs 1.9 to 1.14: the tables hold what all of them share.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

CLIP_TAGS = ("audio", "video", "clip", "title", "mc-clip", "ref-clip", "sync-clip", "asset-clip")
STORY_TAGS = (*CLIP_TAGS, "audition", "spine", "caption", "gap")
MARKER_TAGS = ("marker", "chapter-marker", "rating", "keyword", "analysis-marker")
COLLECTION_TAGS = ("keyword-collection", "collection-folder", "smart-collection")
TIMING_TAGS = ("conform-rate", "timeMap")

_ADJUST_VIDEO = (
    "adjust-crop",
    "adjust-corners",
    "adjust-conform",
    "adjust-transform",
    "adjust-blend",
    "adjust-stabilization",
    "adjust-rollingShutter",
    "adjust-360-transform",
    "adjust-reorient",
    "adjust-orientation",
)
_ADJUST_AUDIO = ("adjust-volume", "adjust-panner")
_FILTERS = ("filter-video", "filter-video-mask")

Rank = str | tuple[str, ...]

_HEAD: tuple[Rank, ...] = ("note", *TIMING_TAGS)
_BODY: tuple[Rank, ...] = (STORY_TAGS, MARKER_TAGS)
_TAIL: tuple[Rank, ...] = (_FILTERS, "filter-audio", "metadata")

_ORDER: Mapping[str, tuple[Rank, ...]] = {
    "asset-clip": (
        *_HEAD,
        *_ADJUST_VIDEO,
        *_ADJUST_AUDIO,
        *_BODY,
        "audio-channel-source",
        *_TAIL,
    ),
    "clip": (*_HEAD, *_ADJUST_VIDEO, *_ADJUST_AUDIO, *_BODY, "audio-channel-source", *_TAIL),
    "sync-clip": (*_HEAD, *_ADJUST_VIDEO, *_ADJUST_AUDIO, *_BODY, "sync-source", *_TAIL),
    "ref-clip": (*_HEAD, *_ADJUST_VIDEO, *_ADJUST_AUDIO, *_BODY, "audio-role-source", *_TAIL),
    "mc-clip": (*_HEAD, *_ADJUST_AUDIO, "mc-source", *_BODY, "filter-audio", "metadata"),
    "mc-source": ("audio-role-source", *_ADJUST_VIDEO, _FILTERS),
    "audio": (*_HEAD, "adjust-volume", *_BODY, "filter-audio"),
    "video": ("param", *_HEAD, *_ADJUST_VIDEO, *_BODY, _FILTERS, "reserved"),
    "title": (
        "param",
        "text",
        "text-style-def",
        "note",
        *_ADJUST_VIDEO,
        *_BODY,
        _FILTERS,
        "metadata",
    ),
    "caption": ("text", "text-style-def", "note"),
    "gap": ("note", *_BODY, "metadata"),
    "transition": ("filter-video", "filter-audio", MARKER_TAGS, "metadata", "reserved"),
}

_ONCE = frozenset({"note", *TIMING_TAGS, *_ADJUST_VIDEO, *_ADJUST_AUDIO, "metadata", "reserved"})
_STRANGE_TAGS = frozenset(
    {
        "adjust-colorConform",
        "adjust-stereo-3D",
        "adjust-voiceIsolation",
        "live-drawing",
        "object-tracker",
        "tracking-shape",
    }
)
_STRANGE_ATTRIBUTES = frozenset({"auxValue", "nameOverride", "heroEye", "tracking", "dataLocator"})
_CLIP_ATTRIBUTES = ("srcEnable", "audioStart", "audioDuration", "tcStart", "tcFormat", "modDate")

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "asset-clip": (*_CLIP_ATTRIBUTES, "audioRole", "videoRole"),
    "clip": _CLIP_ATTRIBUTES[1:],
    "sync-clip": _CLIP_ATTRIBUTES[1:],
    "ref-clip": ("srcEnable", "audioStart", "audioDuration", "useAudioSubroles", "modDate"),
    "mc-clip": ("srcEnable", "audioStart", "audioDuration", "modDate"),
    "audio": ("srcID", "role", "srcCh", "outCh"),
    "video": ("srcID", "role"),
    "title": ("role",),
    "caption": ("role",),
    "spine": ("name",),
}
"""What is kept of a clip's own attributes, apart from its place, name and references."""


def ordered(element: etree._Element) -> None:
    """Sort an element's children as the DTD wants them; drop what it does not know."""
    ranks: dict[str, int] = {}
    for rank, tags in enumerate(_ORDER[element.tag]):
        for tag in (tags,) if isinstance(tags, str) else tags:
            ranks[tag] = rank
    children = [child for child in element if child.tag in ranks]
    seen: set[str] = set()
    kept = []
    for child in sorted(children, key=lambda child: ranks[child.tag]):
        if child.tag in _ONCE and child.tag in seen:
            continue
        seen.add(child.tag)
        kept.append(child)
    element[:] = kept


def keeps(parent: str, child: str) -> bool:
    """Return whether a kind of clip may keep a kind of child that is no clip and no marker."""
    if child in STORY_TAGS or child in ("marker", "chapter-marker"):
        return False
    ranks = _ORDER.get(parent, ())
    return any(child == rank or (isinstance(rank, tuple) and child in rank) for rank in ranks)


def without_strange(element: etree._Element) -> None:
    """Take out, at any depth, what not every written version allows."""
    for inner in list(element.iter()):
        if inner.tag in _STRANGE_TAGS and inner.getparent() is not None:
            inner.getparent().remove(inner)
            continue
        for name in _STRANGE_ATTRIBUTES.intersection(inner.keys()):
            del inner.attrib[name]
