"""What ships to watch the service: every expression is one, of figures that are there, and every alert is explained."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from promql_parser import AggregateExpr, VectorSelector
from sqlalchemy.orm import Session

from lms.config import Config
from lms.metrics_of_database import KINDS
from lms.models import WorkerSign, utcnow
from lms.services.authority import open_authority, publish
from lms.services.workers import Tally
from tests.platform_in_test import ABSENT, PlatformInTest, hr_officer

DOCS = Path(__file__).parents[1] / "docs"
DASHBOARD = json.loads((DOCS / "deploy/grafana-dashboard.json").read_text("utf-8"))
GROUPS = yaml.safe_load((DOCS / "deploy/alerts.yaml").read_text("utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
TARGETS = [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]]
EXPRESSIONS = [(rule["alert"], rule["expr"]) for rule in RULES] + TARGETS
#: Labels that Prometheus adds to whatever it scrapes.
ADDED = {"instance", "job"}


def nodes(expression: str, kind: type[Any]) -> list[Any]:
    """The parts of that kind in an expression; raises when it is none."""
    found: list[Any] = []
    # What Grafana puts in place of its variable.
    tree = promql_parser.parse(expression.replace("$__rate_interval", "5m"))
    promql_parser.walk(tree, lambda node: found.append(node) if isinstance(node, kind) else None)
    return found


@pytest.fixture
def told(platform: PlatformInTest, client: FlaskClient, session: Session, config: Config) -> dict[str, set[str]]:
    """The names in /metrics with their labels, once each thing has happened."""
    platform.launched()
    platform.login(client, login_hint=ABSENT)
    assert platform.launched(**hr_officer()).get("/hr/export/completions.csv?purpose=audit").status_code == 200
    tally = Tally()
    tally.add("send_score", "done", 1)
    tally.write(session)
    publish(session, open_authority(config))
    session.add(WorkerSign(name="one", started_at=utcnow(), seen_at=utcnow()))
    session.commit()
    found: defaultdict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found[sample.name] |= set(sample.labels)
    return found


def test_every_expression_is_one_of_figures_that_are_there(told: dict[str, set[str]]) -> None:
    for name, expression in EXPRESSIONS:
        selected = nodes(expression, VectorSelector)
        assert selected, name
        labels = set(ADDED)
        for each in selected:
            assert each.name in told, f"{name}: {each.name}"
            labels |= told[each.name]
            for matcher in each.matchers.matchers:
                assert matcher.name in told[each.name] | ADDED, f"{name}: {matcher.name}"
                if matcher.name == "kind":
                    assert set(matcher.value.split("|")) <= set(KINDS), name
        for each in nodes(expression, AggregateExpr):
            if each.modifier is not None:
                assert set(each.modifier.labels) <= labels, name


def test_every_figure_of_ours_is_shown_or_watched(told: dict[str, set[str]]) -> None:
    used = {each.name for _name, expression in EXPRESSIONS for each in nodes(expression, VectorSelector)}
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in told if name.startswith("mpia_")}
    used = {re.sub(r"_(bucket|count|sum)$", "", name) for name in used}
    assert ours - used == {"mpia_worker_seen_seconds"}  # for people, who wonder since when


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    promql_parser.parse_duration(rule["for"])
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook"] == f"docs/operation.md#{rule['alert'].lower()}"
    section = re.search(rf"^### {rule['alert']}\n(.*?)(?=^##|\Z)", guide(), re.MULTILINE | re.DOTALL)
    assert section, "docs/operation.md does not explain it"
    assert len(section[1].split()) > 25


def test_the_guide_explains_every_figure_and_no_alert_that_is_not(told: dict[str, set[str]]) -> None:
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in told if name.startswith("mpia_")}
    assert {name for name in families if f"`{name}`" not in guide()} == set()
    section = guide().partition("## Alerts")[2].partition("\n## ")[0]
    assert set(re.findall(r"^### (\w+)$", section, re.MULTILINE)) == {rule["alert"] for rule in RULES}


def test_the_guide_explains_every_event_of_the_logs() -> None:
    written = r'\blog\.(?:info|warning|error|exception)\(\s*"([a-z_.]+)"'
    sources = [path.read_text("utf-8") for path in (DOCS.parent / "lms").rglob("*.py")]
    events = {event for source in sources for event in re.findall(written, source)}
    assert {"request", "job_ended", "database_trouble"} <= events
    assert {event for event in events if f"`{event}`" not in guide()} == set()


def test_panels_stand_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _y in cells) < 24
        assert panel["description"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def guide() -> str:
    """What an administrator reads."""
    return (DOCS / "operation.md").read_text("utf-8")
