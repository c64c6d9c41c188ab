"""The service with a provider to sign in with."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from lms.app import create_app
from lms.config import Config
from lms.models import db
from lms.services.accounts import make_account
from tests.account_in_test import PASSWORD
from tests.conftest import Browser, make_config
from tests.provider_in_test import PERSON, ProviderInTest


@pytest.fixture
def provider() -> Iterator[ProviderInTest]:
    """A real OpenID provider on loopback."""
    running = ProviderInTest()
    yield running
    running.close()


@pytest.fixture
def config(database_url: str, tmp_path: Path, keys_dir: Path, provider: ProviderInTest) -> Config:
    """A configuration that names it."""
    return make_config(database_url, tmp_path, keys_dir=keys_dir, **provider.settings())


@pytest.fixture
def made(database_url: str, tmp_path: Path, keys_dir: Path) -> Iterator[Callable[..., Flask]]:
    """Makes services of other settings on the same database, and closes what they opened."""
    services = []

    def make(**settings: Any) -> Flask:
        services.append(create_app(make_config(database_url, tmp_path, keys_dir=keys_dir, **settings)))
        services[-1].test_client_class = Browser
        return services[-1]

    yield make
    for each in services:
        with each.app_context():
            db.session.remove()
            db.engine.dispose()
        each.extensions["outbound"].close()


@pytest.fixture
def account(app: Flask) -> int:
    """The local account of the provider's person, of HR; gives the person's number."""
    with app.app_context():
        person = make_account(db.session(), PERSON["email"], PASSWORD, ["hr"]).person_id
        db.session.commit()
        db.session.remove()
    return person
