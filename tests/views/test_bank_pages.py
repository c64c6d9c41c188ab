"""The pages of a bank: a question written, refused, shown, fought over, ordered, removed; nothing is ever lost."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.registry import question_types
from curricula.model import Option, Question
from curricula.pieces import question_in, question_path
from lms.app import create_app
from lms.bank_changes import arranged
from lms.forms.bank import KEY_LENGTH, QuestionForm
from lms.forms.bank_rows import TEXT
from lms.models import Draft, db
from lms.services import drafts
from tests.bank_in_test import BANK, MODULE, TRACK, Author, fields
from tests.conftest import make_config
from tests.platform_in_test import PlatformInTest
from tests.tracks_in_test import fixed_tracks

PUBLISHED = fixed_tracks()[TRACK].module(MODULE)
assert PUBLISHED is not None
MODULE_AS_PUBLISHED = PUBLISHED
FIRST = PUBLISHED.questions[0]
PAGE = f"/questions/{FIRST.key}"


@pytest.fixture
def author(app: Flask) -> Author:
    return Author(app)


def kept(app: Flask, key: str = FIRST.key, module: str = MODULE) -> Question | None:
    with app.app_context():
        draft = drafts.open_draft(db.session(), TRACK)
        assert draft is not None
        row = drafts.piece(db.session(), draft, question_path(module, key))
        found = question_in(row.content) if row else None
        db.session.remove()
    return found


def test_a_question_is_written_as_its_form_says(app: Flask, author: Author) -> None:
    changed = replace(FIRST, difficulty=3, stem={"fr": "Énoncé <b>neuf</b>\nde deux lignes", "en": "New"})
    assert author.write(PAGE, changed).status_code == 303
    assert kept(app) == changed
    page = author.get(PAGE).text
    assert "Énoncé &lt;b&gt;neuf&lt;/b&gt;" in page
    assert "<b>neuf" not in page
    assert "Enregistrée par ada" in page
    assert author.write(PAGE, changed, 2).status_code == 303
    assert author.write(PAGE, replace(changed, difficulty=1), 2).status_code == 303, "the same words are no edition"


def test_a_question_lacking_what_its_type_asks_can_still_be_written(app: Flask, author: Author) -> None:
    for edition, kind in enumerate(sorted(question_types()), start=1):
        author.write(PAGE, replace(FIRST, type=kind), edition)
        assert author.get(PAGE).status_code == 200, kind


def test_a_new_question_has_a_key_that_can_be_another(app: Flask, author: Author) -> None:
    assert 'value="d1-q16"' in author.get("/new?objective=d1-o3").text
    empty = Question("", "single", "", 2, "", {}, ())
    for wrong, said in (("Une clé", "minuscules"), ("a" * (KEY_LENGTH + 1), "trop long"), ("d1-q01", "nomme déjà")):
        answer = author.write("/new", replace(FIRST, stem={"fr": "Gardé ?"}), 0, key=wrong)
        assert answer.status_code == 400
        assert said in answer.text
        assert "Gardé ?" in answer.text
    assert author.write("/new", empty, 0, key="later").status_code == 303
    assert kept(app, "later") == replace(empty, key="later", stem={"fr": "", "en": ""})
    page = author.get("/questions/later").text
    for lack in ("Il y a 0 options. Donnez-en de 2 à 8.", "Choisissez l’objectif", "pas écrite dans cette langue"):
        assert lack in page.replace("\u202f", " ").replace("\u00a0", " ")
    assert "Inachevée" in page


def test_only_what_cannot_be_kept_is_refused_and_nothing_is_lost(app: Flask, author: Author) -> None:
    long = replace(FIRST, stem={"fr": "x" * (TEXT + 1), "en": "Kept in the page"})
    answer = author.write(PAGE, long)
    assert answer.status_code == 400
    assert "Kept in the page" in answer.text
    assert "20000 caractères" in answer.text.replace("\u00a0", " ").replace("\u202f", "")
    assert kept(app) == FIRST
    odd = {"type": "riddle", "difficulty": "9", "objective": "gone", "source": "x" * 500, "edition": "1"}
    assert author.post(PAGE, **{**fields(FIRST), **odd}).status_code == 303
    found = kept(app)
    assert found is not None
    assert (found.type, found.difficulty, found.objective) == ("riddle", 1, "gone")
    page = author.get(PAGE).text
    assert "gone (inconnu ici)" in page
    assert "Ce type de question est inconnu ici." in page


def test_two_people_choose_between_what_each_wrote(app: Flask, author: Author) -> None:
    other = Author(app, "bob")
    assert other.write(PAGE, replace(FIRST, stem={**FIRST.stem, "fr": "De Bob"})).status_code == 303
    mine = replace(FIRST, stem={**FIRST.stem, "fr": "D’Ada"})
    answer = author.write(PAGE, mine)
    assert answer.status_code == 409
    for said in ("bob a enregistré cette question", "De Bob", "D’Ada", "Garder la sienne", 'name="edition"'):
        assert said in answer.text
    found = kept(app)
    assert found is not None
    assert found.stem["fr"] == "De Bob"
    assert author.write(PAGE, mine, 2).status_code == 303
    assert kept(app) == mine


def test_what_was_removed_meanwhile_can_be_brought_back(app: Flask, author: Author) -> None:
    assert author.post(f"{PAGE}/remove", edition="1").status_code == 303
    assert author.get(PAGE).status_code == 404
    answer = author.write(PAGE, FIRST)
    assert answer.status_code == 409
    assert "supprimé cette question" in answer.text
    assert author.write(PAGE, FIRST, 0).status_code == 303
    assert kept(app) == FIRST


def test_a_question_that_changed_is_shown_again_before_it_is_removed(app: Flask, author: Author) -> None:
    assert "Supprimer" in author.get(f"{PAGE}/remove").text
    author.write(PAGE, replace(FIRST, difficulty=3))
    answer = author.post(f"{PAGE}/remove", edition="1")
    assert answer.status_code == 409
    assert kept(app) is not None
    assert author.post(f"{PAGE}/remove", edition="2").status_code == 303
    assert kept(app) is None


def test_the_preview_is_what_learners_see_and_keeps_nothing(app: Flask, author: Author) -> None:
    shown = replace(FIRST, stem={"fr": "**Gras** <script>alert(1)</script>", "en": "Bold"})
    part = author.post("/preview", **fields(shown)).text
    assert "<strong>Gras</strong>" in part
    assert "<script>" not in part
    assert "Choisissez une réponse." in part
    assert "Choose one answer." in part
    assert FIRST.options[0].feedback["en"].split(" ")[0] in part
    page = author.post(PAGE, **{**fields(shown), "edition": "1", "do": "preview"})
    assert page.status_code == 200
    assert "<strong>Gras</strong>" in page.text
    assert "pas encore enregistré" in page.text
    assert kept(app) == FIRST


def test_options_move_and_go_before_anything_is_saved(app: Flask, author: Author) -> None:
    page = author.post(PAGE, **{**fields(FIRST), "edition": "1", "do": "down-a"}).text
    assert page.index('value="b"') < page.index('value="a"')
    page = author.post(PAGE, **{**fields(FIRST), "edition": "1", "do": "remove-a"}).text
    assert 'id="options-0-key" name="options-0-key" type="hidden" value="a"' not in page
    assert kept(app) == FIRST
    keys = [each.key for each in FIRST.options]
    assert [each.key for each in arranged(FIRST, "up-a").options] == keys
    assert [each.key for each in arranged(FIRST, f"down-{keys[-1]}").options] == keys
    for nothing in ("up-zz", "remove", "else-a", ""):
        assert arranged(FIRST, nothing) == FIRST


def test_questions_are_ordered_copied_and_moved(app: Flask, author: Author) -> None:
    assert author.post(f"{PAGE}/move", by="1", page="1").location.endswith(f"?page=1#{FIRST.key}")
    list_page = author.get().text
    assert list_page.index('id="d1-q02"') < list_page.index('id="d1-q01"')
    assert author.post("/questions/nobody/move", by="1").status_code == 303
    copied = author.post(f"{PAGE}/copy")
    assert copied.location == f"{BANK}/questions/d1-q16"
    assert kept(app, "d1-q16") == replace(FIRST, key="d1-q16")
    assert author.post("/questions/nobody/copy").status_code == 404
    assert author.post(f"{PAGE}/transfer", module="nowhere").status_code == 303
    assert kept(app) == FIRST
    assert author.post(f"{PAGE}/transfer", module="d2").location == f"/author/{TRACK}/d2/bank/questions/{FIRST.key}"
    assert kept(app, module="d2") == FIRST
    assert kept(app) is None


def test_a_bank_is_searched_from_its_address(author: Author) -> None:
    page = author.get("?q=directrice&objective=d1-o1&difficulty=2&type=single&state=").text
    assert 'id="d1-q02"' in page
    assert 'id="d1-q04"' not in page
    assert "Aucune question ne correspond" in author.get("?q=zzyzx").text
    for odd in ("?page=0", "?page=-1", "?page=" + "9" * 20, "?objective=x&difficulty=x&state=x", "?q=" + "x" * 5000):
        assert author.get(odd).status_code == 200


def test_reviewers_read_and_do_not_write(app: Flask, author: Author) -> None:
    reviewer = Author(app, "rene", "reviewer")
    page = reviewer.get(PAGE).text
    assert FIRST.key in page
    assert 'value="save"' not in page
    assert '<fieldset class="stack loose" disabled>' in page
    assert "Nouvelle question" not in reviewer.get().text
    assert reviewer.write(PAGE, FIRST).status_code == 403


def test_a_draft_that_is_being_read_is_not_written(app: Flask, author: Author) -> None:
    with app.app_context():
        db.session.query(Draft).update({"state": "review"})
        db.session.commit()
    for path, data in (
        (PAGE, {**fields(FIRST), "edition": "1"}), ("/new", {**fields(FIRST), "key": "neuf", "edition": "0"}),
        (f"{PAGE}/remove", {"edition": "1"}), (f"{PAGE}/copy", {}), (f"{PAGE}/move", {"by": "1"}),
        (f"{PAGE}/transfer", {"module": "d2"}),
    ):  # fmt: skip
        assert author.post(path, **data).status_code == 409, path
    assert 'value="save"' not in author.get(PAGE).text
    assert kept(app) == FIRST


def test_an_answer_key_reaches_nobody_without_a_role(app: Flask, author: Author) -> None:
    del author
    learner = PlatformInTest(app).launched()
    secret = FIRST.options[0].feedback["fr"][:30]
    for path in ("", PAGE, "/export", "/export/gift", "/import", f"{PAGE}/remove"):
        answer = learner.get(BANK + path)
        assert answer.status_code in (403, 404)
        assert secret not in answer.text


TEXTS = st.fixed_dictionaries(dict.fromkeys(("fr", "en"), st.text("aé\"'\\ #=~{}", max_size=6).map(str.strip)))
OPTIONS = st.builds(
    Option, st.just(""), TEXTS, TEXTS, correct=st.booleans(), misconception=st.text("aé ", max_size=5).map(str.strip)
)


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application for every example: forms need one to speak."""
    app = create_app(make_config("", tmp_path_factory.mktemp("forms")))
    yield app
    app.extensions["outbound"].close()


@settings(max_examples=40)
@given(st.lists(OPTIONS, max_size=8))
def test_what_a_form_is_sent_is_what_it_keeps(forms: Flask, rows: list[Option]) -> None:
    said = [[row.misconception, *row.text.values(), *row.feedback.values()] for row in rows]
    written = [row for row, texts in zip(rows, said, strict=True) if row.correct or any(texts)]
    data = fields(replace(FIRST, options=tuple(rows)))
    with forms.test_request_context("/", method="POST", data=data):
        found = QuestionForm(MODULE_AS_PUBLISHED).question(FIRST.key)
        again = QuestionForm.of(MODULE_AS_PUBLISHED, found, 1).question(FIRST.key)
    assert [replace(each, key="") for each in found.options] == written
    assert len({each.key for each in found.options}) == len(found.options)
    assert again == found
