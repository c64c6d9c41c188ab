"""Certificates that end are told at three moments, once each; nobody is written to twice, nor for nothing."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import Certificate, OutboxJob, Reminder, utcnow
from lms.services import certificate_life as life
from lms.services import reminders
from lms.services.authority import Authority, open_authority
from tests.issued_in_test import act, issue
from tests.learner_in_test import together

STEPS = ["six_months", "one_month", "expired"]


@pytest.fixture
def authority(config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def issued(session: Session, authority: Authority) -> Certificate:
    return issue(session, authority)


def noted(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Reminder.step).order_by(Reminder.id)))


def test_each_moment_is_told_once(session: Session, issued: Certificate) -> None:
    end = issued.valid_until
    assert end is not None
    for days in range(-200, 60):  # every day, twice
        for _ in range(2):
            reminders.remind(session, end + timedelta(days=days), mail=True)
    assert noted(session) == STEPS
    kinds = session.scalars(sa.select(OutboxJob.key).filter_by(kind="send_reminder")).all()
    assert len(kinds) == 3


@pytest.mark.parametrize(
    ("left", "steps"),
    [(184, []), (183, ["six_months"]), (31, ["six_months"]), (30, ["one_month"]), (0, ["expired"]), (-31, [])],
)
def test_the_moment_is_the_last_one_reached(session: Session, issued: Certificate, left: int, steps: list[str]) -> None:
    assert issued.valid_until is not None
    reminders.remind(session, issued.valid_until - timedelta(days=left), mail=False)
    assert noted(session) == steps
    assert session.scalars(sa.select(OutboxJob).filter_by(kind="send_reminder")).all() == []


def test_revoked_or_renewed_it_is_told_no_more(session: Session, issued: Certificate, authority: Authority) -> None:
    end = issued.valid_until
    assert end is not None
    values: dict[str, Any] = {
        column.key: getattr(issued, column.key) for column in sa.inspect(Certificate).column_attrs
    }
    renewed = {"id": uuid4(), "cycle": 2, "number": "X", "code": "Y", "status_index": issued.status_index ^ 1}
    session.add(Certificate(**{**values, **renewed, "previous_id": issued.id, "valid_until": end + timedelta(900)}))
    session.flush()
    assert reminders.remind(session, end, mail=True) == 0
    session.rollback()
    life.change(session, issued, "revoked", act("error"), utcnow())
    assert reminders.remind(session, end, mail=True) == 0
    assert reminders.step_of(issued, end) is None


def test_whom_nobody_can_write_to_is_noted_only(session: Session, issued: Certificate) -> None:
    issued.person.email = ""
    assert issued.valid_until is not None
    assert reminders.remind(session, issued.valid_until, mail=True) == 1
    assert session.scalars(sa.select(OutboxJob).filter_by(kind="send_reminder")).all() == []


def test_two_workers_note_it_once(app: Flask, session: Session, issued: Certificate) -> None:
    end = issued.valid_until
    assert end is not None
    session.rollback()

    def remind(own: Session) -> int:
        count = reminders.remind(own, end, mail=True)
        own.commit()
        return count

    assert sorted(together(app, [remind, remind])) == [0, 1]
    assert noted(session) == ["expired"]
