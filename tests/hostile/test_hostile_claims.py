"""Well-signed messages that claim what they must not (LTI.md C1 to C31, C34)."""

import time
from typing import Any

import pytest
import sqlalchemy as sa

from lms.models import Context, Enrolment, LaunchState, Membership, Person, Platform, WebSession, db
from tests.hostile.conftest import Court
from tests.platform_in_test import (
    ABSENT,
    MEMBERSHIP,
    SYSTEM_ADMIN,
    TOOL,
    PlatformInTest,
    administrator,
    hr_officer,
    person,
    trainer,
)

NOW = int(time.time())
LONG = "a" * 256


def at(seconds: float) -> Any:
    """A time relative to the launch, computed when the message is made."""
    return lambda: time.time() + seconds


REFUSED: dict[str, dict[str, Any]] = {
    "C1 no exp": {"exp": ABSENT},
    "C2 expired beyond leeway": {"exp": at(-70), "iat": at(-130)},
    "C3 exp over an hour away": {"exp": at(3700)},
    "C3 exp at the end of time": {"exp": 10**18},
    "C4 no iat": {"iat": ABSENT},
    "C5 iat eleven minutes old": {"iat": at(-680)},
    "C6 iat in the future beyond leeway": {"iat": at(70), "exp": at(130)},
    "C7 exp is a word": {"exp": "tomorrow"},
    "C7 exp is a numeric string": {"exp": lambda: str(int(time.time()) + 60)},
    "C7 iat is a numeric string": {"iat": lambda: str(int(time.time()))},
    "C7 iat is a list": {"iat": [NOW]},
    "C7 iat is null": {"iat": None},
    "C7 iat is true": {"iat": True},
    "C7 exp is not a number": {"exp": float("nan")},
    "C7 exp is infinite": {"exp": float("inf")},
    "C7 nbf is a word": {"nbf": "now"},
    "C8 nbf in the future": {"nbf": at(70)},
    "C9 iss of nobody": {"iss": "https://evil.example.org"},
    "C10 iss with a slash": {"iss": "https://lms.example.org/"},
    "C10 iss in capitals": {"iss": "https://LMS.example.org"},
    "C10 iss in a list": {"iss": ["https://lms.example.org"]},
    "C10 no iss": {"iss": ABSENT},
    "C11 no aud": {"aud": ABSENT},
    "C11 empty aud": {"aud": ""},
    "C11 aud is an empty list": {"aud": []},
    "C11 foreign aud": {"aud": "another-tool"},
    "C11 foreign aud in a list": {"aud": ["another-tool"]},
    "C11 aud is a number": {"aud": 5},
    "C11 aud holds a list": {"aud": [["tool-at-lms"]]},
    "C12 several aud without azp": {"aud": ["tool-at-lms", "another-tool"]},
    "C13 wrong azp": {"azp": "another-tool"},
    "C13 several aud with wrong azp": {"aud": ["tool-at-lms", "another-tool"], "azp": "another-tool"},
    "C13 azp in a list": {"azp": ["tool-at-lms"]},
    "C14 no nonce": {"nonce": ABSENT},
    "C14 empty nonce": {"nonce": ""},
    "C14 nonce in a list": {"nonce": ["nonce"]},
    "C15 unknown nonce": {"nonce": "made-up"},
    "C18 no deployment": {"deployment_id": ABSENT},
    "C18 unknown deployment": {"deployment_id": "2"},
    "C18 deployment is a number": {"deployment_id": 1},
    "C18 deployment in a list": {"deployment_id": ["1"]},
    "C18 deployment is an object": {"deployment_id": {"id": "1"}},
    "C20 no version": {"version": ABSENT},
    "C20 version 1.1": {"version": "LTI-1p1"},
    "C20 version is a number": {"version": 1.3},
    "C21 no message type": {"message_type": ABSENT},
    "C21 unknown message type": {"message_type": "LtiSomething"},
    "C21 message type in a list": {"message_type": ["LtiResourceLinkRequest"]},
    "C21 deep linking, which is not served": {"message_type": "LtiDeepLinkingRequest"},
    "C21 deep linking with settings of the wrong type": {
        "message_type": "LtiDeepLinkingRequest",
        "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": "settings",
    },
    "C21 submission review, which is not served": {"message_type": "LtiSubmissionReviewRequest", "ags": "endpoint"},
    "C22 no target": {"target_link_uri": ABSENT},
    "C22 foreign target": {"target_link_uri": "https://evil.example.org"},
    "C22 another target than at login": {"target_link_uri": TOOL + "/admin/"},
    "C22 target is a list": {"target_link_uri": [TOOL + "/lti/launch"]},
    "C23 no resource link": {"resource_link": ABSENT},
    "C23 resource link is a string": {"resource_link": "link-1"},
    "C23 resource link is a list": {"resource_link": [{"id": "link-1"}]},
    "C23 resource link is null": {"resource_link": None},
    "C23 resource link without id": {"resource_link": {"title": "A link"}},
    "C23 resource link with empty id": {"resource_link": {"id": ""}},
    "C23 resource link id is a number": {"resource_link": {"id": 5}},
    "C23 resource link id over 255": {"resource_link": {"id": LONG}},
    "C23 resource link id with a NUL": {"resource_link": {"id": "link\x00"}},
    "C23 resource link id of half a character": {"resource_link": {"id": "\ud800"}},
    "C24 no sub": {"sub": ABSENT},
    "C24 empty sub": {"sub": ""},
    "C24 sub is a number": {"sub": 5},
    "C24 sub is null": {"sub": None},
    "C24 sub is a list": {"sub": ["learner-1"]},
    "C24 sub over 255": {"sub": LONG},
    "C24 sub with a NUL": {"sub": "learner-1\x00"},
    "C24 sub of half a character": {"sub": "\udfff"},
    "C25 no roles": {"roles": ABSENT},
    "C25 roles is a string": {"roles": MEMBERSHIP + "Instructor"},
    "C25 roles is null": {"roles": None},
    "C25 roles is an object": {"roles": {MEMBERSHIP + "Instructor": True}},
    "C25 a role is a number": {"roles": [MEMBERSHIP + "Learner", 5]},
    "C25 a role is a list": {"roles": [[MEMBERSHIP + "Learner"]]},
    "C28 custom is a string": {"custom": "track=decideurs"},
    "C28 custom is a list": {"custom": [{"track": "decideurs"}]},
    "C28 track is a number": {"custom": {"track": 5}},
    "C28 track is an object": {"custom": {"track": {"key": "decideurs"}}},
    "C28 track over 255": {"custom": {"track": LONG}},
    "C28 track of 101 characters": {"custom": {"track": "a" * 101}},
    "C28 module of 101 characters": {"custom": {"track": "decideurs", "module": "a" * 101}},
    "C28 track that does not exist": {"custom": {"track": "nowhere"}},
    "C28 context is a string": {"context": "course-1"},
    "C28 context is a list": {"context": ["course-1"]},
    "C28 context without id": {"context": {"title": "A course"}},
    "C28 context id is a number": {"context": {"id": 5}},
    "C28 context id over 255": {"context": {"id": LONG}},
    "C28 context title is a list": {"context": {"id": "course-1", "title": ["A course"]}},
    "C28 lis is a string": {"lis": "A-0001"},
    "C28 person_sourcedid is a number": {"lis": {"person_sourcedid": 5}},
    "C28 launch_presentation is a list": {"launch_presentation": ["iframe"]},
    "C28 locale is a number": {"launch_presentation": {"locale": 5}},
    "C28 document_target is a list": {"launch_presentation": {"document_target": ["iframe"]}},
    "C28 endpoint is a string": {"ags": "https://lms.example.org/items/1"},
    "C28 scopes is a string": {"ags": {"scope": "score", "lineitem": "https://lms.example.org/items/1"}},
    "C28 lineitem is a list": {"ags": {"lineitem": ["https://lms.example.org/items/1"]}},
    "C28 name is an object": {"name": {"fr": "Ada"}},
    "C28 given name is a list": {"given_name": ["Ada"]},
    "C28 email is a number": {"email": 5},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_refused_claims(court: Court, changes: dict[str, Any]) -> None:
    court.refuses(court.launch(**{name: value() if callable(value) else value for name, value in changes.items()}))


ACCEPTED: dict[str, dict[str, Any]] = {
    "C2 expired within leeway": {"exp": at(-30)},
    "C5 iat nine minutes old": {"iat": at(-540)},
    "C6 iat in the future within leeway": {"iat": at(30)},
    "C7 times with a fraction": {"iat": lambda: time.time() - 0.5, "exp": lambda: time.time() + 60.5},
    "C8 nbf within leeway": {"nbf": at(30)},
    "C11 our aud in a list": {"aud": ["tool-at-lms"]},
    "C12 several aud with azp, ours second": {"aud": ["another-tool", "tool-at-lms"], "azp": "tool-at-lms"},
    "C26 no role": {"roles": []},
    "C26 unknown role": {"roles": ["urn:lti:role:ims/lis/Astronaut"]},
    "C28 no context": {"context": ABSENT},
    "C28 null where nothing is said": {"lis": None, "custom": {"track": "decideurs", "module": None}, "email": None},
    "C28 empty lis": {"lis": {"person_sourcedid": "", "course_section_sourcedid": ""}},
    "C28 names withheld": {"name": ABSENT, "given_name": ABSENT, "family_name": ABSENT, "email": ABSENT},
    "C28 names of 255 characters": {"given_name": "a" * 255, "family_name": "b" * 255, "name": "c" * 511},
    "C28 titles of 2000 characters": {
        "context": {"id": "course-1", "title": "a" * 2000, "label": "b" * 2000},
        "resource_link": {"id": "link-1", "title": "c" * 2000},
    },
    "C28 names with a NUL and half a character": {"given_name": "A\x00da", "family_name": "Mar\ud800tin"},
    "C30 return address that is none": {"launch_presentation": {"return_url": "http://[evil"}},
    "C30 javascript return address": {"launch_presentation": {"return_url": "javascript:alert(1)"}},
}


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_claims(court: Court, changes: dict[str, Any]) -> None:
    """Real platforms say these things: the learner must not pay for them."""
    court.accepts(court.launch(**{name: value() if callable(value) else value for name, value in changes.items()}))


def test_c9_login_on_one_platform_answered_by_another(court: Court) -> None:
    """A's nonce in a message that B signed with its own key, for B's own client."""
    other = PlatformInTest(court.app, "other")
    state, nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, other.sign(other.claims(nonce))), "lti_key_unknown")


