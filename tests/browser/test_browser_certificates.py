"""Certificates in a browser: the name confirmed, masked, shared and corrected; one revoked, and what strangers read."""

import re
from datetime import timedelta

import httpx
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import STEWARD, TRACK, Stage
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from certificates.status import decode, is_set
from lms.models import Attempt, Certificate, Enrolment, Person, db, utcnow

NAME = "Agente d’Aubigné"


def test_a_certificate_lives_from_its_name_to_its_end(new_page: NewPage, stage: Stage) -> None:
    who = stage.arrived(confirmed=False, d1=9, d2=9)
    page, stranger, office = new_page(), new_page("404"), new_page("400")
    page.context.add_cookies([stage.cookie(who)])
    office.context.add_cookies([stage.cookie(STEWARD)])
    # Nothing is issued until the name is confirmed.
    stage.settle()
    page.goto(f"/learn/{TRACK}")
    page.locator(".panel a.button").click()
    accessible(page)
    press(page, stage, "Confirm this name")
    expect(page).to_have_url(re.compile(f"/learn/{TRACK}$"))
    stage.settle()
    page.goto("/certificates/")
    accessible(page)
    page.locator("article.card h2 a").click()
    accessible(page)
    first = stage.certificate(who)
    held = str(first.record["holder"])
    # Masked, the public page no longer says it.
    stranger.goto(f"/verify/{first.code}")
    expect(stranger.locator("main")).to_contain_text(held)
    press(page, stage, "Mask my name")
    stranger.reload()
    expect(stranger.locator("main")).not_to_contain_text(held)
    # The sharing link says it while it is open.
    press(page, stage, "Open a link")
    link = page.locator("#share-url").inner_text()
    stranger.goto(link)
    expect(stranger.locator(".lead")).to_have_text(held)
    accessible(stranger)
    press(page, stage, "Close the link")
    gone = stranger.goto(link)
    assert gone is not None
    assert gone.status == 404
    # Another name: asked, accepted by the administration, issued as the edition that replaces the first.
    page.locator("#name").fill(NAME)
    page.locator("#words").fill("Mon nom d’usage.")
    press(page, stage, "Ask for this name")
    expect(page.locator(".note")).to_contain_text(stage.say("Asked: %(name)s", name=NAME))
    office.goto("/admin/certificates/")
    accessible(office)
    office.locator("section[aria-labelledby=waiting] a").first.click()
    accessible(office)
    press(office, stage, "Accept this name")
    stage.settle()
    page.goto("/certificates/")
    expect(page.locator("article .tag")).to_have_text(["Valide", "Remplacé"])
    second = last(stage, who)
    assert second.record["holder"] == NAME
    stranger.goto(f"/verify/{first.code}")
    expect(stranger.locator(".verdict h1")).to_have_text(stage.say("This certificate has been replaced"))
    stranger.get_by_role("link", name=second.number).click()
    expect(stranger.locator(".verdict h1")).to_have_text(stage.say("This certificate is valid"))
    # Revoked: the page at once, the list as soon as it is signed.
    assert not listed(stage, second)
    office.goto(f"/admin/certificates/{second.id}")
    accessible(office)
    office.get_by_role("link", name=stage.say("Revoke for good")).click()
    accessible(office)
    press(office, stage, "Revoke for good")
    expect(office.get_by_role("alert")).to_be_visible()
    office.locator("input[value=fraud]").check()
    office.locator("#words").fill("Une autre personne a passé l’épreuve.")
    office.locator("#sure").check()
    press(office, stage, "Revoke for good")
    stranger.reload()
    expect(stranger.locator(".verdict h1")).to_have_text(stage.say("This certificate is revoked"))
    stage.settle()
    assert listed(stage, second)


def test_a_certificate_near_its_end_is_renewed(new_page: NewPage, stage: Stage) -> None:
    who = stage.arrived(d1=9, d2=9)
    stage.settle()
    page = new_page()
    page.context.add_cookies([stage.cookie(who)])
    first = stage.certificate(who)
    address = f"/certificates/{first.id}"
    page.goto(address)
    expect(page.locator("#renewal + p")).to_contain_text("Il pourra être renouvelé")
    with stage.app.app_context():
        long_ago = utcnow() - timedelta(days=900)
        mine = select(Enrolment.id).join(Enrolment.person).where(Person.subject == who)
        done = update(Attempt).where(Attempt.enrolment_id.in_(mine)).values(submitted_at=long_ago)
        db.session.execute(done.execution_options(synchronize_session=False))
        row = db.session.get_one(Certificate, first.id)
        row.issued_at, row.valid_until = long_ago, utcnow() + timedelta(days=100)
        db.session.commit()
        db.session.remove()
    page.goto(address)
    accessible(page)
    page.get_by_role("link", name=stage.say("Go on in the track")).click()
    accessible(page)
    for key in ("d1", "d2"):
        stage.attempt(who, key, 10, since=long_ago)
    page.reload()
    page.get_by_role("link", name=stage.say("Renew it")).click()
    accessible(page)
    press(page, stage, "Renew it")
    stage.settle()
    page.reload()
    expect(page.locator("article .tag")).to_have_text(["Valide", "Valide"])
    second = last(stage, who)
    assert (second.cycle, second.previous_id) == (2, first.id)


def press(page: Page, stage: Stage, message: str) -> None:
    """Press the button of that message."""
    page.get_by_role("button", name=stage.say(message), exact=True).click()


def last(stage: Stage, who: str) -> Certificate:
    """The last certificate of a person."""
    with stage.app.app_context():
        rows = db.session.query(Certificate).join(Certificate.person).filter(Person.subject == who)
        found = rows.order_by(Certificate.cycle.desc(), Certificate.edition.desc()).first()
        db.session.expunge_all()
        db.session.remove()
    assert found is not None
    return found


def listed(stage: Stage, row: Certificate) -> bool:
    """Whether the published list says that a certificate is revoked."""
    signed = httpx.get(f"{stage.tool}/status/revocation-{row.status_list_id}", trust_env=False).json()
    return is_set(decode(signed["credentialSubject"]["encodedList"]), row.status_index)
