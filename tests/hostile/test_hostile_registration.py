"""Dynamic registration, attacked (LTI.md G1 to G13): who may connect a platform, and what of it is believed."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpcore
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.lti.model import LtiError
from lms.models import Deployment, Invitation, OutboxJob, Platform, db, utcnow
from lms.services import invitations, platforms
from lms.services.platforms import NewPlatform, add_platform
from tests.hostile.court import case
from tests.hostile.platform_that_registers import PLATFORM, TOOL, RegisteringPlatform, registering_platform
from tests.learner_in_test import count
from tests.platform_in_test import field


class Office:
    """Invites, registers, and judges what became of it."""

    def __init__(self, app: Flask, lms: RegisteringPlatform, logs: list[Any]) -> None:
        self.app, self.lms, self.logs = app, lms, logs
        self.browser: FlaskClient = app.test_client()

    def invite(self, platform_id: int | None = None, hosts: tuple[str, ...] = ()) -> str:
        """A new invitation's secret."""
        return self.inside(lambda: invitations.invite(db.session(), platform_id, hosts))

    def inside(self, work: Callable[[], Any]) -> Any:
        """Something done in the database, and committed."""
        with self.app.app_context():
            done = work()
            db.session.commit()
            db.session.remove()
        return done

    def open(self, token: str, url: str | None = None, key: str | None = "one-use") -> TestResponse:
        """The platform's administrator arrives with the address that was pasted."""
        values = {"invite": token, "openid_configuration": url or self.lms.url}
        return self.browser.get("/lti/register", query_string=values | ({"registration_token": key} if key else {}))

    def agree(self, page: TestResponse, browser: FlaskClient | None = None, **changes: str) -> TestResponse:
        """The one button of that page."""
        names = ("csrf_token", "invite", "request")
        return (browser or self.browser).post(
            "/lti/register", data={name: field(page, name) for name in names} | changes
        )

    def register(self, token: str, key: str | None = "one-use") -> TestResponse:
        """The whole of it."""
        page = self.open(token, key=key)
        assert page.status_code == 200, page.text
        return self.agree(page)

    def refuses(self, answer: TestResponse, cause: str) -> None:
        """4xx on a page one can read, framed by anybody since nothing is on it; no platform; nothing told."""
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.text.count("<h1>") == 1
        assert re.search(r'id="reference">[0-9A-F]{12}<', answer.text)
        assert self.platforms() == 0
        assert cause in {log.get("cause") for log in self.logs}
        assert "one-use" not in repr(self.logs)

    def platforms(self) -> int:
        """How many are connected."""
        with self.app.app_context():
            return count(db.session(), Platform)

    def free(self, token: str) -> bool:
        """Whether an invitation can still be used."""
        with self.app.app_context():
            return invitations.usable(db.session(), token).used_at is None


@pytest.fixture
def office(app: Flask, case_name: str) -> Iterator[Office]:
    """The service, and a platform that answers as it likes."""
    with registering_platform() as lms, structlog.testing.capture_logs() as logs:
        yield Office(app, lms, logs)


