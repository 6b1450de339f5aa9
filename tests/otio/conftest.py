import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "otio",
    max_examples=int(os.environ.get("CLAPLESS_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
