"""/metrics: figures for operators, for them alone, about nobody."""

import gc
import re
from datetime import timedelta
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lms import metrics
from lms.app import create_app
from lms.models import Certificate, OutboxJob, Platform, WorkerSign, db, utcnow
from lms.services import workers
from lms.services.outbox import promise
from lms.services.outcomes import GiveUp, TryLater
from lms.worker import Worker
from tests.conftest import make_config
from tests.platform_in_test import ABSENT, PlatformInTest


def figure(page: str, name: str) -> float:
    """One figure, 0 when it was never counted."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_launches_are_counted_by_kind_and_refusals_by_cause(client: FlaskClient, platform: PlatformInTest) -> None:
    names = ['mpia_lti_messages_total{kind="Launch"}', 'mpia_lti_refusals_total{cause="login_malformed"}']
    before = [figure(client.get("/metrics").text, name) for name in names]
    platform.launched()
    platform.login(client, login_hint=ABSENT)
    platform.login(client, login_hint=ABSENT)
    after = [figure(client.get("/metrics").text, name) for name in names]
    assert [new - old for old, new in zip(before, after, strict=True)] == [1, 2]


def test_deliveries_platforms_and_keys_are_told(app: Flask, client: FlaskClient, platform: PlatformInTest) -> None:
    page = client.get("/metrics").text
    assert figure(page, 'mpia_platforms{state="active"}') == 1
    assert figure(page, 'mpia_outbox_jobs{kind="send_score",state="failed"}') == 0
    assert figure(page, "mpia_database_up") == 1
    assert 0 < figure(page, "mpia_disk_free_bytes") <= figure(page, "mpia_disk_size_bytes")
    assert figure(page, "mpia_lti_key_life_seconds") == 90 * 86_400
    assert 0 <= figure(page, "mpia_lti_key_age_seconds") < 86_400
    with app.app_context():
        row = db.session.get_one(Platform, platform.id)
        row.checks = {"findings": [{"key": "token", "state": "bad", "cause": "token_refused", "detail": ""}]}
        db.session.commit()
    page = client.get("/metrics").text
    assert figure(page, 'mpia_platforms{state="failing"}') == 1
    assert platform.issuer not in page


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.5"}, {"Forwarded": "for=203.0.113.5"}])
def test_without_token_only_this_machine_reads_them(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers=headers).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.5"}).status_code == 404


def test_with_a_token_only_who_bears_it_reads_them(database_url: str, tmp_path: Path) -> None:
    token = "a token for the collector"
    other = create_app(make_config(database_url, tmp_path, metrics_token=token)).test_client()
    assert other.get("/metrics").status_code == 404
    assert other.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    far = other.get(
        "/metrics", headers={"Authorization": f"Bearer {token}"}, environ_base={"REMOTE_ADDR": "203.0.113.5"}
    )
    assert far.status_code == 200
    with other.application.app_context():
        db.engine.dispose()
    other.application.extensions["outbound"].close()


def test_requests_are_counted_by_route_and_class_with_their_times(client: FlaskClient) -> None:
    wanted = {
        'mpia_http_requests_total{route="verify.check",status="4xx"}': 1,
        'mpia_http_requests_total{route="none",status="4xx"}': 2,
        'mpia_http_request_seconds_count{route="none"}': 2,
        'mpia_http_request_seconds_bucket{le="+Inf",route="none"}': 2,
    }
    before = client.get("/metrics").text
    (code,) = {rule.endpoint for rule in client.application.url_map.iter_rules() if rule.rule == "/verify/<code>"}
    wanted = {name.replace("verify.check", code): number for name, number in wanted.items()}
    client.get("/verify/A-CODE-OF-NOBODY-1234")
    client.get("/nowhere/Ada")
    client.get("/nowhere/Martin")
    after = client.get("/metrics").text
    assert {name: figure(after, name) - figure(before, name) for name in wanted} == wanted
    assert "NOBODY" not in after
    assert "nowhere" not in after


def test_connections_in_use_are_counted_and_given_back(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        for _turn in range(50):  # the worker of the browsers' stage may take one, or give one back, meanwhile
            before = figure(client.get("/metrics").text, "mpia_db_pool_in_use")
            with db.engine.connect(), db.engine.connect():
                during = figure(client.get("/metrics").text, "mpia_db_pool_in_use")
            after = figure(client.get("/metrics").text, "mpia_db_pool_in_use")
            if (during - before, after - before) == (2, 0):
                break
        assert (during - before, after - before) == (2, 0)
        assert figure(client.get("/metrics").text, "mpia_db_pool_limit") >= 5


class InUse:
    """Counts what this thread takes and gives back: other services of the process, in threads of theirs, go on."""

    def __init__(self) -> None:
        self.count, self._thread = 0, get_ident()

    def inc(self) -> None:
        self.count += get_ident() == self._thread

    def dec(self) -> None:
        self.count -= get_ident() == self._thread


def test_one_that_could_not_be_had_is_not_given_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()  # a connection that another test left would be given back meanwhile
    monkeypatch.setattr(metrics, "IN_USE", counted := InUse())
    with app.app_context():
        with db.engine.connect() as connection:
            assert counted.count == 1
            connection.invalidate()
            connection.exec_driver_sql("select 1")
            assert counted.count == 1
        assert counted.count == 0


def test_how_late_the_oldest_job_is_tells_what_a_worker_could_take(client: FlaskClient, session: Session) -> None:
    late, now = 'mpia_outbox_late_seconds{kind="send_score"}', utcnow()
    platform = Platform(
        name="P", issuer="https://p.example", client_id="c", auth_url="https://p.example/a",
        token_url="https://p.example/t", jwks_url="https://p.example/j", quiet_until=now + timedelta(hours=1),
        silent_since=now,
    )  # fmt: skip
    session.add(platform)
    session.flush()
    hour, day = now - timedelta(hours=1), now - timedelta(days=1)
    held = {"leased_until": now + timedelta(minutes=1)}
    for key, values in {
        "held": {"due_at": day, **held}, "quiet": {"due_at": day, "platform_id": platform.id},
        "failed": {"due_at": day, "status": "failed"}, "later": {"due_at": now + timedelta(hours=1)},
    }.items():  # fmt: skip
        session.add(OutboxJob(kind="send_score", key=key, **values))
    session.commit()
    page = client.get("/metrics").text
    assert figure(page, late) == 0
    assert figure(page, 'mpia_outbox_jobs{kind="send_score",state="pending"}') == 3
    assert figure(page, 'mpia_outbox_jobs{kind="send_score",state="failed"}') == 1
    assert figure(page, "mpia_platforms_silent") == 1
    session.add(OutboxJob(kind="send_score", key="free", due_at=hour))
    session.commit()
    assert 3600 <= figure(client.get("/metrics").text, late) < 4200


def test_jobs_are_told_by_what_became_of_them(
    app: Flask, client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Worker(app), Worker(app)

    def ends(_tools: Any, payload: dict[str, Any]) -> None:
        if payload["how"] != "done":
            raise {"again": TryLater("x"), "waits": TryLater("x", counted=False), "failed": GiveUp("x")}[payload["how"]]

    for worker, ways in ((first, ("done", "done", "failed")), (second, ("done", "again", "waits"))):
        monkeypatch.setitem(worker._jobs, "note", ends)
        for place, how in enumerate(ways):
            promise(session, "note", f"{how}{place}{worker is first}", {"how": how})
        session.commit()
        worker.drain()
        worker.round()
    page = client.get("/metrics").text
    counted = {
        how: figure(page, f'mpia_jobs_total{{kind="note",outcome="{how}"}}')
        for how in ("done", "again", "waits", "failed")
    }
    assert counted == {"done": 3, "again": 1, "waits": 1, "failed": 1}
    assert figure(page, 'mpia_job_seconds_count{kind="note"}') == 6
    assert figure(page, 'mpia_job_seconds_bucket{kind="note",le="+Inf"}') == 6
    assert figure(page, "mpia_workers") == 2


def test_what_could_not_be_written_down_is_counted_later(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = workers.Tally()
    tally.add("note", "done", 0.05)

    def away(*_given: Any) -> None:
        raise OperationalError("insert", {}, Exception("gone"))

    with app.app_context():
        with monkeypatch.context() as broken:
            broken.setattr(workers, "_add", away)
            with pytest.raises(OperationalError):
                tally.write(db.session())
        db.session.rollback()
        tally.add("note", "done", 700)
        tally.write(db.session())
        tally.write(db.session())
        counted = workers.tallied(db.session())
        db.session.remove()
    assert counted == {("note", "done", 0): (1, 0.05), ("note", "done", len(workers.BUCKETS)): (1, 700)}


def test_workers_count_while_they_give_signs(client: FlaskClient, session: Session) -> None:
    now = utcnow()
    assert figure(client.get("/metrics").text, "mpia_workers") == 0
    ready = client.get("/readyz").get_json()
    assert ready["workers"] == {"alive": 0, "seen_at": None}
    for name, ago, ended in (("at work", 5, None), ("killed", 600, None), ("stopped", 1, now)):
        seen = now - timedelta(seconds=ago)
        session.add(WorkerSign(name=name, started_at=now - timedelta(days=1), seen_at=seen, ended_at=ended))
    session.commit()
    page = client.get("/metrics").text
    assert figure(page, "mpia_workers") == 1
    assert figure(page, "mpia_worker_seen_seconds") < 60
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["workers"]["alive"]) == (200, 1)
    assert answer.get_json()["workers"]["seen_at"] == (now - timedelta(seconds=1)).isoformat()


def test_without_workers_the_service_is_ready_all_the_same(client: FlaskClient, session: Session) -> None:
    session.add(WorkerSign(name="killed", started_at=utcnow(), seen_at=utcnow() - timedelta(days=3)))
    session.commit()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["workers"]["alive"]) == (200, "ok", 0)


def test_certificates_are_counted(client: FlaskClient, session: Session) -> None:
    assert figure(client.get("/metrics").text, "mpia_certificates_total") == session.query(Certificate).count() == 0


def test_a_file_taken_out_is_counted(hr_client: FlaskClient) -> None:
    name = 'mpia_exports_total{format="csv",report="completions"}'
    before = figure(hr_client.get("/metrics").text, name)
    assert hr_client.get("/hr/export/completions.csv?purpose=audit").status_code == 200
    assert figure(hr_client.get("/metrics").text, name) == before + 1


def test_without_database_the_rest_is_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: Any) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(metrics, "figures", away)
    page = client.get("/metrics").text
    assert figure(page, "mpia_database_up") == 0
    assert "mpia_http_requests_total" in page
    assert "mpia_workers" not in page


def test_the_page_is_what_collectors_read(client: FlaskClient) -> None:
    families = list(text_string_to_metric_families(client.get("/metrics").text))
    assert len({family.name for family in families}) == len(families) > 15
    assert all(family.documentation.endswith(".") or "(" in family.documentation for family in families)