def test_one_paste_and_one_consent_connect_a_platform(office: Office) -> None:
    token = office.invite()
    done = office.register(token)
    assert done.status_code == 200, done.text
    with office.app.app_context():
        row = db.session.query(Platform).one()
        assert (row.issuer, row.client_id, row.product) == (office.lms.issuer, "client-1", "moodle")
        assert [each.deployment_id for each in row.deployments] == ["7"]
        assert db.session.query(OutboxJob).one().kind == "check_platform"
        assert db.session.query(Invitation).one().used_at is not None
    assert office.lms.bearers == ["Bearer one-use"]
    asked = office.lms.asked[0]
    assert asked["redirect_uris"] == ["http://localhost:8000/lti/launch"]
    assert asked["initiate_login_uri"] == "http://localhost:8000/lti/login"
    assert asked["jwks_uri"] == "http://localhost:8000/lti/jwks.json"
    assert asked["token_endpoint_auth_method"] == "private_key_jwt"
    assert "https://purl.imsglobal.org/spec/lti-ags/scope/score" in asked["scope"].split(" ")
    tool = asked[TOOL]
    assert tool["domain"] == "localhost:8000"
    assert "email" not in tool["claims"]
    assert tool["custom_parameters"]["context_history"] == "$Context.id.history"
    assert [each["type"] for each in tool["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]


# G1


@case("G1 no invitation")
def test_no_invitation(office: Office) -> None:
    office.refuses(office.open(""), "registration_invitation_unknown")
    assert office.lms.fetched == 0


@case("G1 unknown invitation")
def test_unknown_invitation(office: Office) -> None:
    office.refuses(office.open("guessed"), "registration_invitation_unknown")
    assert office.lms.fetched == 0


@case("G1 expired invitation")
def test_expired_invitation(office: Office) -> None:
    token = office.invite()
    office.inside(lambda: db.session.query(Invitation).update({"expires_at": utcnow() - timedelta(seconds=1)}))
    office.refuses(office.open(token), "registration_invitation_expired")
    assert office.lms.fetched == 0


@case("G1 cancelled invitation")
def test_cancelled_invitation(office: Office) -> None:
    token = office.invite()
    page = office.open(token)
    office.inside(lambda: invitations.cancel(db.session(), db.session.query(Invitation).one().token_hash))
    office.refuses(office.agree(page), "registration_invitation_unknown")
    assert office.lms.asked == []


@case("G1 reused invitation")
def test_reused_invitation(office: Office) -> None:
    token = office.invite()
    page = office.open(token)
    assert office.agree(page).status_code == 200
    for again in (office.open(token), office.agree(page)):
        assert again.status_code == 409
    assert len(office.lms.asked) == office.platforms() == 1


@case("G1 one of concurrent uses wins")
def test_one_of_concurrent_uses_wins(office: Office) -> None:
    token = office.invite()
    office.lms.slow = 0.3
    browsers = [office.app.test_client() for _ in range(3)]
    query = {"invite": token, "openid_configuration": office.lms.url}
    pages = [browser.get("/lti/register", query_string=query) for browser in browsers]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(office.agree, pages, browsers))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len(office.lms.asked) == office.platforms() == 1


# G2


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        pytest.param("http://lms.example.org/configuration", "registration_address_refused", id="G2 http"),
        pytest.param("https://192.168.1.10/configuration", "registration_address_private", id="G2 private address"),
        pytest.param("https://169.254.169.254/latest", "registration_address_private", id="G2 cloud metadata"),
        pytest.param("https://[::1]/configuration", "registration_address_private", id="G2 loopback"),
        pytest.param("file:///etc/passwd", "registration_address_refused", id="G2 file"),
        pytest.param("javascript:alert(1)", "registration_address_refused", id="G2 script"),
        pytest.param("https://user@lms.example.org/c", "registration_address_refused", id="G2 credentials"),
        pytest.param("https://lms.example.org/" + "a" * 3000, "registration_configuration_malformed", id="G2 long"),
    ],
)
def test_configuration_elsewhere(office: Office, url: str, cause: str) -> None:
    token = office.invite()
    office.refuses(office.open(token, url), cause)
    assert office.free(token)