def test_c9_another_platform_speaks_in_the_name_of_the_first(court: Court) -> None:
    other = PlatformInTest(court.app, "other")
    state, nonce = other.begin(court.browser)
    other.network.asked.clear()
    forged = other.sign(other.claims(nonce, iss=court.platform.issuer, aud=court.platform.client_id))
    answer = court.answer(state, forged)
    assert answer.status_code == 400
    assert court.browser.get("/learn/").status_code == 401
    assert other.network.asked == [other.jwks_url]


def test_c16_used_nonce(court: Court) -> None:
    state, nonce = court.platform.begin(court.browser)
    court.accepts(court.answer(state, court.platform.sign(court.platform.claims(nonce))))
    court.browser = court.app.test_client()
    court.before = court._kept()
    state, _nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, court.platform.sign(court.platform.claims(nonce))), "lti_nonce")


def test_c17_nonce_of_another_state(court: Court) -> None:
    state, _nonce = court.platform.begin(court.browser)
    _state, nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, court.platform.sign(court.platform.claims(nonce))), "lti_nonce")


def test_c17_nonce_of_another_platform(court: Court) -> None:
    other = PlatformInTest(court.app, "other")
    _state, nonce = other.begin(court.browser)
    state, _nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, court.platform.sign(court.platform.claims(nonce))), "lti_nonce")


