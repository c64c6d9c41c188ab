"""Well-signed messages that claim what they must not (LTI.md C1 to C35)."""

import time
from typing import Any

import pytest
import sqlalchemy as sa

from lms.models import Context, Deployment, Enrolment, Membership, Person, Platform, ResourceLink, WebSession, db
from tests.hostile.court import Court, case
from tests.platform_in_test import (
    ABSENT,
    MEMBERSHIP,
    SYSTEM_ADMIN,
    PlatformInTest,
    administrator,
    hr_officer,
    person,
    trainer,
)

NOW = int(time.time())
LONG = "a" * 256
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GROUPS = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
DEEP_LINK_SETTINGS = {
    "deep_link_return_url": "https://lms.example.org/chosen", "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe"],
}  # fmt: skip


def at(seconds: float) -> Any:
    """A time relative to the launch, computed when the message is made."""
    return lambda _platform: time.time() + seconds


def made(changes: dict[str, Any], platform: PlatformInTest) -> dict[str, Any]:
    """The claims of a case, those that depend on the moment or on the platform worked out."""
    return {name: value(platform) if callable(value) else value for name, value in changes.items()}


REFUSED: dict[str, dict[str, Any]] = {
    "C1 no exp": {"exp": ABSENT},
    "C2 expired beyond leeway": {"exp": at(-70), "iat": at(-130)},
    "C3 exp over an hour away": {"exp": at(3700)},
    "C3 exp at the end of time": {"exp": 10**18},
    "C4 no iat": {"iat": ABSENT},
    "C5 iat eleven minutes old": {"iat": at(-680)},
    "C6 iat in the future beyond leeway": {"iat": at(70), "exp": at(130)},
    "C7 exp is a word": {"exp": "tomorrow"},
    "C7 exp is a numeric string": {"exp": lambda _platform: str(int(time.time()) + 60)},
    "C7 iat is a numeric string": {"iat": lambda _platform: str(int(time.time()))},
    "C7 iat is a list": {"iat": [NOW]},
    "C7 iat is null": {"iat": None},
    "C7 iat is true": {"iat": True},
    "C7 exp is not a number": {"exp": float("nan")},
    "C7 exp is infinite": {"exp": float("inf")},
    "C7 nbf is a word": {"nbf": "now"},
    "C8 nbf in the future": {"nbf": at(70)},
    "C9 iss of nobody": {"iss": "https://evil.example.org"},
    "C10 iss with a slash": {"iss": lambda platform: platform.issuer + "/"},
    "C10 iss in capitals": {"iss": lambda platform: platform.issuer.replace("lms", "LMS")},
    "C10 iss in a list": {"iss": lambda platform: [platform.issuer]},
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
    "C21 message type in small letters": {"message_type": "ltiresourcelinkrequest"},
    "C21 link announced, deep linking sent": {"resource_link": ABSENT, DEEP_LINKING: DEEP_LINK_SETTINGS},
    "C21 deep linking announced, link sent": {"message_type": "LtiDeepLinkingRequest"},
    "C21 deep linking with settings of the wrong type": {
        "message_type": "LtiDeepLinkingRequest",
        DEEP_LINKING: "settings",
    },
    "C21 review announced, link sent": {"message_type": "LtiSubmissionReviewRequest"},
    "C21 review with a gradebook of the wrong type": {"message_type": "LtiSubmissionReviewRequest", "ags": "endpoint"},
    "C21 data privacy announced, link sent": {"message_type": "DataPrivacyLaunchRequest"},
    "C22 no target": {"target_link_uri": ABSENT},
    "C22 foreign target": {"target_link_uri": "https://evil.example.org"},
    "C22 another target than at login": {"target_link_uri": "https://tool.example.org/admin/"},
    "C22 target is a list": {"target_link_uri": ["https://tool.example.org/lti/launch"]},
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
    "C28 endpoint is a string": {"ags": lambda platform: f"{platform.base}/items/1"},
    "C28 scopes is a string": {"ags": lambda platform: {"scope": "score", "lineitem": f"{platform.base}/items/1"}},
    "C28 lineitem is a list": {"ags": lambda platform: {"lineitem": [f"{platform.base}/items/1"]}},
    "C28 roster is a string": {NRPS: lambda platform: f"{platform.base}/members"},
    "C28 groups is a list": {GROUPS: []},
    "C28 name is an object": {"name": {"fr": "Ada"}},
    "C28 given name is a list": {"given_name": ["Ada"]},
    "C28 email is a number": {"email": 5},
    "C35 old identity is a string": {"lti1p1": "key"},
    "C35 old identity without its key": {"lti1p1": {"user_id": "7", "oauth_consumer_key_sign": "c2lnbmF0dXJl"}},
    "C35 old identity without a signature": {"lti1p1": {"user_id": "7", "oauth_consumer_key": "key"}},
    "C35 signature is a number": {"lti1p1": {"oauth_consumer_key": "key", "oauth_consumer_key_sign": 5}},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_refused_claims(court: Court, changes: dict[str, Any]) -> None:
    court.refuses(court.launch(**made(changes, court.platform)))


ACCEPTED: dict[str, dict[str, Any]] = {
    "C2 expired within leeway": {"exp": at(-30)},
    "C5 iat nine minutes old": {"iat": at(-540)},
    "C6 iat in the future within leeway": {"iat": at(30)},
    "C7 times with a fraction": {"iat": at(-0.5), "exp": at(60.5)},
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
    "C30 style sheet of elsewhere": {
        "launch_presentation": {"css_url": "https://evil.example.org/a.css"},
        "custom": {"track": "decideurs", "css_url": "https://evil.example.org/a.css"},
    },
    "C30 javascript return address": {"launch_presentation": {"return_url": "javascript:alert(1)"}},
}


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_claims(court: Court, changes: dict[str, Any]) -> None:
    """Real platforms say these things: the learner must not pay for them."""
    court.accepts(court.launch(**made(changes, court.platform)))


@case("C9 another platform answers the login")
def test_login_on_one_platform_answered_by_another(court: Court) -> None:
    """A's nonce in a message that B signed with its own key, for B's own client."""
    other = court.another("other")
    state, nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, other.sign(other.claims(nonce))), "lti_key_unknown")