@case("G2 rebinding")
def test_rebinding(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    # The name led to a public address, then to a private one: what is connected to is what was checked.
    answers = iter(["93.184.216.34", "10.0.0.1", "10.0.0.1"])

    called: list[str] = []

    def nobody_there(_self: Any, host: str, *_rest: Any) -> Any:
        called.append(host)
        raise httpcore.ConnectError(host)

    def resolve(host: str, port: int, *_rest: Any, **_more: Any) -> list[Any]:
        return [(2, 1, 6, "", (next(answers), port))]

    monkeypatch.setattr("lms.lti.http.socket.getaddrinfo", resolve)
    monkeypatch.setattr("lms.lti.http.httpcore.SyncBackend.connect_tcp", nobody_there)
    office.refuses(office.open(office.invite(), "https://rebind.example.org/c"), "registration_unreachable")
    assert called == ["93.184.216.34"]


# G3 to G5


def change(name: str, value: Any) -> Callable[[RegisteringPlatform], None]:
    """A platform whose configuration says something else."""

    def apply(lms: RegisteringPlatform) -> None:
        lms.configuration[name] = value
        if value is None:
            del lms.configuration[name]

    return apply


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        pytest.param(change("issuer", "https://moodle.ministry.example"), "issuer_host", id="G3 another's issuer"),
        pytest.param(change("issuer", "https://canvas.instructure.com"), "issuer_host", id="G3 a shared issuer"),
        pytest.param(change("issuer", "nobody"), "issuer_host", id="G3 no address"),
        pytest.param(change("issuer", "https://[::1"), "issuer_host", id="G3 half an address"),
        pytest.param(change("issuer", None), "configuration_malformed", id="G3 no issuer"),
        pytest.param(change("issuer", {"a": 1}), "configuration_malformed", id="G3 issuer no text"),
        pytest.param(change("token_endpoint", "https://evil.example/token"), "foreign_address", id="G4 token"),
        pytest.param(change("jwks_uri", "https://evil.example/jwks"), "foreign_address", id="G4 jwks"),
        pytest.param(change("jwks_uri", "https://127.0.0.1:1/jwks"), "foreign_address", id="G4 another port"),
        pytest.param(change("authorization_endpoint", "https://evil.example/"), "foreign_address", id="G4 auth"),
        pytest.param(change("authorization_endpoint", "javascript:alert(1)"), "address_refused", id="G4 script"),
        pytest.param(change("registration_endpoint", "https://evil.example/"), "foreign_address", id="G4 register"),
        pytest.param(change("registration_endpoint", None), "configuration_malformed", id="G5 no endpoint"),
        pytest.param(change("registration_endpoint", ["x"]), "configuration_malformed", id="G5 endpoint no text"),
        pytest.param(change("id_token_signing_alg_values_supported", ["HS256"]), "algorithm_refused", id="G5 no RS256"),
        pytest.param(change("token_endpoint_auth_methods_supported", ["none"]), "method_refused", id="G5 no JWT"),
        pytest.param(change("response_modes_supported", ["query"]), "method_refused", id="G5 no form_post"),
        pytest.param(change("scopes_supported", "all"), "configuration_malformed", id="G5 scopes no list"),
        pytest.param(change(PLATFORM, 5), "configuration_malformed", id="G5 platform no object"),
        pytest.param(change(PLATFORM, {"version": 5}), "configuration_malformed", id="G5 version no text"),
        pytest.param(change("jwks_uri", "https://[::1"), "foreign_address", id="G5 no address at all"),
        pytest.param(lambda lms: setattr(lms, "configuration", []), "configuration_malformed", id="G5 no object"),
    ],
)
def test_configuration_not_believed(office: Office, spoil: Callable[[RegisteringPlatform], None], cause: str) -> None:
    spoil(office.lms)
    token = office.invite()
    office.refuses(office.open(token), f"registration_{cause}")
    assert office.free(token)
    assert office.lms.asked == []


@pytest.mark.parametrize("odd", [5, "all", {"a": 1}, [5, "x", {"type": 5}], None])
def test_messages_said_oddly_are_as_if_unsaid(office: Office, odd: Any) -> None:
    office.lms.configuration[PLATFORM]["messages_supported"] = odd
    assert office.register(office.invite()).status_code == 200
    kinds = [each["type"] for each in office.lms.asked[0][TOOL]["messages"]]
    assert kinds == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]


@case("G3 a host the invitation admits")
def test_a_host_the_invitation_admits(office: Office) -> None:
    port = office.lms.issuer.rpartition(":")[2]
    office.lms.configuration["issuer"] = f"http://localhost:{port}"
    office.refuses(office.open(office.invite()), "registration_issuer_host")
    done = office.register(office.invite(hosts=(f"127.0.0.1:{port}",)))
    assert done.status_code == 200, done.text


