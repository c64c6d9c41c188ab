"""Our tool's other services in Open edX: the roster, content that the course team chooses, columns that we make."""

import pytest
import sqlalchemy as sa

from lms.models import Context, Membership, Person, ResourceLink
from tests.openedx.edx import MEMBERS, Block
from tests.openedx.our_tool import OurTool


@pytest.fixture
def block(ours: OurTool) -> Block:
    """An ordinary block: the whole track, graded, in declarative mode."""
    return ours.block()


def read_roster(ours: OurTool) -> Context:
    """The trainer asks for the members to be read; gives the course once they are."""
    from lms.services import rosters

    context = ours.session.scalars(sa.select(Context)).one()
    rosters.ask(ours.session, context)
    ours.session.commit()
    ours.work()
    return context


def test_the_roster_names_everybody_and_who_left(ours: OurTool, block: Block) -> None:
    """People by UUID, without names, the course team among them."""
    ours.edx.launch("thea", block)
    context = read_roster(ours)
    assert context.roster_error is None
    everybody = ours.edx.members(block.course)
    rows = ours.session.execute(sa.select(Person.subject, Membership.role, Membership.last_seen_at).join(Membership))
    known = {subject: (role, seen) for subject, role, seen in rows}
    assert known.keys() == {each["sub"] for each in everybody.values()}
    assert known[everybody["ada"]["sub"]] == ("learner", None)
    assert known[everybody["iris"]["sub"]][0] == "trainer"
    ours.edx.enrol(block.course, {name: role for name, role in MEMBERS.items() if name != "ada"})
    read_roster(ours)
    left = ours.session.scalars(sa.select(Person.subject).join(Membership).where(Membership.left_at.is_not(None)))
    assert list(left) == [everybody["ada"]["sub"]]


def test_a_learner_of_the_roster_is_the_one_who_comes(ours: OurTool, block: Block) -> None:
    ours.edx.launch("thea", block)
    read_roster(ours)
    before = ours.session.scalar(sa.select(sa.func.count()).select_from(Person))
    ours.session.commit()
    assert ours.edx.launch("ada", block).status_code == 200
    ours.session.expire_all()
    assert ours.session.scalar(sa.select(sa.func.count()).select_from(Person)) == before


def test_the_course_team_chooses_what_the_block_opens(ours: OurTool) -> None:
    block = ours.block(custom_parameters=[])
    picker = ours.edx.deep_link("thea", block)
    assert (picker.status_code, picker.url.path.startswith("/teach/pick/")) == (200, True), picker.text
    browser = ours.edx.browser("thea")
    place = browser.open(f"{picker.url}/place?pick=decideurs/d2")
    assert place.status_code == 200, place.text
    forms = [number for number, form in enumerate(ours.forms(place)) if form.action.endswith("/place")]
    done = browser.submit(place, forms[0])
    assert done.status_code == 200, done.text
    page = ours.edx.launch("ada", block)
    assert page.url.path == "/learn/decideurs/d2"


def test_a_block_whose_column_we_make(ours: OurTool) -> None:
    """Programmatic mode: no column until the tool makes one, once, and the grade is published from it."""
    block = ours.block(lti_advantage_ags_mode="programmatic")
    ours.edx.launch("ada", block)
    assert ours.earn("d1") == 1
    ours.work()
    ours.work()
    link = ours.session.scalars(sa.select(ResourceLink)).one()
    assert link.lineitem_url
    assert ours.edx.grades(block) == [("ada", 0.5)]
    column = link.lineitem_url
    assert ours.earn("d2") == 1
    ours.work()
    ours.session.expire_all()
    assert ours.session.scalars(sa.select(ResourceLink.lineitem_url)).one() == column
    assert ours.edx.grades(block) == [("ada", 0.5), ("ada", 1.0)]


def test_a_score_sent_twice_is_settled_by_the_results(ours: OurTool, block: Block) -> None:
    """The worker died after the platform took it: the same message is refused as stale (400), and is delivered."""
    from lms.models import Participation

    ours.edx.launch("ada", block)
    ours.earn("d1")
    assert ours.deliver().status == "done"
    row = ours.session.scalars(sa.select(Participation)).one()
    row.sending, row.sending_at = row.score_sent, row.score_sent_at
    row.score_sent = row.score_sent_at = None
    ours.promise_again()
    assert ours.deliver().status == "done"
    assert ours.edx.grades(block) == [("ada", 0.5)]
