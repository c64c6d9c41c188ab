"""What anybody with a browser may try on our pages (W): sessions, frames, addresses, names, searches."""

import re
from io import BytesIO
from urllib.parse import quote, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms.models import Person, WebSession
from lms.pages import local_path
from lms.security import POLICY
from lms.services.events import EVENTS
from tests.account_in_test import PASSWORD, browser_of, token_of
from tests.hostile.court import case
from tests.platform_in_test import PlatformInTest
from tests.test_authorisation import stage

COOKIE = "mpia"
#: An address that is told what happens, as an administrator gives it.
HOOK = {"name": "SIRH", "events": list(EVENTS), "reach": "whole", "unit": ""}
FRAMERS = "frame-ancestors "
ELSEWHERE = "https://evil.example.org/"


def framers(answer: TestResponse) -> str:
    """Who may frame an answer."""
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    return policy.partition(FRAMERS)[2]


def cookie(browser: FlaskClient) -> str:
    found = browser.get_cookie(COOKIE)
    assert found is not None
    return found.value


def sign_in(browser: FlaskClient, **more: str) -> TestResponse:
    values = {"username": "admin@example.org", "password": PASSWORD, "csrf_token": token_of(browser), **more}
    return browser.post("/account/login", data=values)


@case("W1 cookie planted before somebody signs in")
def test_a_planted_cookie(app: Flask, session: Session, case_name: str) -> None:
    thief = browser_of(app, "admin@example.org", account="administrator")
    victim = app.test_client()
    token_of(victim)
    planted = cookie(victim)  # known to the thief, signed by us, and nobody's
    assert sign_in(victim).status_code == 303
    late = app.test_client()
    late.set_cookie(COOKIE, planted)
    assert late.get("/admin/").status_code == 401
    # One that is somebody's: the victim becomes themselves, and the session that it opened is ended for the thief too.
    before = cookie(thief)
    victim = app.test_client()
    victim.set_cookie(COOKIE, before)
    assert sign_in(victim).status_code == 303
    assert cookie(victim) != before
    assert thief.get("/admin/").status_code == 401
    assert len(set(session.scalars(select(WebSession.token_hash)))) == 2
    session.rollback()


@case("W1 cookie kept after somebody signed out")
def test_a_cookie_kept(app: Flask, case_name: str) -> None:
    browser = browser_of(app, "admin@example.org", account="administrator")
    kept = cookie(browser)
    assert browser.post("/account/logout", data={"csrf_token": token_of(browser)}).status_code == 303
    late = app.test_client()
    late.set_cookie(COOKIE, kept)
    assert late.get("/admin/").status_code == 401


@case("W1 cookie planted before a launch")
def test_a_cookie_planted_before_a_launch(platform: PlatformInTest, app: Flask, case_name: str) -> None:
    thief = platform.launched(sub="thief")
    victim = app.test_client()
    victim.set_cookie(COOKIE, cookie(thief))
    platform.launch(victim, sub="victim")
    assert cookie(victim) != cookie(thief)
    assert framers(victim.get("/learn/")) != "'none'"
    assert thief.get("/learn/").status_code == 401  # the launch ended the session of the cookie it came with


PUBLIC = ("/verify", "/account/login", "/legal", "/accessibility", "/personal-data", "/nowhere", "/learn/")


@case("W2 every page, by every kind of visitor, in a frame of another site")
def test_frames(app: Flask, case_name: str) -> None:
    scene = stage(app)
    for visitor, browser in scene.browsers.items():
        launched = visitor not in {"anonymous", "administrator"}
        for path in (*PUBLIC, "/admin/", "/hr/", "/teach/", "/account/settings", "/certificates/"):
            allowed = framers(browser.get(path))
            host = "elsewhere" if visitor.startswith("other") else "lms"
            assert allowed == (f"https://{host}.example.org" if launched else "'none'"), (visitor, path)


@case("W2 a picture of ours, shown by an LMS and framed by nobody")
def test_pictures(learner_client: FlaskClient, case_name: str) -> None:
    with learner_client.get("/static/mark.svg") as answer:
        assert framers(answer) == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@case("W2 what a page may do at all")
def test_headers(learner_client: FlaskClient, case_name: str) -> None:
    for path in (*PUBLIC, "/learn/decideurs"):
        headers = learner_client.get(path, base_url="https://formation.example.org").headers
        assert headers["Content-Security-Policy"].startswith(POLICY)
        assert "require-trusted-types-for 'script'" in POLICY
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
        assert {"camera=()", "microphone=()", "payment=()", "usb=()"} <= set(headers["Permissions-Policy"].split(", "))
    assert "Strict-Transport-Security" not in learner_client.get("/verify").headers


