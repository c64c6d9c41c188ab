"""What the page of a question sends is read by its sheet: nothing breaks it, and nothing typed is lost."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from curricula.write import folder_of
from lms.models import Answer, Attempt
from lms.services.revisions import publish
from tests.learner_in_test import count
from tests.platform_in_test import field, form_token
from tests.questions_in_test import varied

START = "/learn/varied/v1/assessment"
JSON = {"Accept": "application/json"}
MEGABYTE = "é" + "x" * 1_048_576


class Page:
    """The page of the question of a type, as its learner's browser sees it."""

    def __init__(self, client: FlaskClient, session: Session, kind: str) -> None:
        publish(session, folder_of(varied(kind)), "imported", now=datetime(2026, 11, 20, tzinfo=UTC))
        session.commit()
        client.get("/learn/varied")
        begun = client.post(START, data={"csrf_token": form_token(client.get(START))})
        self.client, self.session, self.url = client, session, begun.location
        self.permission = field(self.get(), "permission")

    def get(self) -> TestResponse:
        return self.client.get(self.url)

    def send(self, headers: dict[str, str] | None = None, **answer: str) -> TestResponse:
        form = {"permission": self.permission, "go": "review"}
        form |= {f"a.{name.replace('__', '.')}": text for name, text in answer.items()}
        return self.client.post(self.url, data=form, headers=headers)

    def kept(self) -> dict[str, list[str]] | None:
        """What counts of what was answered, as it is stored."""
        self.session.rollback()
        row = self.session.query(Answer).filter_by(standing="kept").order_by(Answer.id.desc()).first()
        found = None if row is None else {name: list(values) for name, values in row.response.items()}
        self.session.rollback()
        return found


@pytest.fixture
def short(learner_client: FlaskClient, session: Session) -> Page:
    return Page(learner_client, session, "short")


def test_a_megabyte_is_refused_in_words_and_shown_again_to_be_shortened(short: Page) -> None:
    short.send(answer="hallucination")
    for headers in (None, JSON):
        refused = short.send(headers, answer=MEGABYTE)
        assert refused.status_code == 413
        said = (refused.json or {})["message"] if headers else refused.text
        assert "Ce texte compte 1 048 577 caractères ; 200 au plus sont gardés." in said.replace("\u202f", " ").replace(
            "\u00a0", " "
        )
        assert headers or MEGABYTE in refused.text
    assert short.kept() == {"answer": ["hallucination"]}
    again = field(short.send(answer=MEGABYTE), "permission")
    short.permission = again
    assert short.send(answer="confabulation").status_code == 303
    assert short.kept() == {"answer": ["confabulation"]}


def test_more_than_any_page_takes_is_refused_in_words_too(short: Page) -> None:
    refused = short.send(JSON, answer="x" * 3_000_000)
    assert refused.status_code == 413
    assert "trop volumineux" in (refused.json or {})["message"]
    assert short.kept() is None


def test_what_no_text_needs_is_left_out_and_what_is_not_asked_is_not_kept(short: Page) -> None:
    assert (
        short.send(answer="hal\x07luci\x1b[0mnation\u202e 🙂", other="x", choice="a", answer__unit="h").status_code
        == 303
    )
    assert short.kept() == {"answer": ["halluci[0mnation\u202e 🙂"]}
    assert "halluci[0mnation" in short.get().text
    assert short.send(answer="<script>alert(1)</script>").status_code == 303
    assert "<script>alert" not in short.get().text
    assert short.send(answer="a\x00b").status_code == 400


def test_a_form_of_another_time_changes_nothing(short: Page) -> None:
    short.send(answer="hallucination")
    short.permission, own = short.permission[:-2] + "xx", short.permission
    assert short.send(answer="biais").status_code == 400
    short.permission = own
    token = form_token(short.client.get(short.url.rpartition("/")[0] + "/review"))
    short.client.post(short.url.rpartition("/")[0] + "/submit", data={"csrf_token": token})
    assert short.send(JSON, answer="biais").status_code == 409
    assert short.kept() == {"answer": ["hallucination"]}
    assert short.session.query(Attempt).one().score == 1


def test_a_text_that_is_no_number_is_kept_and_told_at_once(learner_client: FlaskClient, session: Session) -> None:
    page = Page(learner_client, session, "numeric")
    told = page.send(JSON, temps="1e4", gain="45,5", gain__unit="h").json or {}
    assert "« 1e4 » ne se lit pas comme un nombre" in told["message"].replace("\u202f", " ")
    shown = page.get().text
    assert 'aria-describedby="f-temps-wrong"' in shown
    assert 'id="f-temps-wrong"' in shown
    assert 'id="f-gain-wrong"' not in shown
    assert 'value="1e4"' in shown
    assert '<option value="h" selected>' in shown
    told = page.send(JSON, temps="18,000", temps__unit="litre").json or {}
    assert "Si vous voulez dire 18000" in told["message"]
    assert page.kept() == {"temps": ["18,000"]}


def test_a_scenario_goes_on_scene_by_scene_and_a_decision_stands(learner_client: FlaskClient, session: Session) -> None:
    page = Page(learner_client, session, "scenario")
    first = page.get().text
    assert "Valider cette décision" in first
    assert "data-autosave" not in first, "nothing is sent before the learner confirms"
    assert "dpo" not in first
    form = {"permission": page.permission, "a.debut": "arreter", "a.dpo": "inventaire", "go": "1"}
    assert page.client.post(page.url, data=form).location == page.url + "#answer"
    assert page.kept() == {"debut": ["arreter"]}
    second = page.get().text
    assert "Faire cesser l’usage et prévenir le délégué." in second
    assert "Laisser faire" not in second
    assert 'name="a.dpo"' in second
    page.send(debut="ignorer")  # from a page that was open before
    assert page.kept() == {"debut": ["arreter"]}
    assert count(session, Answer) == 1
    session.rollback()
    page.send(dpo="minimiser")
    page.send(bilan="besoin")
    last = page.get().text
    assert "Valider cette décision" not in last
    assert 'type="radio"' not in last
    assert page.kept() == {"debut": ["arreter"], "dpo": ["minimiser"], "bilan": ["besoin"]}