def test_c18_deployment_of_another_tenant(court: Court) -> None:
    PlatformInTest(court.app, "other", deployment="at-other")
    court.refuses(court.launch_without_hint(deployment_id="at-other"))


def test_c19_another_deployment_than_at_login(court: Court) -> None:
    court.platform.register("2")
    court.refuses(court.launch(deployment_id="2"), "lti_deployment")


def test_c26_no_role_gives_the_least_of_powers(court: Court) -> None:
    court.accepts(court.launch(roles=[]))
    assert court.browser.get("/teach/").status_code == 403
    assert court.browser.get("/admin/").status_code == 403


@pytest.mark.parametrize(
    "role",
    [
        MEMBERSHIP + "Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/person#Administrator",
        "administrator",
        "hr",
    ],
)
def test_c27_the_administrator_of_a_platform_is_not_ours(court: Court, role: str) -> None:
    court.accepts(court.launch(roles=[role]))
    for room in ("/admin/", "/teach/", "/hr/"):
        assert court.browser.get(room).status_code == 403


def test_c27_the_powers_of_one_tenant_end_at_its_border(court: Court) -> None:
    """B's people, whatever they are there, see nothing of A's course."""
    court.accepts(court.launch())
    with court.app.app_context():
        course = db.session.scalars(sa.select(Context.id)).one()
        db.session.remove()
    other = PlatformInTest(court.app, "other")
    for who in (trainer(), administrator(), hr_officer()):
        browser = other.launched(**who)
        assert browser.get(f"/teach/{course}").status_code in {403, 404}


