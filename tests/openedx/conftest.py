"""Open edX's consumer, started once, and our tool served to it over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.devlms import serve
from tests.conftest import make_config
from tests.openedx.bare_tool import BareTool, Place
from tests.openedx.edx import OpenEdx, serving
from tests.openedx.our_tool import OurTool
from tests.running_in_test import free_port


@pytest.fixture(scope="session")
def edx_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the running platform."""
    with serving(tmp_path_factory.mktemp("openedx")) as url:
        yield url


@pytest.fixture
def edx(edx_url: str) -> Iterator[OpenEdx]:
    """The platform, and browsers for this test."""
    with OpenEdx(edx_url) as running:
        yield running


@pytest.fixture
def bare(edx: OpenEdx) -> Iterator[Place]:
    """Places a bare tool in a course, with changed fields of its block."""
    made: list[BareTool] = []

    def place(course: str = "", **fields: Any) -> BareTool:
        made.append(BareTool(edx, course, **fields))
        return made[-1]

    yield place
    for tool in made:
        tool.close()


@pytest.fixture
def config(database_url: str, tmp_path: Path, keys_dir: Path) -> Config:
    """On another site than the platform, as in life, and on a port of its own."""
    port = free_port()
    return make_config(database_url, tmp_path, keys_dir=keys_dir, base_url=f"http://localhost:{port}")


@pytest.fixture
def ours(edx: OpenEdx, app: Flask, config: Config, session: Session) -> Iterator[OurTool]:
    """Our tool, served to the platform over HTTP."""
    server = serve(app, "127.0.0.1", int(config.base_url.rpartition(":")[2]))
    yield OurTool(edx, config.base_url, app, session)
    server.stop()
