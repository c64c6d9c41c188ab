"""``lms serve`` with several web processes: what they count is one figure."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run, environment
from tests.running_in_test import COMMAND, free_port


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of two web processes."""
    port = free_port()
    command = [*COMMAND, "serve", "--port", str(port), "--workers", "2"]
    told = environment(tmp_path, LMS_BASE_URL=f"http://localhost:{port}")
    running = subprocess.Popen(command, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + 120
    while True:
        try:
            httpx.get(f"{url}/healthz", trust_env=False)
            break
        except httpx.HTTPError:
            assert time.monotonic() < end, "the service did not start"
            time.sleep(0.2)
    yield url
    running.terminate()
    running.wait(30)


def test_web_processes_count_together(served: str) -> None:
    for _ in range(12):  # each on a connection of its own, which either process may take
        assert httpx.get(f"{served}/lti/login", trust_env=False).status_code == 400
    for _ in range(4):
        page = httpx.get(f"{served}/metrics", trust_env=False).text
        assert figure(page, 'mpia_lti_refusals_total{cause="login_malformed"}') == 12
        assert figure(page, 'mpia_http_requests_total{route="lti.login",status="4xx"}') == 12
        assert figure(page, 'mpia_http_request_seconds_count{route="lti.login"}') == 12
        # Of one process, not of both: a pool that is exhausted is not hidden by the other.
        assert 0 <= figure(page, "mpia_db_pool_in_use") <= figure(page, "mpia_db_pool_limit") == 15


def test_a_port_already_in_use_is_said_without_a_trace(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = run("serve", "--port", str(port := other.getsockname()[1]))
    assert ended.status == 1
    assert f"port {port}: Address already in use. Stop what is served there" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "localhost"], "must be an address of this machine in figures"),
        (["--host", "192.0.2.1"], "Nothing can be served at 192.0.2.1"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--workers", "0"], "0 is not in the range"),
    ],
)
def test_an_address_that_cannot_be_served_is_refused_with_what_to_give(
    run: Run, arguments: list[str], said: str
) -> None:
    ended = run("serve", *arguments)
    assert ended.status in {1, 2}
    assert said in ended.err


def figure(page: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    assert found is not None, name
    return float(found[1])
