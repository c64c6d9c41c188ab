"""Two ``lms serve`` and the server where they count together, which dies in the middle and comes back."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import httpx
import pytest
from limits import parse

from lms import counting
from lms.counting import Counts
from tests.cache_in_test import CacheServer
from tests.conftest import SECRET, make_config
from tests.faults.serving_in_test import Served

LIMIT = parse("60 per minute")
PAGE = ("lms.views.verify.form", "127.0.0.1")
PATIENCE = 120


def opened(web: Served) -> int:
    """The status of the page of verification there."""
    return httpx.get(f"{web.url}/verify", trust_env=False, timeout=60).status_code


def away(web: Served) -> bool:
    """Whether that process says that it counts for itself."""
    figures = httpx.get(f"{web.url}/metrics", trust_env=False, timeout=60).text
    return "mpia_cache_away 1.0" in figures.splitlines()


def use_up(counts: Counts, left: int) -> None:
    """Open the page as often as allowed but for some times."""
    while counts.window(LIMIT, *PAGE).remaining > left:
        counts.hit(LIMIT, *PAGE)


def test_limits_are_shared_lost_and_shared_again(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "PATIENCE", 30.0)
    database = tmp_path / "lms.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    with CacheServer(tmp_path) as server:
        url = f"{server.url}?socket_timeout=30&socket_connect_timeout=30"  # a busy machine may answer late
        config = make_config(f"sqlite:///{database}", tmp_path, cache_url=url)
        with ExitStack() as stack, ThreadPoolExecutor() as threads:
            one, other = threads.map(stack.enter_context, [Served(config), Served(config)])
            here = Counts(server.url, SECRET)
            use_up(here, left=2)
            assert [opened(web) for web in (one, other, one, other)] == [200, 200, 429, 429]
            server.kill()
            assert [opened(web) for web in (one, other, one, other)] == [200, 200, 200, 200]
            assert away(one)
            assert away(other)
            server.start()
            end = time.monotonic() + PATIENCE
            while away(one) or away(other):
                assert time.monotonic() < end, "they do not count together again"
                Event().wait(0.5)
            use_up(Counts(server.url, SECRET), left=1)
            assert [opened(web) for web in (one, other, one)] == [200, 429, 429]
