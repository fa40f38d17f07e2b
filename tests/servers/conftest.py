"""What the tests against real servers share. `make test-servers` runs them; `make test` does not."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

import certificates
import machine

hypothesis.settings.register_profile(
    "servers",
    max_examples=int(os.environ.get("AFSCAN_CASES", "300")),
    derandomize="AFSCAN_CASES" not in os.environ,
    deadline=None,
    phases=[hypothesis.Phase.generate],  # a case is short as it is, and each one that shrinking tries starts a server
    database=None,
    print_blob=False,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("servers")


def pytest_configure(config: pytest.Config) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # who is told to end still stops its servers
    config.addinivalue_line("markers", "fact(product, text, rules): what a server shows, and the rules that lean on it")


@pytest.fixture(scope="session")
def tls() -> Iterator[certificates.Certificates]:
    """Certificates for the whole run."""
    with machine.folder() as path:
        found = certificates.make(path)
        machine.give(path)
        yield found


@pytest.fixture
def at() -> Iterator[Path]:
    """A folder for a server's files."""
    with machine.folder() as path:
        yield path
