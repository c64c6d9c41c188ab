"""A trainer's choice of content: what is shown, found, previewed, placed, and how the platform is answered."""

from html import unescape
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.lti.binding import proof_of
from lms.models import AuditEntry, DeepLinkRequest, Enrolment, Platform, WebSession, utcnow
from tests.choice_in_test import Choice, answered, request_claims
from tests.conftest import SECRET
from tests.learner_in_test import TRACK, count, data, module, statements, writes
from tests.platform_in_test import SYSTEM_ADMIN, PlatformInTest, author
from tests.platform_in_test import trainer as trainer_claims

D1, D2 = module("d1"), module("d2")


def shown(page: Any) -> set[str]:
    """The keys a page of the choice shows, announced ones by their code."""
    items = [part.split("</li>")[0] for part in page.text.split('<li class="offer"')[1:]]
    visible = [item for item in items if " hidden>" not in item.split("\n")[0]]
    return {item.split('name="pick" value="')[1].split('"')[0] if "<input" in item else "announced" for item in visible}


@pytest.fixture
def choice(platform: PlatformInTest) -> Choice:
    return Choice(platform)


def test_a_request_leads_to_the_tracks_and_their_modules(choice: Choice) -> None:
    page = choice.open()
    assert page.status_code == 200
    assert shown(page) == {"decideurs", "decideurs/d1", "decideurs/d2", "announced"}
    assert page.text.count('type="checkbox"') == 3
    text = unescape(page.text).replace("\u202f", " ").replace("\xa0", " ")
    assert ("mène au certificat" in text) != ("leads to the certificate" in text)
    assert "frame-ancestors https://lms.example.org" in page.headers["Content-Security-Policy"]
    assert "new-tab" not in page.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "COMPRENDRE"}, {"decideurs/d1"}),
        ({"q": "reglement"}, {"decideurs/d2"}),
        ({"q": "délègue"}, {"decideurs/d1"}),
        ({"q": "comprendre deleguer"}, {"decideurs/d1"}),
        ({"q": "préfètes"}, {"decideurs"}),
        ({"q": "l’IA pour decider"}, {"decideurs/d1", "decideurs/d2"}),
        ({"length": "short"}, {"decideurs/d1", "announced"}),
        ({"length": "day"}, {"decideurs"}),
        ({"audience": "decideurs", "q": "marché  public"}, {"announced"}),
        ({"audience": "nowhere"}, set()),
        ({"q": "zzz", "pick": ["decideurs/d2"]}, {"decideurs/d2"}),
    ],
)
def test_words_audience_and_length_find(choice: Choice, query: dict[str, Any], expected: set[str]) -> None:
    page = choice.client.get(choice.url, query_string={"lang": "fr", **query})
    assert shown(page) == expected
    for key in query.get("pick", []):
        assert f'value="{key}" id="pick-{key.replace("/", "-")}" checked' in page.text


def test_what_the_browser_sends_is_shown_as_text(choice: Choice) -> None:
    page = choice.open(q='"><script>alert(1)</script>')
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_a_preview_reads_as_for_a_learner_and_records_nothing(choice: Choice, session: Session) -> None:
    track = choice.open("/preview/decideurs", pick="decideurs/d1", q="ia")
    part = choice.open("/preview/decideurs/d1")
    lesson = choice.open(f"/preview/decideurs/d1/{D1.lessons[-1].key}")
    learner = choice.platform.launched()
    real = learner.get(f"/learn/decideurs/d1/{D1.lessons[-1].key}")
    before = count(session, Enrolment)
    for page in (track, part, lesson):
        assert page.status_code == 200
        assert "/learn/" not in page.text
        assert "/assessment" not in page.text
    assert "pick=decideurs/d1" in unescape(track.text).replace("%2F", "/")
    body = real.text.split('<article class="read">')[1].split('<div class="end')[0]
    assert body in lesson.text
    assert choice.open("/preview/decideurs/d3").status_code == 404  # announced
    assert choice.open("/preview/decideurs/d1/nowhere").status_code == 404
    assert choice.open("/preview/nowhere").status_code == 404
    assert count(session, Enrolment) == before == 1


def test_what_will_be_placed_is_shown_before(choice: Choice) -> None:
    page = choice.open("/place", pick=["decideurs", "decideurs/d2"])
    assert page.status_code == 200
    assert page.text.count('type="hidden" name="pick"') == 2
    assert "100" in page.text
    empty = choice.open("/place")
    assert empty.status_code == 303
    again = choice.client.get(empty.location)
    assert 'role="alert"' in again.text


def test_several_are_placed_each_with_its_id_and_column(choice: Choice, session: Session) -> None:
    page = choice.place("decideurs/d2", "decideurs")
    said = answered(choice.platform.app, page)
    assert said["iss"] == "tool-at-lms"
    assert said["aud"] == "https://lms.example.org"
    assert 0 < said["exp"] - said["iat"] < 3600
    assert said["deployment_id"] == "1"
    assert said["message_type"] == "LtiDeepLinkingResponse"
    assert said["version"] == "1.3.0"
    assert said["data"] == "as-it-came:é&<>"
    assert said["msg"]
    whole, part = said["content_items"]
    history = {"context_history": "$Context.id.history", "link_history": "$ResourceLink.id.history"}
    assert whole["custom"] == {"track": "decideurs", **history}
    assert part["custom"] == {"track": "decideurs", "module": "d2", **history}
    for item, key in ((whole, "decideurs"), (part, "decideurs/d2")):
        assert item["type"] == "ltiResourceLink"
        assert "url" not in item
        column = {"label": item["title"], "scoreMaximum": 100, "resourceId": key, "tag": "mpia"}
        assert item["lineItem"] == column
        assert item["iframe"] == {}
        assert "window" not in item
    assert D2.code in part["title"]
    assert count(session, DeepLinkRequest) == 0
    line = session.query(AuditEntry).filter_by(action="deep_link").one()
    assert line.details == {"placed": ["decideurs", "decideurs/d2"]}


