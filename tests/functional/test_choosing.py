"""A trainer places content through the development LMS, learners open it, its gradebook opens their work: real HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from lms.demo import Demo
from lms.devlms import HeadlessBrowser, Quirks
from lms.devlms.client import Choice
from lms.lti.grades import MAXIMUM
from tests.conftest import SECRET
from tests.functional.test_main_job import free_ports

LEARNER, OTHER, TRAINER = "11", "12", "13"


@pytest.fixture
def demo(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demo]:
    monkeypatch.setenv("LMS_SECRET_KEY", SECRET)  # under which the database's LTI key is encrypted
    with Demo(tmp_path / "demo", free_ports(), database_url) as running:
        yield running


@pytest.fixture
def campus(demo: Demo) -> Any:
    return demo.devlms.extensions["devlms"]


def choosing(*keys: str) -> Choice:
    """Tick these, see what will be placed, place it."""

    def choose(browser: HeadlessBrowser, page: httpx.Response) -> httpx.Response:
        assert page.status_code == 200, page.text
        shown = browser.open(f"{page.url}/place?" + "&".join(f"pick={key}" for key in keys))
        assert shown.status_code == 200, shown.text
        return browser.submit(browser.form("/place"), pick=list(keys))

    return choose


def cancelling(browser: HeadlessBrowser, page: httpx.Response) -> httpx.Response:
    """Place nothing."""
    del page
    return browser.submit(browser.form("/cancel"))


@pytest.mark.parametrize("moodle", [False, True], ids=["as the specification", "as Moodle"])
def test_what_a_trainer_chooses_becomes_activities_that_learners_open(demo: Demo, campus: Any, moodle: bool) -> None:
    campus.quirks = Quirks(string_booleans=moodle, no_deep_linking_data=moodle)
    before = len(campus.links("2")), len(campus.store.line_items())
    with HeadlessBrowser(demo.addresses.lms) as browser:
        added = browser.deep_link(TRAINER, choosing("decideurs", "decideurs/d1"))
    assert added.status_code == 200, added.text
    assert added.text.count('href="/course/') == 2
    assert 'role="status"' in added.text  # our word for the person
    whole, part = campus.links("2")[before[0] :]
    assert (whole.custom["track"], whole.custom.get("module")) == ("decideurs", None)
    assert (part.custom["track"], part.custom["module"]) == ("decideurs", "d1")
    assert whole.url == part.url == ""
    columns = campus.store.line_items()[before[1] :]
    assert [(item.resource_id, item.tag, item.score_maximum) for item in columns] == [
        ("decideurs", "mpia", MAXIMUM), ("decideurs/d1", "mpia", MAXIMUM),
    ]  # fmt: skip
    assert [item.label for item in columns] == [whole.title, part.title]
    for link, path in ((whole, "/learn/decideurs"), (part, "/learn/decideurs/d1")):
        with HeadlessBrowser(demo.addresses.lms) as browser:
            landed = browser.launch(LEARNER, link.id)
        assert landed.status_code == 200
        assert urlsplit(str(landed.url)).path == path


def test_one_alone_where_the_platform_takes_one(demo: Demo, campus: Any) -> None:
    campus.deep_linking = replace(campus.deep_linking, accept_multiple=False, accept_lineitem=False)
    columns = len(campus.store.line_items())
    with HeadlessBrowser(demo.addresses.lms) as browser:
        added = browser.deep_link(TRAINER, choosing("decideurs/d2"))
    assert added.text.count('href="/course/') == 1
    assert len(campus.store.line_items()) == columns


def test_a_choice_that_is_cancelled_adds_nothing(demo: Demo, campus: Any) -> None:
    before = len(campus.links("2"))
    with HeadlessBrowser(demo.addresses.lms) as browser:
        page = browser.deep_link(TRAINER, cancelling)
    assert page.status_code == 200
    assert 'role="status"' in page.text
    assert len(campus.links("2")) == before


def test_the_gradebook_opens_what_a_learner_did(demo: Demo, campus: Any) -> None:
    campus.quirks = Quirks(submission_review=True)
    with HeadlessBrowser(demo.addresses.lms) as browser:
        browser.launch(LEARNER, "decideurs")
    item = next(item for item in campus.store.line_items() if item.resource_link_id == "decideurs")
    with HeadlessBrowser(demo.addresses.lms) as browser:
        seen = browser.review(TRAINER, item.id, LEARNER)
        assert seen.status_code == 200, seen.text
        assert "/learners/" in str(seen.url)
        assert campus.people[LEARNER].family_name in seen.text
    with HeadlessBrowser(demo.addresses.lms) as browser:
        own = browser.review(LEARNER, item.id, LEARNER)
        assert own.status_code == 200
        assert urlsplit(str(own.url)).path == "/learn/review"
    with HeadlessBrowser(demo.addresses.lms) as browser:
        never = browser.review(TRAINER, item.id, OTHER)  # enrolled there, never came here
        assert never.status_code == 403
        assert 'id="reference"' in never.text
