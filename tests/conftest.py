"""What the tests share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support import ROOT


@pytest.fixture(scope="session")
def repository() -> Path:
    """The project's root."""
    return ROOT
