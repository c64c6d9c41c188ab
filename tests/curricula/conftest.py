"""A track folder of one's own."""

from pathlib import Path

import pytest

from tests.curricula.samples import write_track


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A track without a mistake, to be read or broken."""
    return write_track(tmp_path)
