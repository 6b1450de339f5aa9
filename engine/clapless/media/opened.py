"""A file opened to be described: its streams, sorted, and everything it says beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer

from clapless.errors import NotMediaError
from clapless.media.avchd import AvchdNotes, read_avchd_notes
from clapless.media.camera_xml import CameraXml, read_camera_xml, sidecar_of
from clapless.media.endings import is_whole
from clapless.media.first_times import FirstTimes, first_times
from clapless.media.mp4_notes import Mp4Notes, TrackNotes, read_mp4_notes
from clapless.media.pictures import moving_pictures
from clapless.media.recorder_notes import RecorderNotes, recorder_notes
from clapless.media.riff import read_riff

PANASONIC_XML = "com.panasonic.Semi-Pro.metadata.xml"
"""Tag in which Panasonic's cameras put their XML."""


@dataclass(frozen=True)
class Beside:
    """What a file says outside its streams; each is empty where it does not speak.

    Parameters
    ----------
    mp4
        Boxes of MP4 and MOV.
    recorder
        bext and iXML of WAV.
    xml
        XML of a camera, in the file or beside it.
    avchd
        Messages in the picture stream of AVCHD.
    """

    mp4: Mp4Notes
    recorder: RecorderNotes
    xml: CameraXml
    avchd: AvchdNotes


class OpenedFile:
    """The streams of an open file, sorted, and what it says beside them.

    Parameters
    ----------
    container
        The open file.
    file
        Its path.

    Attributes
    ----------
    whole
        False where the file states that it is longer than it is.
    """

    def __init__(self, container: InputContainer, file: Path) -> None:
        self.container = container
        self.file = file
        self.format = container.format.name
        is_mp4 = "mp4" in self.format.split(",")
        self.mp4 = read_mp4_notes(file) if is_mp4 else Mp4Notes()
        self.sounds: list[AvAudioStream] = [
            stream
            for stream in container.streams.audio
            if stream.codec_context is not None
            and stream.codec_context.sample_rate
            and stream.codec_context.channels
        ]
        self.picture = moving_pictures(container)
        self.first: FirstTimes = first_times(container, self.picture, self.sounds)
        self.whole = self.mp4.whole and is_whole(file, self.format)
        if self.format == "mxf" and not self.whole and self.first.picture_s is not None:
            # Without its index FFmpeg shows the picture later than the sound beside it.
            self.first = replace(self.first, picture_s=Fraction(0))

    def track(self) -> TrackNotes | None:
        """Return the picture's track in an MP4."""
        if self.picture is None or self.picture.index >= len(self.mp4.tracks):
            return None
        track = self.mp4.tracks[self.picture.index]
        return track if track.handler == "vide" else None

    def beside(self) -> Beside:
        """Return what the file says outside its streams."""
        recorder = RecorderNotes()
        if "wav" in self.format.split(",") and self.sounds:
            try:
                riff = read_riff(self.file)
            except NotMediaError:
                # FFmpeg takes more for WAV than there are chunks to read in.
                pass
            else:
                recorder = recorder_notes(riff, channels=self.sounds[0].codec_context.channels)
        return Beside(self.mp4, recorder, self._camera_xml(), self._avchd())

    def _camera_xml(self) -> CameraXml:
        documents = list(self.mp4.xml)
        tag = self.container.metadata.get(PANASONIC_XML)
        if tag:
            documents.append(tag.encode("utf-8", "replace"))
        if self.picture is not None:
            sidecar = sidecar_of(self.file)
            if sidecar is not None:
                documents.append(sidecar.read_bytes())
        for document in documents:
            read = read_camera_xml(document)
            if read is not None:
                return read
        return CameraXml()

    def _avchd(self) -> AvchdNotes:
        if "mpegts" not in self.format.split(","):
            return AvchdNotes()
        return read_avchd_notes(self.first.picture_head) or AvchdNotes()
