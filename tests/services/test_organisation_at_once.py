"""Changes at the same time: two moves that cross make no loop, two people of one number are not both held."""

from collections.abc import Callable
from threading import Barrier, Thread

from flask import Flask
from sqlalchemy import select

from lms.models import Agent, AgentMatch, Person, Platform, Unit, db
from lms.services.matching import match
from lms.services.organisation import tree
from lms.services.units import UnitRefused, make_unit, move_unit


def together(app: Flask, *acts: Callable[[], None]) -> None:
    """Do these at the same time, each in a session of its own."""
    start = Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        with app.app_context():
            start.wait(10)
            act()
            db.session.remove()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_moves_that_cross_make_no_loop(app: Flask) -> None:
    with app.app_context():
        numbers = [make_unit(db.session(), code, code).id for code in ("A", "B", "C")]
        db.session.commit()
        db.session.remove()
    refused: list[str] = []

    def move(number: int, under: int) -> Callable[[], None]:
        def act() -> None:
            session = db.session()
            try:
                move_unit(session, session.get_one(Unit, number), session.get_one(Unit, under))
                session.commit()
            except UnitRefused as refusal:
                session.rollback()
                refused.append(refusal.reason)

        return act

    one, two, three = numbers
    together(app, move(one, two), move(two, three), move(three, one))
    assert refused == ["loop"]
    with app.app_context():
        places = tree(db.session())
        assert {place.id: place.path for place in places} == {unit.id: unit.path for unit in db.session.query(Unit)}
        assert sorted(place.depth for place in places) == [0, 1, 2]
        db.session.remove()


def test_two_people_of_one_number_are_not_both_held(app: Flask) -> None:
    with app.app_context():
        place = Platform(name="p", issuer="https://p", client_id="c", auth_url="x", token_url="x", jwks_url="x")
        people = [Person(platform=place, subject=name, sourced_id="1") for name in ("first", "second")]
        db.session.add_all([*people, Agent(number="1", family_name="X", given_name="Y", branch="FPE")])
        db.session.commit()
        numbers = [row.id for row in people]
        db.session.remove()

    def act(number: int) -> Callable[[], None]:
        def come() -> None:
            match(db.session(), [number])
            db.session.commit()

        return come

    together(app, *(act(number) for number in numbers))
    with app.app_context():
        assert list(db.session.scalars(select(AgentMatch.state))) == ["doubtful", "doubtful"]
        db.session.remove()