@pytest.mark.parametrize(
    "answer",
    [{}, {"client_id": ""}, {"client_id": 5}, {"client_id": "x" * 300}, [], "text", {"client_id": "a", TOOL: []}],
    ids=lambda answer: f"G5 {str(answer)[:20]}",
)
def test_answer_without_client(office: Office, answer: Any) -> None:
    office.lms.answer = answer
    token = office.invite()
    office.refuses(office.register(token), "registration_registration_malformed")
    assert office.free(token)


# G6, G7


def connected(office: Office, client_id: str = "client-1", issuer: str | None = None) -> int:
    """A platform connected already, with one course's deployment; gives its number."""

    def work() -> int:
        here = issuer or office.lms.issuer
        new = NewPlatform("Known", here, client_id, f"{here}/auth", f"{here}/token", f"{here}/jwks", "1")
        return add_platform(db.session(), new).id

    return int(office.inside(work))


@case("G6 duplicate client")
def test_duplicate_client(office: Office) -> None:
    mine, other = connected(office, "client-0"), connected(office, "client-1")
    answer = office.register(office.invite(mine))
    assert answer.status_code == 409
    with office.app.app_context():
        assert db.session.get_one(Platform, mine).client_id == "client-0"
        assert db.session.get_one(Platform, other).client_id == "client-1"


@case("G7 hijack of an issuer")
def test_hijack_of_an_issuer(office: Office) -> None:
    number = connected(office, "client-0")
    token = office.invite()
    answer = office.open(token)
    assert answer.status_code == 409
    assert office.lms.asked == []
    with office.app.app_context():
        row = db.session.get_one(Platform, number)
        assert (row.client_id, row.token_url) == ("client-0", f"{office.lms.issuer}/token")
    assert office.free(token)


@case("G7 hijack between page and consent")
def test_hijack_between_page_and_consent(office: Office) -> None:
    page = office.open(office.invite())
    connected(office, "client-0")
    assert office.agree(page).status_code == 409
    assert office.lms.asked == []


@case("G7 reconnecting another platform")
def test_reconnecting_another_platform(office: Office) -> None:
    number = connected(office, "client-0", "https://elsewhere.example")
    assert office.open(office.invite(number)).status_code == 409


@case("G7 reconnecting keeps the tenant")
def test_reconnecting_keeps_the_tenant(office: Office) -> None:
    number = connected(office, "client-0")
    with office.app.app_context():
        deployment = db.session.query(Deployment).one().id
    assert office.register(office.invite(number)).status_code == 200
    with office.app.app_context():
        row = db.session.query(Platform).one()
        assert (row.id, row.client_id, row.name) == (number, "client-1", "Known")
        assert [(each.id, each.deployment_id) for each in row.deployments] == [(deployment, "7")]


@case("G7 reconnecting a suspended platform")
def test_reconnecting_a_suspended_platform(office: Office) -> None:
    number = connected(office, "client-0")

    def suspend() -> None:
        platforms.suspend(db.session(), db.session.get_one(Platform, number))

    before = office.invite(number)
    page = office.open(before)
    office.inside(suspend)
    assert office.agree(page).status_code == office.open(before).status_code == 400  # it has expired
    assert office.open(office.invite(number)).status_code == 409
    assert office.lms.asked == []
    with office.app.app_context():
        row = db.session.get_one(Platform, number)
        assert (row.status, row.client_id) == ("suspended", "client-0")


def test_reconnecting_a_platform_suspended_meanwhile(office: Office) -> None:
    number = connected(office, "client-0")
    token = office.invite(number)
    row = office.inside(lambda: invitations.usable(db.session(), token).token_hash)
    office.inside(lambda: invitations.use_up(db.session(), db.session.get_one(Invitation, row)))
    office.inside(lambda: platforms.suspend(db.session(), db.session.get_one(Platform, number)))
    office.inside(lambda: invitations.give_back(db.session(), row))
    with pytest.raises(LtiError, match="invitation_expired"):
        office.free(token)