def test_the_answer_goes_to_the_platform_alone(choice: Choice) -> None:
    page = choice.place("decideurs")
    policy = page.headers["Content-Security-Policy"]
    assert "form-action https://lms.example.org;" in policy
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.text.count("<form") == 1
    assert 'action="https://lms.example.org/return?course=3&amp;id=1"' in page.text
    assert "form-action 'self';" in choice.client.get("/verify").headers["Content-Security-Policy"]


def test_a_choice_is_cancelled_with_a_signed_word(choice: Choice) -> None:
    said = answered(choice.platform.app, choice.cancel())
    assert said["content_items"] == []
    assert said["msg"]
    assert said["data"] == "as-it-came:é&<>"


@pytest.mark.parametrize(
    ("settings", "present", "absent"),
    [
        ({"accept_presentation_document_targets": ["window"]}, {"window"}, {"iframe"}),
        ({"accept_presentation_document_targets": ["frame"]}, set(), {"window", "iframe"}),
        ({"accept_lineitem": False}, {"iframe"}, {"lineItem"}),
        ({"accept_lineitem": "false"}, {"iframe"}, {"lineItem"}),
        ({"accept_multiple": "true"}, {"lineItem"}, set()),
    ],
)
def test_what_the_platform_accepts_is_honoured(
    platform: PlatformInTest, settings: dict[str, Any], present: set[str], absent: set[str]
) -> None:
    item = answered(platform.app, Choice(platform, **settings).place("decideurs"))["content_items"][0]
    assert present <= item.keys()
    assert not absent & item.keys()


def test_one_is_chosen_where_one_is_taken(platform: PlatformInTest) -> None:
    page = Choice(platform, accept_multiple="false").open()
    assert page.text.count('type="radio"') == 3
    assert 'type="checkbox"' not in page.text


@pytest.mark.parametrize(
    "who",
    [author(), trainer_claims(), trainer_claims(roles=[SYSTEM_ADMIN.replace("SysAdmin", "Administrator")])],
    ids=["author", "trainer", "administrator of the platform"],
)
def test_who_builds_a_course_chooses(platform: PlatformInTest, who: dict[str, Any]) -> None:
    client = platform.app.test_client()
    begun = platform.launch(client, **{**request_claims(platform), **who})
    assert begun.status_code == 303
    assert client.get(begun.location).status_code == 200


def test_a_choice_waits_no_longer_than_an_hour(choice: Choice, session: Session) -> None:
    row = session.query(DeepLinkRequest).one()
    assert 3500 < (row.expires_at - utcnow()).total_seconds() <= 3600
    row.expires_at = utcnow()
    session.commit()
    assert choice.open().status_code == 410
    assert choice.place("decideurs").status_code == 410


def test_a_suspended_platform_is_answered_no_more(choice: Choice, session: Session) -> None:
    session.query(Platform).update({"status": "suspended"})
    session.commit()
    assert choice.place("decideurs").status_code == 410


def test_signing_out_ends_the_choice(choice: Choice, session: Session) -> None:
    session.query(WebSession).delete()
    session.commit()
    assert choice.open().status_code == 401
    assert count(session, DeepLinkRequest) == 0


def test_a_session_that_goes_on_in_a_tab_takes_its_choice_along(platform: PlatformInTest, session: Session) -> None:
    """A browser that keeps no cookie in a frame: the launch ends on a one-use address."""
    framed, tab = platform.app.test_client(), platform.app.test_client()
    state, nonce = platform.begin(framed)
    proof = proof_of(state, SECRET)
    token = platform.sign(platform.claims(nonce, **request_claims(platform)))
    page = platform.app.test_client().post(
        "/lti/launch", data={"state": state, "id_token": token, "proof": proof},
        headers={"Origin": "http://localhost:8000"},
    )  # fmt: skip
    assert page.status_code == 200, page.text
    arrive = unescape(page.text.split('action="/account/arrive/')[1].split('"')[0])
    landed = tab.post("/account/arrive/" + arrive, headers={"Sec-Fetch-Site": "same-origin"})
    assert landed.status_code == 303
    assert tab.get(landed.location).status_code == 200
    assert count(session, DeepLinkRequest) == 1


@pytest.mark.usefixtures("session")
def test_the_pages_of_a_choice_ask_few_queries(choice: Choice) -> None:
    for path in ("", "/place?pick=decideurs", "/preview/decideurs", "/preview/decideurs/d1"):
        choice.client.get(choice.url + path)
        with statements() as heard:
            assert choice.client.get(choice.url + path).status_code == 200
        assert len(data(heard)) <= 2
        assert writes(heard) == []
    token = choice.token()
    with statements() as heard:
        answer = choice.client.post(choice.url + "/place", data={"csrf_token": token, "pick": "decideurs"})
    assert answer.status_code == 200
    assert len(data(heard)) <= 6
    assert [text for text in heard if text in {"BEGIN", "COMMIT", "ROLLBACK"}] == ["BEGIN", "COMMIT"]


def test_a_forged_form_places_nothing(choice: Choice) -> None:
    assert choice.client.post(choice.url + "/place", data={"pick": "decideurs"}).status_code == 400
    assert choice.open().status_code == 200


def test_every_track_may_be_placed_whole_or_in_part(choice: Choice) -> None:
    keys = [TRACK.key, *(f"{TRACK.key}/{part.key}" for part in TRACK.published_modules)]
    assert len(answered(choice.platform.app, choice.place(*keys))["content_items"]) == len(keys)