@case("C9 another platform speaks in the name of the first")
def test_another_platform_speaks_in_the_name_of_the_first(court: Court) -> None:
    honest, court.platform = court.platform, court.another("other")
    state, nonce = court.platform.begin(court.browser)
    forged = court.platform.claims(nonce, iss=honest.issuer, aud=honest.client_id)
    court.refuses(court.answer(state, court.platform.sign(forged)), "lti_issuer")


@case("C16 used nonce")
def test_used_nonce(court: Court) -> None:
    state, nonce = court.platform.begin(court.browser)
    court.accepts(court.answer(state, court.platform.sign(court.platform.claims(nonce))))
    court.browser = court.new_browser()
    court.settle()
    state, _nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, court.platform.sign(court.platform.claims(nonce))), "lti_nonce")


@case("C17 nonce of another state")
def test_nonce_of_another_state(court: Court) -> None:
    state, _nonce = court.platform.begin(court.browser)
    _state, nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, court.platform.sign(court.platform.claims(nonce))), "lti_nonce")


@case("C17 nonce of another platform")
def test_nonce_of_another_platform(court: Court) -> None:
    other = court.another("other")
    _state, nonce = other.begin(court.browser)
    state, _nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, court.platform.sign(court.platform.claims(nonce))), "lti_nonce")


@case("C18 deployment of another tenant")
def test_deployment_of_another_tenant(court: Court) -> None:
    court.another("other", deployment="at-other")
    court.refuses(court.launch_without_hint(deployment_id="at-other"), "lti_message")


@case("C19 another deployment than at login")
def test_another_deployment_than_at_login(court: Court) -> None:
    court.platform.register("2")
    court.refuses(court.launch(deployment_id="2"), "lti_deployment")


@case("C24 no sub: nobody is told to sign in")
def test_nobody_is_told_to_sign_in(court: Court) -> None:
    """An anonymous launch (LTI 1.3 core, 5.3.6.1) is no fault of the platform, but cannot be assessed."""
    court.refuses(court.launch(sub=ABSENT), "lti_anonymous")


@pytest.mark.parametrize(
    "roles",
    [[], ["urn:lti:role:ims/lis/Astronaut"], [MEMBERSHIP + "Mentor"]],
    ids=["C26 no role has the least power", "C26 unknown role has the least power", "C32 Mentor has the least power"],
)
def test_the_least_of_powers(court: Court, roles: list[str]) -> None:
    """A Mentor too, with or without the scope that names whom they follow: it opens nobody's work here."""
    court.platform.launched(**person("seen"))
    court.accepts(court.launch(roles=roles))
    for room in ("/teach/", "/admin/", "/hr/"):
        assert court.browser.get(room).status_code == 403
    assert "seen" not in court.browser.get("/learn/").text


