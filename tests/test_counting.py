"""Limits are counted together where a real server is named, and by each process when it is away."""

from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from limits import parse
from redis import RedisError
from structlog.testing import capture_logs

from lms import counting
from lms.counting import Counts
from tests.cache_in_test import CacheServer, self_signed
from tests.conftest import SECRET

TWO = parse("2 per hour")
WHO = ("a page", "192.0.2.7")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may answer late."""
    monkeypatch.setattr(counting, "PATIENCE", 30.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CacheServer]:
    with CacheServer(tmp_path) as started:
        yield started


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was away is asked again at once."""
    monkeypatch.setattr(counting, "AGAIN", 0.0)


def test_processes_count_together(server: CacheServer) -> None:
    one, other = Counts(server.url, SECRET), Counts(server.url.replace("valkey", "redis"), SECRET)
    assert one.hit(TWO, *WHO)
    assert other.hit(TWO, *WHO)
    assert not one.hit(TWO, *WHO)
    assert one.window(TWO, *WHO).remaining == other.window(TWO, *WHO).remaining == 0
    assert other.hit(TWO, "another page", "192.0.2.7")
    assert not one.away()


def test_what_is_taken_back_counts_no_more(server: CacheServer) -> None:
    for counts in (Counts(server.url, SECRET), Counts("", SECRET)):
        for _turn in range(4):
            assert counts.hit(TWO, *WHO)
            counts.take_back(TWO, *WHO)
        assert [counts.hit(TWO, *WHO) for _turn in range(3)] == [True, True, False]
    assert all(0 < seconds <= 3600 for seconds in server.keys().values())


def told(logs: Sequence[MutableMapping[str, Any]]) -> list[MutableMapping[str, Any]]:
    """What was logged of the server: other threads of this process log too."""
    return [line for line in logs if line.get("what") == "cache"]


def test_the_server_is_told_nothing_of_anybody_and_keeps_it_for_an_hour(server: CacheServer) -> None:
    Counts(server.url, SECRET).hit(TWO, *WHO)
    Counts(server.url, "another service's secret").hit(TWO, *WHO)
    kept = server.keys()
    assert len(kept) == 2, "two services count apart"
    assert not [key for key in kept if "192.0.2" in key or "page" in key or not key.startswith("mpia:")]
    assert all(0 < seconds <= 3600 for seconds in kept.values())


def test_each_counts_for_itself_while_it_is_away_and_says_so_once(server: CacheServer) -> None:
    one, other = Counts(server.url, SECRET), Counts(server.url, SECRET)
    assert one.hit(TWO, *WHO)
    server.kill()
    with capture_logs() as logs:
        assert [one.hit(TWO, *WHO) for _turn in range(3)] == [True, True, False]
    assert [line["event"] for line in told(logs)] == ["away"]
    assert other.hit(TWO, *WHO)
    assert one.window(TWO, *WHO).remaining == 0
    assert one.away()


@pytest.mark.usefixtures("at_once")
def test_it_is_shared_again_once_it_is_back(server: CacheServer) -> None:
    one, other = Counts(server.url, SECRET), Counts(server.url, SECRET)
    assert all(each.hit(TWO, *WHO) for each in (one, other))
    server.kill()
    assert all(each.hit(TWO, *WHO) for each in (one, other))
    server.start()
    with capture_logs() as logs:
        assert [each.hit(TWO, *WHO) for each in (one, other, one)] == [True, True, False]
    assert [line["event"] for line in told(logs)] == ["back", "back"]
    assert not other.away()


def test_one_that_answers_no_more_is_not_waited_for_again(server: CacheServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "PATIENCE", 4.0)
    one = Counts(server.url, SECRET)
    assert one.hit(TWO, *WHO)
    server.freeze()
    with capture_logs() as logs:
        assert [one.hit(TWO, *WHO) for _turn in range(3)] == [True, True, False]
    assert [line["cause"] for line in told(logs)] == ["TimeoutError"]


def test_a_server_that_refuses_is_one_that_is_away(tmp_path: Path) -> None:
    with CacheServer(tmp_path, "--requirepass", "known") as server, capture_logs() as logs:
        assert Counts(server.url, SECRET).hit(TWO, *WHO)
        assert Counts(server.url.replace("//", "//:wrong@"), SECRET).hit(TWO, *WHO)
        known = Counts(server.url.replace("//", "//:known@"), SECRET)
        assert known.hit(TWO, *WHO)
        assert not known.away()
    assert [line["event"] for line in told(logs)] == ["away", "away"]
    assert "wrong" not in str(logs)


def test_it_may_be_spoken_to_by_tls_and_must_then_prove_who_it_is(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    given = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no")
    options = ("--port", "0", *given)
    with CacheServer(tmp_path, *options, port_option="--tls-port") as server:
        url = server.url.replace("valkey:", "valkeys:")
        counting.ask(f"{url}?ssl_ca_certs={certificate}")
        with pytest.raises(RedisError):
            counting.ask(url)
        with pytest.raises(RedisError):
            counting.ask(server.url)
