"""What every test gets: a cache of its own, no network, no logged errors."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, whatever else the machine does at the time; with
# CLAPLESS_EXPLORE=1 others are drawn each time.
settings.register_profile(
    "clapless",
    deadline=None,
    derandomize=not os.environ.get("CLAPLESS_EXPLORE"),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("clapless")

SHARED_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write the golden files anew, then compare"
    )


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    """Whether goldens are to be written before they are compared."""
    return bool(request.config.getoption("--update-goldens"))


@pytest.fixture
def shared_data() -> Path:
    """The real recordings beside the project; skips where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real recordings are not there ({SHARED_DATA})")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def private_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A cache folder of the test's own: none sees what another left, nor the user's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CLAPLESS_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection."""

    def refuse(_self: socket.socket, address: object, *_rest: object) -> None:
        raise AssertionError(f"a test reached for the network: {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


class _Errors(logging.Handler):
    """Collects what is logged at ERROR and above."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def no_logged_errors() -> Iterator[None]:
    """Fail a test during which something logged an ERROR."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    assert not handler.records, [record.getMessage() for record in handler.records]