AWAY = {
    "an address": ELSEWHERE,
    "two slashes": "//evil.example.org/",
    "a slash and a backslash": "/\\evil.example.org/",
    "two backslashes": "\\\\evil.example.org/",
    "a tab between slashes": "/\t/evil.example.org/",
    "a line break between slashes": "/\n/evil.example.org/",
    "a space before": " //evil.example.org/",
    "a control sign before": "\x01//evil.example.org/",
    "a script": "javascript:alert(1)",
    "a document": "data:text/html,x",
    "a scheme alone": "https:evil.example.org",
    "our name before another": "http://localhost:8000@evil.example.org/",
    "a host in brackets": "//[::1]/",
    "half a bracket": "//[",
    "a line break and a header": "/x\r\nSet-Cookie: mpia=planted",
}


@case("W3 addresses, slashes of both sorts, tabs and line breaks between them, scripts, other hosts, a header after")
def test_no_redirection_leads_elsewhere(app: Flask, case_name: str) -> None:
    browser = browser_of(app, "admin@example.org", account="administrator")
    token = token_of(browser)
    for name, target in AWAY.items():
        doors = [
            browser.post("/account/language", data={"language": "fr", "next": target, "csrf_token": token}),
            browser.post("/account/reading", data={"size": "m", "space": "m", "next": target, "csrf_token": token}),
            sign_in(app.test_client(), next=target),
            browser.get("/account/new-tab", query_string={"next": target}),
            browser.get("/account/login", query_string={"next": target}),
        ]
        for answer in doors:
            assert answer.status_code in {200, 303}, (name, answer.status_code)
            assert "planted" not in str(answer.headers.getlist("Set-Cookie")), name
            assert _inside(answer.headers.get("Location", "/")), (name, answer.headers["Location"])
        assert _inside(local_path(target, "/")), name


def _inside(location: str) -> bool:
    """Whether browsers stay here: they leave out tabs and line breaks, and take \\ for /."""
    seen = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    parts = urlsplit(seen)
    return seen.startswith("/") and not seen.startswith("//") and not parts.scheme and not parts.netloc


BROKEN = "Ada\r\nSet-Cookie: mpia=planted\r\n\r\n<script>"


@case("W4 line breaks in a person's name, on the way to a file's name")
def test_line_breaks_in_a_name(platform: PlatformInTest, session: Session, case_name: str) -> None:
    browser = platform.launched(given_name=BROKEN, family_name=BROKEN, name=BROKEN)
    (person,) = session.scalars(select(Person)).all()
    session.rollback()
    assert person.display_name
    for path in ("/learn/", "/account/settings", "/certificates/name"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "planted" not in str(answer.headers)
        assert "<script>" not in answer.text


@case("W4 line breaks in a file's name")
def test_line_breaks_in_a_file_name(client: FlaskClient, case_name: str) -> None:
    file = (BytesIO(b"not a certificate"), "a.pdf\r\nX-Evil: 1\r\n.pdf")
    answer = client.post("/verify", data={"file": file, "csrf_token": token_of(client)})
    assert answer.status_code in {400, 422}
    assert "X-Evil" not in answer.headers


@case("W4 line breaks in addresses and in headers we answer to")
def test_line_breaks_in_addresses(client: FlaskClient, case_name: str) -> None:
    for path in ("/verify/x%0d%0aX-Evil:%201", "/learn/%0d%0aX-Evil:1", "/static/%0d%0aX-Evil:1.css"):
        answer = client.get(path, headers={"Accept-Language": "fr\tX-Evil"})
        assert answer.status_code in {401, 404}
        assert "X-Evil" not in answer.headers


#: Texts that a program would take for its own: each may be searched for, and finds what it names.
SQL = (
    "'", "x'); DROP TABLE persons; --", "' OR '1'='1", "' UNION SELECT password_hash FROM local_accounts --",
    "%_\\", "\\", "\ud800", "9" * 400, "-1",
)  # fmt: skip
TEMPLATES = (
    "{{ 1234567 * 7 }}", "{% for x in (1).__class__.__mro__ %}{{ x }}{% endfor %}",
    "{0.__class__.__mro__} %(x)s %s %n", "$(id) `id` ${1234567*7}",
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)>",
)  # fmt: skip
#: Parameters that pages read in their addresses.
ASKED = (
    "q", "state", "page", "sort", "to", "after", "before", "start", "year", "unit", "track", "module", "course", "role",
    "kind", "format", "report", "group", "groups", "objective", "question", "person", "revision", "path", "place",
    "purpose", "show", "tool", "code", "lang", "language", "length", "audience", "award", "seed", "named", "about",
    "as", "at", "form", "next",
)  # fmt: skip
#: Pages that list and search, with who opens them.
LISTS = {
    "/learn/": "owner", "/learn/decideurs": "owner", "/certificates/": "owner", "/account/login": "anonymous",
    "/verify": "anonymous", "/teach/": "trainer", "/teach/1": "trainer", "/teach/certificates/": "trainer",
    "/hr/": "hr", "/hr/export/completions.json": "hr", "/hr/register": "hr", "/hr/gaps": "hr", "/hr/exports": "hr",
    "/hr/organisation": "hr", "/hr/matches": "hr", "/hr/population": "hr", "/admin/": "administrator",
    "/admin/deliveries": "administrator", "/admin/certificates/": "administrator", "/admin/journal": "administrator",
    "/admin/authors": "administrator", "/admin/api": "administrator", "/admin/webhooks": "administrator",
    "/open-data": "anonymous", "/author/": "author",
}  # fmt: skip


