"""Feeding everyone who wants telemetry of a clip from one read of its track."""

from __future__ import annotations

from collections.abc import Sequence

from clapless.errors import MediaError
from clapless.media.gpmf.telemetry import has_telemetry, read_gpmf
from clapless.media.reading import Need, Subscriber, TelemetryBlock
from clapless.model import Clip


def feed_telemetry(clip: Clip, subscribers: Sequence[Subscriber], warnings: list[str]) -> None:
    """Read the telemetry of a clip once and feed all that need it.

    Parameters
    ----------
    clip
        The clip; one without a telemetry track feeds nothing.
    subscribers
        Those among them that need telemetry and name streams in an attribute ``telemetry_keys``
        are fed.
    warnings
        Sentences about damage are appended here.
    """
    listening = [
        subscriber
        for subscriber in subscribers
        if Need.TELEMETRY in subscriber.needs and hasattr(subscriber, "telemetry_keys")
    ]
    if not listening or not has_telemetry(clip):
        return
    keys = {key for subscriber in listening for key in getattr(subscriber, "telemetry_keys", ())}
    try:
        telemetry = read_gpmf(clip, keys=keys)
    except MediaError as error:
        warnings.append(f"{error}.")
        return
    warnings.extend(telemetry.notes)
    for subscriber in listening:
        subscriber.feed(TelemetryBlock(telemetry=telemetry))