EVIL = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("https://evil.example.org")'


def test_c29_names_and_titles_are_shown_as_text(court: Court) -> None:
    court.platform.launched(
        **person(1, name=EVIL + FORMULA, given_name=EVIL, family_name=FORMULA),
        context={"id": "course-1", "title": EVIL, "label": EVIL}, resource_link={"id": "link-1", "title": EVIL},
    )  # fmt: skip
    browser = court.platform.launched(**trainer(context={"id": "course-1", "title": EVIL}))
    page = browser.get("/teach/", follow_redirects=True)
    with court.app.app_context():
        course = db.session.scalars(sa.select(Context.id)).one()
        db.session.remove()
    for shown in (page.text, browser.get(f"/teach/{course}").text):
        assert "alert(1)" in shown
        assert EVIL not in shown


@pytest.mark.parametrize("moment", ["before the login", "between login and launch"])
def test_c31_suspended_registration(court: Court, moment: str) -> None:
    if moment == "before the login":
        suspend(court.platform)
        court.refuses(court.platform.login(court.browser), "lti_suspended")
        return
    state, nonce = court.platform.begin(court.browser)
    suspend(court.platform)
    court.refuses(court.answer(state, court.platform.sign(court.platform.claims(nonce))), "lti_suspended")


def test_c34_same_sub_and_address_on_another_issuer_are_two_people(court: Court) -> None:
    court.accepts(court.launch())
    other = PlatformInTest(court.app, "other")
    other.launched()
    with court.app.app_context():
        people = db.session.scalars(sa.select(Person)).all()
        assert sorted((row.platform_id, row.subject, row.email) for row in people) == [
            (court.platform.id, "learner-1", "ada.martin@example.org"),
            (other.id, "learner-1", "ada.martin@example.org"),
        ]
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Enrolment)) == 2
        db.session.remove()


def test_c34_one_person_of_two_deployments_is_one(court: Court) -> None:
    court.platform.register("2")
    court.accepts(court.launch())
    court.platform.launched(deployment_id="2")
    with court.app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 1
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Context)) == 2
        db.session.remove()


def test_nothing_of_a_refused_launch_stays_under_way(court: Court) -> None:
    court.refuses(court.launch(custom={"track": "nowhere"}), "lti_track_unknown")
    court.refuses(court.launch(roles=SYSTEM_ADMIN), "lti_roles")
    with court.app.app_context():
        for model in (LaunchState, Membership, WebSession):
            assert db.session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
        db.session.remove()


def suspend(platform: PlatformInTest) -> None:
    with platform.app.app_context():
        db.session.get_one(Platform, platform.id).status = "suspended"
        db.session.commit()
        db.session.remove()
