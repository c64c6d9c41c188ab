"""A wallet that is not ours takes a certificate up, from the offer to the credential it verifies by itself."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from certificates.wallet.metadata import SD_JWT, VC_JWT, offer_link
from lms.config import Config
from lms.models import Certificate
from lms.services import issuing, wallet_offers
from lms.services.authority import open_authority, publish
from lms.worker import Worker
from tests.conftest import BASE_URL
from tests.learner_in_test import TRACK, earn, learner


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """Where the service answers."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def issued(session: Session, config: Config) -> Certificate:
    authority = open_authority(config)
    publish(session, authority)
    row = learner(session, full_name="Ada Lovelace")
    earn(session, row)
    made = issuing.issue(session, authority, row, TRACK)
    session.commit()
    return made


def taken_up(judges: Path, app: Flask, served: str, configuration: str, link: str, figures: str) -> dict[str, Any]:
    """What that wallet says of the credential, signed meanwhile by a worker."""
    command = ["node", "wallet.mjs", BASE_URL, served, configuration, link, figures]
    worker, end = Worker(app), time.monotonic() + 60
    with subprocess.Popen(command, cwd=judges, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and time.monotonic() < end:
            worker.drain()
            time.sleep(0.1)
        running.kill()
        out, errors = running.communicate()
    assert running.returncode == 0, errors
    said: dict[str, Any] = json.loads(out)
    return said


@pytest.mark.parametrize("configuration", [SD_JWT, VC_JWT])
def test_another_wallet_receives_it_and_verifies_it(
    judges: Path, app: Flask, session: Session, config: Config, issued: Certificate, served: str, configuration: str
) -> None:
    number = issued.number
    made = wallet_offers.offer(session, config.secret_key, issued)
    session.commit()
    said = taken_up(judges, app, served, configuration, offer_link(BASE_URL, made.code), made.figures)
    claims = said["claims"]
    assert claims["cnf"]["jwk"] == {name: said["key"][name] for name in ("crv", "kty", "x", "y")}
    if configuration == SD_JWT:
        assert claims["number"] == number
        assert claims["holder"] == "Ada Lovelace"
        assert "track" in claims["shown"]
        assert not {"holder", "number", "results"} & set(claims["shown"])
        assert "/status/token-1" in said["visited"], "it looked at the status list"
    else:
        assert claims["credentialSubject"]["licenseNumber"] == number
