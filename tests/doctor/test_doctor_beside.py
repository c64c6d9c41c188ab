"""``lms doctor``: the server where limits are counted together; that of reports is in ``tests/faults``."""

from pathlib import Path

import pytest
from flask import Flask

from lms import counting
from lms.config import Config, ConfigError, load_config
from lms.doctor import beside
from lms.models import db
from tests.cache_in_test import CacheServer
from tests.conftest import make_config
from tests.doctor.test_doctor_settings import says


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may answer late."""
    monkeypatch.setattr(counting, "PATIENCE", 30.0)


def with_cache(tmp_path: Path, url: str) -> Config:
    return make_config("", tmp_path, cache_url=url)


def test_a_server_of_counts_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says(beside.cache(with_cache(tmp_path, "")), "ok", "each web process counts")
    with CacheServer(tmp_path) as server:
        says(beside.cache(with_cache(tmp_path, server.url)), "ok", f"127.0.0.1:{server.port}")
        monkeypatch.setattr(beside, "LOOPBACK", set())  # as if it were on another machine
        says(beside.cache(with_cache(tmp_path, server.url)), "warn", "without TLS", "valkeys://")
    found = beside.cache(with_cache(tmp_path, server.url.replace("//", "//:hidden@")))
    says(found, "bad", "ConnectionError", "LMS_CACHE_URL")
    assert "hidden" not in str(found)


def test_a_server_that_runs_no_script_serves_nothing(tmp_path: Path) -> None:
    with CacheServer(tmp_path, "--user", "default", "on", "nopass", "~*", "&*", "+@all", "-@scripting") as server:
        says(beside.cache(with_cache(tmp_path, server.url)), "bad", "NoPermissionError", "EVAL")


def test_without_a_replica_there_is_nothing_to_look_at(app: Flask, config: Config) -> None:
    with app.app_context():
        (found,) = beside.replica(db.session(), config, None)
    says(found, "ok", "LMS_REPLICA_URL")


@pytest.mark.parametrize("url", ["http://127.0.0.1", "127.0.0.1:6379", "redis://", "redis://h:x", "valkey://h:0"])
def test_an_address_of_another_kind_is_no_server_of_counts(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="LMS_CACHE_URL"):
        with_cache(tmp_path, url)


@pytest.mark.parametrize(
    "url",
    [
        "valkeys://h?ssl_ca_cert=/x.pem",
        "valkey://h?ssl_ca_certs=/x.pem",
        "valkeys://h?ssl_cert_reqs=some",
        "valkeys://h?ssl_min_version=1.2",
        "redis://h?socket_timeout=abc",
        "redis://h?max_connections=-1",
        "redis://h?protocol=9",
        "redis://h?retry=1",
    ],
)
def test_an_option_that_the_server_of_counts_cannot_be_called_with_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"LMS_CACHE_URL.*ssl_ca_certs=FILE"):
        with_cache(tmp_path, url)


@pytest.mark.parametrize("query", ["", "?ssl_ca_certs=/x.pem&socket_timeout=1", "?db=3&ssl_check_hostname=no"])
def test_options_of_an_address_of_counts_are_taken(tmp_path: Path, query: str) -> None:
    assert with_cache(tmp_path, "valkeys://u:p@h:6380" + query).cache_url.endswith(query)


@pytest.mark.parametrize(
    ("database", "replica"),
    [("", "postgresql://r@h/lms"), ("postgresql://l@h/lms", "sqlite:///x"), ("postgresql://l@h/lms", "nowhere")],
)
def test_a_replica_is_one_of_postgresql(tmp_path: Path, database: str, replica: str) -> None:
    with pytest.raises(ConfigError, match="LMS_REPLICA_URL"):
        make_config(database, tmp_path, replica_url=replica)


def test_neither_address_is_shown(tmp_path: Path) -> None:
    given = {"LMS_CACHE_URL": "redis://:hidden@h", "LMS_REPLICA_URL": "postgres://r:hidden@h/lms",
             "LMS_DATABASE_URL": "postgres://l:hidden@h/lms", "LMS_SECRET_KEY": "x" * 40}  # fmt: skip
    config = load_config({**given, "LMS_DATA_DIR": str(tmp_path)})
    assert "hidden" not in str(config.shown())
    assert config.replica == "postgresql+psycopg://r:hidden@h/lms"
