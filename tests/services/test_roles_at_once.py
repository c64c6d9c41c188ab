"""Roles, parts of the organisation and institutions, given or taken back by two administrators at the same moment."""

from collections.abc import Callable
from threading import Event
from time import sleep

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import AuditEntry, HrScope, Institution, StudioRole
from lms.services import authors, scopes, studio
from lms.services.units import make_unit
from tests.account_in_test import make_person
from tests.learner_in_test import together


def one_during_the_other(app: Flask, session: Session, *acts: Callable[[Session], object]) -> list[str]:
    """Do the second while the first is done and not committed; the name of what each was refused by."""
    session.commit()
    done = Event()

    def first(own: Session) -> str:
        said = attempted(own, acts[0])
        done.set()
        sleep(0.5)
        own.commit()
        return said

    def second(own: Session) -> str:
        own.rollback()
        assert done.wait(30)
        said = attempted(own, acts[1])
        own.commit()
        return said

    found = together(app, [first, second])
    session.expire_all()
    return found


def attempted(own: Session, act: Callable[[Session], object]) -> str:
    try:
        act(own)
    except (scopes.LastUnit, authors.NameTaken) as refusal:
        own.rollback()
        return type(refusal).__name__
    return "done"


def test_two_units_closed_at_once_do_not_open_the_whole(app: Flask, session: Session) -> None:
    officer = make_person(session, "rh@example.org", account="hr")
    scopes.give(session, officer, [make_unit(session, code, code) for code in ("A", "B")])
    numbers = session.scalars(select(HrScope.id).order_by(HrScope.id)).all()

    def close(number: int) -> Callable[[Session], object]:
        return lambda own: scopes.take_back(own, own.get_one(HrScope, number))

    assert one_during_the_other(app, session, *map(close, numbers)) == ["done", "LastUnit"]
    assert session.scalars(select(HrScope.id)).all() == numbers[1:]


def test_a_role_given_twice_at_once_is_taken_back_at_once(app: Flask, session: Session) -> None:
    person = make_person(session, "a@example.org")

    def give(own: Session) -> None:
        studio.grant(own, person, ["author"])

    one_during_the_other(app, session, give, give)
    row = session.scalars(select(StudioRole)).one()
    authors.revoke(session, [row])
    assert not studio.grants(session, person)


def test_an_institution_added_twice_at_once_is_there_once(app: Flask, session: Session) -> None:
    def add(own: Session) -> None:
        authors.add_institution(own, "Une école")

    assert one_during_the_other(app, session, add, add) == ["done", "NameTaken"]
    assert len(session.scalars(select(Institution)).all()) == 1
    assert len(session.scalars(select(AuditEntry).filter_by(action="institution_added")).all()) == 1