def search(app: Flask, session: Session, texts: tuple[str, ...]) -> None:
    """Ask every list for each text by every parameter: a text is looked for, and is nothing else."""
    scene = stage(app)
    before = session.scalars(select(Person.id)).all()
    session.rollback()
    for typed in texts:
        asked = "&".join(f"{name}={quote(typed, errors='surrogatepass')}" for name in ASKED)
        for path, who in LISTS.items():
            answer = scene.browsers[who].get(f"{path}?{asked}")
            assert answer.status_code < 500, (typed, path)
            for ran in ("8641969", "<script>alert", "onerror=alert(1)>", "class 'object'"):
                assert ran not in answer.text, (typed, path)
    opened = {path for path, who in LISTS.items() if scene.browsers[who].get(f"{path}?q={quote(texts[0])}").text}
    assert opened == LISTS.keys()
    assert session.scalars(select(Person.id)).all() == before
    session.rollback()


@case("W5 quotes, unions, signs of LIKE, half a pair, numbers beyond all, by every parameter of every list")
def test_sql(app: Flask, session: Session, case_name: str) -> None:
    search(app, session, SQL)


@case("W6 Jinja, formats, shells, markup, by every parameter of every list")
def test_templates(app: Flask, session: Session, case_name: str) -> None:
    search(app, session, TEMPLATES)


PATHS = {
    "up from the style sheets": "/static/../app.py",
    "up, escaped": "/static/%2e%2e/app.py",
    "up, escaped twice": "/static/%252e%252e/app.py",
    "up, with backslashes": "/static/..\\..\\pyproject.toml",
    "from the root": "/static//etc/passwd",
    "a track": "/learn/..%2f..%2fetc/d1",
    "a paper": "/learn/decideurs/d1/papers/..%2f..%2ftrack.toml",
    "an image": "/learn/decideurs/d1/files/0000/..%2fmodule.toml",
    "a version": "/tracks/decideurs/..%2f../certificate",
    "a certificate": "/credentials/..%2f..%2fetc%2fpasswd.pdf",
    "a status list": "/status/..%2frevocation-1",
    "a report": "/hr/export/..%2fcompletions.csv",
}


@case("W7 up from style sheets, tracks, papers, images, certificates, lists and reports, escaped once and twice")
def test_no_address_leads_out_of_a_folder(app: Flask, case_name: str) -> None:
    scene = stage(app)
    for name, path in PATHS.items():
        for visitor in ("anonymous", "owner", "hr", "administrator"):
            answer = scene.browsers[visitor].get(path, follow_redirects=True)
            assert answer.status_code in {400, 401, 403, 404}, (name, visitor, answer.status_code)


HOSTS = {
    "this machine": "https://127.0.0.1/", "this machine, by name": "https://localhost/",
    "this machine, in IPv6": "https://[::1]/", "IPv4 in IPv6": "https://[::ffff:169.254.169.254]/",
    "the cloud's own address": "https://169.254.169.254/latest/meta-data/", "an office": "https://10.1.2.3/",
    "no address": "https://0.0.0.0/", "a number": "https://2130706433/", "in hexadecimal": "https://0x7f.1/",
    "in octal": "https://0177.0.0.1/", "http": "http://example.org/", "a file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:6379/_FLUSHALL", "a password": "https://example.org@127.0.0.1/",
    "a line break": "https://127.0.0.1/\r\nX: y", "a port": "https://127.0.0.1:99999/",
}  # fmt: skip


@case(
    "A1 this machine, private networks and the cloud's own, in every spelling; other schemes; a password; a line break"
)
def test_messages_go_to_no_machine_of_ours(app: Flask, case_name: str) -> None:
    app.extensions["outbound"].allowed_hosts = frozenset()
    browser = browser_of(app, "admin@example.org", account="administrator")
    token = token_of(browser)
    for name, address in HOSTS.items():
        answer = browser.post("/admin/webhooks", data={**HOOK, "url": address, "csrf_token": token})
        assert answer.status_code == 400, name
        assert 'role="alert"' in answer.text
        assert "whsec_" not in answer.text
