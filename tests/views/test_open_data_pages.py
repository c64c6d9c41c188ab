"""The open data: nothing unless opened; then a page, two files that agree, and metadata that portals read."""

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyld import jsonld

from lms.app import create_app
from lms.config import ConfigError
from lms.models import Baseline, BudgetLine, BudgetYear, Enrolment, db, utcnow
from lms.open_data_rows import last_day
from lms.services.dashboards import today_here
from lms.services.indicator_table import FIGURES
from tests.conftest import BASE_URL, make_config
from tests.figures_in_test import START, agent_in, follows, person_of

DCAT, DCT = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"
PATHS = ["/open-data", "/open-data/figures.csv", "/open-data/figures.json", "/open-data/catalogue.jsonld"]


@pytest.fixture
def opened(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The service with its data open: eight trained agents of a branch, two of another; a budget and its path."""
    app = create_app(make_config(database_url, tmp_path, open_data=True, open_data_contact="donnees@example.org"))
    with app.app_context():
        session = db.session()
        long_ago = utcnow() - timedelta(days=45)
        for number in range(10):
            who = person_of(session, agent_in(session, None, branch="FPE" if number < 8 else "FPH"))
            follows(session, who, at=long_ago, completed_at=long_ago)
        line = BudgetLine(code="124")
        session.add(line)
        session.flush()
        year = last_day(today_here(utcnow())).year
        session.add(BudgetYear(line_id=line.id, year=year, since=START, ae_opened=1_300_000_000, ai_cp=232_000_000))
        session.add(Baseline(reference_year=year - 1, base=1_000_000_000, ai_base=0, state="approved",
                             decided_at=START))  # fmt: skip
        session.commit()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["outbound"].close()


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_open_by_itself(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_to_open_them_a_contact_is_needed(tmp_path: Path) -> None:
    for contact in ("", "somebody", "http://example.org"):
        with pytest.raises(ConfigError, match="LMS_OPEN_DATA_CONTACT"):
            make_config("", tmp_path, open_data=True, open_data_contact=contact)


def test_files_agree_and_mask(opened: Flask) -> None:
    client = opened.test_client()
    lines = list(csv.DictReader(StringIO(client.get(PATHS[1]).text, newline=""), strict=True))
    told = json.loads(client.get(PATHS[2]).text)
    assert lines[0].keys() == {
        "year",
        "as_on",
        "branch",
        "track",
        "track_title_fr",
        "track_title_en",
        *FIGURES,
        "masked",
    }
    assert len(lines) == len(told["rows"])
    for line, row in zip(lines, told["rows"], strict=True):
        for name in FIGURES:
            assert line[name] == "" if row[name] is None else float(line[name]) == row[name]
        assert line["masked"].split() == row["masked"]
    last = max(row["as_on"] for row in told["rows"])
    assert last == told["until"] == last_day(today_here(utcnow())).isoformat()
    rows = {(row["branch"], row["track"]): row for row in told["rows"] if row["as_on"] == last}
    assert rows["FPH", "decideurs"]["enrolled"] is None
    assert rows["FPE", "decideurs"]["enrolled"] is None, "10 less 8 would give the two back"
    assert {"enrolled", "coverage", "hours"} <= set(rows["FPE", "decideurs"]["masked"])
    assert (rows["all", "decideurs"]["enrolled"], rows["all", "decideurs"]["coverage"]) == (10, 1.0)
    assert (rows["all", "all"]["ae_opened"], rows["all", "all"]["growth"]) == (1_300_000_000, 0.3)
    assert told["masked_below"] == 5
    assert told["licence"]["name"] == "Licence Ouverte 2.0"
    assert "@example.org" not in json.dumps(told)


def test_what_is_given_is_kept_and_may_be_cached(opened: Flask) -> None:
    client = opened.test_client()
    answer = client.get(PATHS[1])
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get(PATHS[1], headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    with opened.app_context():
        db.session.query(Enrolment).delete()
        db.session.commit()
    assert client.get(PATHS[1]).data == answer.data, "figures are computed once an hour"


def test_the_page_says_what_is_masked_and_under_which_licence(opened: Flask) -> None:
    client = opened.test_client()
    page = client.get("/open-data?lang=fr").text
    assert "masqué" in page
    assert 'href="mailto:donnees@example.org"' in page
    assert "Licence Ouverte 2.0" in page
    assert "13 333 333,33" in page.replace("\u202f", " ").replace("\xa0", " "), "the target, in euros"
    english = client.get("/open-data?lang=en").text
    assert "Agents enrolled" in english
    assert "below the target of the path" in english


def test_portals_read_the_catalogue(opened: Flask) -> None:
    client = opened.test_client()
    answer = client.get(PATHS[3])
    assert answer.headers["Content-Type"] == "application/ld+json"
    nodes: list[Any] = jsonld.flatten(json.loads(answer.text))  # a context that is inside: nothing is fetched
    by_type = {kind: node for node in nodes for kind in node.get("@type", ())}
    one, dataset = by_type[DCAT + "Catalog"], by_type[DCAT + "Dataset"]
    files = [node for node in nodes if DCAT + "Distribution" in node.get("@type", ())]
    # What DCAT-AP 3 makes mandatory, and what it recommends of a dataset and of a distribution.
    assert {DCT + "title", DCT + "description", DCT + "publisher", DCAT + "dataset"} <= one.keys()
    assert one[DCAT + "dataset"] == [{"@id": dataset["@id"]}]
    wanted = {DCT + name for name in ("title", "description", "publisher", "temporal", "spatial", "accessRights")}
    assert wanted | {DCAT + name for name in ("contactPoint", "keyword", "theme", "distribution")} <= dataset.keys()
    assert {DCT + "license", DCT + "format", DCAT + "accessURL", DCAT + "mediaType"} <= set.intersection(
        *(set(file) for file in files)
    )
    assert {text["@language"] for text in dataset[DCT + "title"]} == {"fr", "en"}
    for file in files:
        address = file[DCAT + "downloadURL"][0]["@id"]
        content = client.get(address.removeprefix(BASE_URL)).data
        sums = [node for node in nodes if node["@id"] == file["http://spdx.org/rdf/terms#checksum"][0]["@id"]]
        assert sums[0]["http://spdx.org/rdf/terms#checksumValue"][0]["@value"] == hashlib.sha256(content).hexdigest()
        assert file[DCAT + "byteSize"][0]["@value"] == str(len(content))
    assert jsonld.to_rdf(json.loads(answer.text))["@default"]