@case("C32 Mentor of somebody named sees only their own work")
def test_a_mentor_sees_their_own_work(court: Court) -> None:
    court.platform.launched(**person("seen"))
    scope = {"https://purl.imsglobal.org/spec/lti/claim/role_scope_mentor": ["learner-seen"]}
    court.accepts(court.launch(roles=[MEMBERSHIP + "Mentor"], **scope))
    assert "Numéro seen" not in court.browser.get("/learn/", follow_redirects=True).text
    assert court.browser.get(f"/teach/{course_of(court)}").status_code == 403


ADMINISTRATORS = {
    "C27 administrator of the course": MEMBERSHIP + "Administrator",
    "C27 administrator of the institution": "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
    "C27 administrator as Moodle writes it": "http://purl.imsglobal.org/vocab/lis/v2/person#Administrator",
    "C27 our own word for it": "administrator",
    "C27 our own word for HR": "hr",
}


@pytest.mark.parametrize("role", ADMINISTRATORS.values(), ids=ADMINISTRATORS)
def test_the_administrator_of_a_platform_is_not_ours(court: Court, role: str) -> None:
    court.accepts(court.launch(roles=[role]))
    for room in ("/admin/", "/teach/", "/hr/"):
        assert court.browser.get(room).status_code == 403


ELSEWHERE = {
    "C27 trainer of another tenant": trainer,
    "C27 HR officer of another tenant": hr_officer,
    "C27 administrator of another tenant": administrator,
}


@pytest.mark.parametrize("who", ELSEWHERE.values(), ids=ELSEWHERE)
def test_the_powers_of_one_tenant_end_at_its_border(court: Court, who: Any) -> None:
    """B's people, whatever they are there, see nothing of A's course."""
    court.accepts(court.launch())
    browser = court.another("other").launched(**who())
    assert browser.get(f"/teach/{course_of(court)}").status_code in {403, 404}


EVIL = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("https://evil.example.org")'


@case("C29 script and formula in names and titles")
def test_names_and_titles_are_shown_as_text(court: Court) -> None:
    court.platform.launched(
        **person(1, name=EVIL + FORMULA, given_name=EVIL, family_name=FORMULA),
        context={"id": "course-1", "title": EVIL, "label": EVIL}, resource_link={"id": "link-1", "title": EVIL},
    )  # fmt: skip
    browser = court.platform.launched(**trainer(context={"id": "course-1", "title": EVIL}))
    page = browser.get("/teach/", follow_redirects=True)
    for shown in (page.text, browser.get(f"/teach/{course_of(court)}").text):
        assert "alert(1)" in shown
        assert EVIL not in shown


@case("C30 address of the course is only ever a link")
def test_the_return_address_is_never_followed(court: Court) -> None:
    """It leads people back to their course when they ask: nothing redirects there by itself."""
    evil = "https://evil.example.org/"
    answer = court.launch(launch_presentation={"return_url": evil, "document_target": "iframe"})
    court.accepts(answer)
    page = court.browser.get(str(answer.location), follow_redirects=True)
    assert "evil.example.org" not in page.headers["Content-Security-Policy"]
    assert f'src="{evil}' not in page.text


@pytest.mark.parametrize("moment", ["before the login", "between login and launch"])
@pytest.mark.parametrize(
    ("model", "cause"),
    [
        pytest.param(Platform, "lti_suspended", id="C31 suspended registration"),
        pytest.param(Deployment, "lti_deployment_suspended", id="C31 suspended deployment"),
    ],
)
def test_suspended(court: Court, model: Any, cause: str, moment: str) -> None:
    if moment == "before the login":
        suspend(court, model)
        court.refuses(court.platform.login(court.browser), cause)
        return
    state, nonce = court.platform.begin(court.browser)
    suspend(court, model)
    court.refuses(court.answer(state, court.platform.sign(court.platform.claims(nonce))), cause)


@case("C31 suspended deployment, not named at login")
def test_suspended_deployment_that_the_login_did_not_name(court: Court) -> None:
    court.platform.register("2")
    suspend(court, Deployment)
    court.refuses(court.launch_without_hint(), "lti_deployment_suspended")
    court.accepts(court.launch_without_hint(deployment_id="2"))


