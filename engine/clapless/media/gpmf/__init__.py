"""GoPro's telemetry (GPMF): gyroscope, accelerometer, GPS and whatever else a camera writes."""

from clapless.media.gpmf.describe import describe_telemetry, plot_telemetry, save_plot
from clapless.media.gpmf.extract import is_extract, read_extract
from clapless.media.gpmf.gps import GpsRecording, gps_recordings
from clapless.media.gpmf.model import LATENCY_STD_S, Telemetry, TelemetryStream
from clapless.media.gpmf.telemetry import (
    has_telemetry,
    parse_gpmf,
    parse_settings,
    read_gpmf,
    read_settings,
    split_payloads,
)

__all__ = [
    "LATENCY_STD_S",
    "GpsRecording",
    "Telemetry",
    "TelemetryStream",
    "describe_telemetry",
    "gps_recordings",
    "has_telemetry",
    "is_extract",
    "parse_gpmf",
    "parse_settings",
    "plot_telemetry",
    "read_extract",
    "read_gpmf",
    "read_settings",
    "save_plot",
    "split_payloads",
]
