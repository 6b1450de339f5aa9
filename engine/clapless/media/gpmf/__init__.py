"""GoPro's telemetry (GPMF): gyroscope, accelerometer, GPS and whatever else a camera writes."""