# G8, G9


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        pytest.param(401, "The token was used", "The token was used", id="G8 401 as Moodle writes it"),
        pytest.param(422, {"error": "invalid_redirect_uri"}, "invalid_redirect_uri", id="G8 422"),
        pytest.param(400, {"error_description": "<script>x</script>"}, "", id="G8 400 with a page in it"),
        pytest.param(500, "<html>boom</html>", "", id="G8 500"),
        pytest.param(302, "", "", id="G8 redirect"),
    ],
)
def test_the_platform_refuses(office: Office, status: int, answer: Any, said: str) -> None:
    office.lms.status, office.lms.answer = status, answer
    token = office.invite()
    page = office.register(token)
    office.refuses(page, f"registration_http_{status // 100}xx")
    assert said in page.text
    assert "<script>x" not in page.text
    assert "boom" not in page.text
    assert office.free(token)
    office.lms.start(office.lms.issuer)
    assert office.register(token).status_code == 200


@case("G9 without registration token the invitation is enough")
def test_without_registration_token_the_invitation_is_enough(office: Office) -> None:
    assert office.register(office.invite(), key=None).status_code == 200
    assert office.lms.bearers == [None]


# G10 to G13


@case("G10 the end is told to the platform alone")
def test_the_end_is_told_to_the_platform_alone(office: Office) -> None:
    done = office.register(office.invite())
    found = re.search(r'data-close-origins="([^"]+)"', done.text)
    assert found is not None
    assert found[1] == office.lms.issuer
    with office.browser.get("/static/register.js") as answer:
        script = answer.text
    assert 'postMessage({ subject: "org.imsglobal.lti.close" }, origin)' in script
    assert '"*"' not in script


@case("G11 framed by the platform alone")
def test_framed_by_the_platform_alone(office: Office) -> None:
    page = office.open(office.invite())
    done = office.agree(page)
    for answer in (page, done):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.endswith(f"frame-ancestors {office.lms.issuer}")


@case("G12 consent without form token")
def test_consent_without_form_token(office: Office) -> None:
    token = office.invite()
    page = office.open(token)
    stranger = office.app.test_client()
    for answer in (
        office.agree(page, csrf_token=""),
        office.agree(page, csrf_token="forged"),
        office.agree(page, browser=stranger),  # a browser that kept no cookie
    ):
        assert answer.status_code == 403
        # The way on: the same consent, in a tab where cookies are kept.
        again = re.search(r'href="(/lti/register\?[^"]+)" target="_blank"', answer.text)
        assert again is not None
    assert office.lms.asked == []
    assert office.free(token)
    in_a_tab = stranger.get(again[1].replace("&amp;", "&"))
    assert office.agree(in_a_tab, browser=stranger).status_code == 200


@pytest.mark.parametrize("sealed", ["", "forged", "gAAAAABo"], ids=["empty", "made up", "sealed"])
@case("G12 forged request")
def test_forged_request(office: Office, sealed: str) -> None:
    page = office.open(office.invite())
    office.refuses(office.agree(page, request=sealed), "registration_form_expired")


@case("G12 the request of another invitation")
def test_the_request_of_another_invitation(office: Office) -> None:
    page = office.open(office.invite())
    office.refuses(office.agree(page, invite=office.invite()), "registration_invitation_unknown")
    assert office.lms.asked == []


@case("G13 answer without deployment")
def test_answer_without_deployment(office: Office) -> None:
    office.lms.answer = {"client_id": "client-1"}
    done = office.register(office.invite())
    assert done.status_code == 200
    with office.app.app_context():
        assert db.session.query(Platform).one().deployments == []
    fields = {"iss": office.lms.issuer, "login_hint": "x", "target_link_uri": "http://localhost:8000/lti/launch"}
    for deployment in ("1", "7", "*", "%"):
        login = office.browser.post("/lti/login", data={**fields, "lti_deployment_id": deployment})
        assert login.status_code == 400


def test_names_of_platforms_are_escaped(office: Office) -> None:
    office.lms.configuration["https://purl.imsglobal.org/spec/lti-platform-configuration"]["name"] = "<b>LMS</b>"
    page = office.open(office.invite())
    assert "<b>LMS" not in page.text
    assert "&lt;b&gt;LMS" in page.text
