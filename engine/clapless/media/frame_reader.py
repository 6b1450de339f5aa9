"""Feeding everyone who wants pictures of a clip from one decoding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from clapless.media.frames import frame_blocks
from clapless.media.reading import FrameWish, Need, Subscriber
from clapless.model import Clip

WHOLE_PICTURES = FrameWish(width=320)
"""What a subscriber gets that needs pictures and does not say which."""


def feed_frames(
    clip: Clip,
    subscribers: Sequence[Subscriber],
    warnings: list[str],
    progress: Callable[[float], None] | None = None,
) -> None:
    """Decode the pictures of a clip once and feed all that need them.

    Parameters
    ----------
    clip
        The clip.
    subscribers
        Those among them that need frames or keyframes are fed; an attribute ``frame_wish`` says
        what of them.
    warnings
        Sentences about damage are appended here.
    progress
        Called now and then with the clip time, in seconds, that was reached.
    """
    watching = [s for s in subscribers if s.needs & {Need.FRAMES, Need.KEYFRAMES}]
    if not watching:
        return
    wish = reduce(FrameWish.joined, (getattr(s, "frame_wish", WHOLE_PICTURES) for s in watching))
    for block in frame_blocks(clip, wish, warnings=warnings):
        for subscriber in watching:
            subscriber.feed(block)
        if progress is not None:
            progress(float(block.times_s[-1]))
