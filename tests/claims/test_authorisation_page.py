"""The page of who may open what is what the tests of authorisation ask, and says what opens every other door."""

from tests.claims.authorisation import PAGE, PARTS, addresses, guard_of, page
from tests.claims.guards import GUARDS
from tests.claims.named import missing, rows
from tests.test_authorisation import ALLOWED, GUARDED_OTHERWISE


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(addresses()), "run make authorisation"


def test_every_route_has_one_line() -> None:
    asked = sum(len(allowed) for _words, _visitors, allowed in PARTS.values()) + len(GUARDED_OTHERWISE)
    found = [(cells[0], cells[1]) for cells in rows(PAGE.read_text("utf-8"))]
    assert len(found) == asked
    assert len(ALLOWED) > 100, "the tables are read"


def test_every_visitor_of_a_table_is_a_column() -> None:
    for _words, visitors, allowed in PARTS.values():
        assert set().union(*allowed.values()) <= set(visitors)


def test_each_door_guarded_otherwise_says_by_what_with_a_test_that_exists() -> None:
    said = [guard_of(endpoint) for endpoint, _method in GUARDED_OTHERWISE]
    assert missing(" ".join(test for _guard, test in said)) == []
    assert all("::" in test for _guard, test in said)
    rooms = {endpoint.split(".")[0] for endpoint, _method in GUARDED_OTHERWISE}
    assert {key.split(".")[0] for key in GUARDS} <= rooms, "no guard outlives its door"