FOREIGN = {
    "C33 column on another host": {"ags": {"scope": [], "lineitem": "https://evil.example.org/items/1"}},
    "C33 columns on another host": {"ags": {"scope": [], "lineitems": "https://evil.example.org/items"}},
    "C33 column over plain http": {"ags": lambda platform: {"lineitem": f"http://{platform.host}/items/1"}},
    "C33 column on another port": {"ags": lambda platform: {"lineitem": f"https://{platform.host}:8443/items/1"}},
    "C33 column of a host that begins like ours": {
        "ags": lambda platform: {"lineitem": f"https://{platform.host}.evil.example.org/items/1"}
    },
    "C33 column behind a user's name": {
        "ags": lambda platform: {"lineitem": f"https://{platform.host}@evil.example.org/items/1"}
    },
    "C33 column in a file": {"ags": {"lineitem": "file:///etc/passwd"}},
    "C33 column that is no address": {"ags": {"lineitem": "http://[evil"}},
    "C33 roster on another host": {NRPS: {"context_memberships_url": "https://evil.example.org/members"}},
    "C33 roster on a private address": {NRPS: {"context_memberships_url": "http://169.254.169.254/latest/meta-data"}},
    "C33 groups on another host": {GROUPS: {"context_groups_url": "https://evil.example.org/groups"}},
    "C33 sets of groups on another host": {GROUPS: {"context_group_sets_url": "https://evil.example.org/sets"}},
    "C33 notices on another host": {
        "https://purl.imsglobal.org/spec/lti/claim/platformnotificationservice": {
            "platform_notification_service_url": "https://evil.example.org/notices"
        }
    },
}


@pytest.mark.parametrize("changes", FOREIGN.values(), ids=FOREIGN)
def test_services_elsewhere(court: Court, changes: dict[str, Any]) -> None:
    """A token of ours sent there would be a stranger's."""
    court.refuses(court.launch(**made(changes, court.platform)), "lti_foreign_address")


@case("C34 same sub and address on another issuer")
def test_same_sub_and_address_on_another_issuer_are_two_people(court: Court) -> None:
    court.accepts(court.launch())
    other = court.another("other")
    other.launched()
    both = Person.platform_id.in_((court.platform.id, other.id))
    with court.app.app_context():
        people = db.session.scalars(sa.select(Person).where(both)).all()
        assert sorted((row.platform_id, row.subject, row.email) for row in people) == [
            (court.platform.id, "learner-1", "ada.martin@example.org"),
            (other.id, "learner-1", "ada.martin@example.org"),
        ]
        db.session.remove()
    for platform in (court.platform, other):
        assert court.count(Enrolment, Enrolment.person.has(platform_id=platform.id)) == 1


@case("C34 one person of two deployments is one")
def test_one_person_of_two_deployments_is_one(court: Court) -> None:
    court.platform.register("2")
    court.accepts(court.launch())
    court.platform.launched(deployment_id="2")
    assert court.count(Person, Person.platform_id == court.platform.id) == 1
    assert court.count(Context, Context.deployment.has(platform_id=court.platform.id)) == 2


@case("C35 forged signature of an old identity")
def test_a_forged_old_identity_is_given_to_nobody(court: Court) -> None:
    """Whether or not the rest of the message is taken, its word on who they were over LTI 1.1 is not."""
    forged = {
        "user_id": "old-7", "resource_link_id": "old-link", "oauth_consumer_key": "old-key",
        "oauth_consumer_key_sign": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    }  # fmt: skip
    answer = court.launch(lti1p1=forged)
    assert answer.status_code in {303, 400}
    assert court.count(Person, Person.legacy_subject == "old-7") == 0
    court.told_nothing()


def test_nothing_of_a_refused_launch_stays_under_way(court: Court) -> None:
    before = [court.count(model) for model in (Membership, ResourceLink, WebSession)]
    court.refuses(court.launch(custom={"track": "nowhere"}), "lti_track_unknown")
    court.refuses(court.launch(roles=SYSTEM_ADMIN), "lti_claim")
    assert [court.count(model) for model in (Membership, ResourceLink, WebSession)] == before
    assert court.under_way() == 0


def course_of(court: Court) -> int:
    """Our number of the platform's one course."""
    with court.app.app_context():
        query = sa.select(Context.id).where(Context.deployment.has(platform_id=court.platform.id))
        number = db.session.scalars(query).one()
        db.session.remove()
    return number


def suspend(court: Court, model: Any) -> None:
    """Suspend the platform, or its first deployment."""
    mine = Platform.id if model is Platform else Deployment.platform_id
    with court.app.app_context():
        row = db.session.scalars(sa.select(model).where(mine == court.platform.id).order_by(model.id)).first()
        row.status = "suspended"
        db.session.commit()
        db.session.remove()
