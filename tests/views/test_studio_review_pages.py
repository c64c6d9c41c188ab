"""Review, history, versions, archives and preview in the studio: what each page says, and what it refuses."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.folder import Folder
from curricula.pieces import (
    lesson_path,
    module_in,
    module_path,
    module_piece,
    text_in,
    text_piece,
    track_in,
    track_piece,
)
from curricula.write import folder_of
from lms.models import Draft, DraftComment, TrackRevision, db
from lms.services import drafts, following, revisions
from tests.account_in_test import make_person, signed_in, token_of
from tests.archives_in_test import TRACK_FILE, zipped
from tests.forks_in_test import rewritten, theirs
from tests.image_samples import PNG
from tests.learner_in_test import learner
from tests.platform_in_test import PlatformInTest, person
from tests.tracks_in_test import FOLDER as TRACKS
from tests.tracks_in_test import fixed_tracks

T = TypeVar("T")

KEY = "decideurs"
LESSON = fixed_tracks()[KEY].modules[0].lessons[0].key
TEXT = lesson_path("d1", LESSON, "fr")


class Desk:
    """Browsers of the studio by name: auteur, relecteur (also publisher), double (every role)."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        #: Where the last form sent led.
        self.landed = ""
        self.people: dict[str, int] = {}
        self.browsers: dict[str, FlaskClient] = {}
        roles = {"auteur": ["author"], "relecteur": ["reviewer", "publisher"], "double": ["author", "reviewer"]}
        with app.app_context():
            for name, held in roles.items():
                self.people[name] = make_person(db.session(), f"{name}@example.org", *held, name=name)
            db.session.commit()
            db.session.remove()
        for name in roles:
            self.browsers[name] = signed_in(app, f"{name}@example.org")

    def get(self, to: str, who: str = "auteur", status: int = 200) -> str:
        answer = self.browsers[who].get(f"/author/{KEY}{to}")
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, to: str, who: str = "auteur", status: int = 303, **data: object) -> str:
        browser = self.browsers[who]
        answer = browser.post(
            f"/author/{KEY}{to}", data={**data, "csrf_token": token_of(browser)}, content_type="multipart/form-data"
        )
        assert answer.status_code == status, answer.text
        self.landed = answer.location or ""
        return answer.text if status != 303 else browser.get(answer.location).text

    def read(self, ask: Callable[[Session], T]) -> T:
        """Ask the database something; nothing stays open that would hold back a browser."""
        with self.app.app_context():
            try:
                return ask(db.session())
            finally:
                db.session.remove()

    def state(self) -> str:
        return self.read(lambda session: session.scalars(select(Draft.state).order_by(Draft.id.desc())).first() or "")

    def publish(self, folder: Folder) -> None:
        """Publish a revision beside the studio."""
        with self.app.app_context():
            revisions.publish(db.session(), folder, "imported")
            db.session.commit()
            db.session.remove()

    def folder(self) -> Folder:
        """What the draft says."""
        return self.read(lambda session: drafts.folder(session, open_draft(session)))

    def write(self, path: str, change: Callable[[bytes], bytes], who: str = "auteur") -> None:
        """Change a piece of the draft."""
        with self.app.app_context():
            draft = open_draft(db.session())
            row = drafts.piece(db.session(), draft, path)
            assert row is not None
            drafts.save(db.session(), draft, path, change(row.content), row.edition, self.people[who])
            db.session.commit()
            db.session.remove()


def open_draft(session: Session) -> Draft:
    found = drafts.open_draft(session, KEY)
    assert found is not None
    return found


def body(text: str) -> Callable[[bytes], bytes]:
    return lambda content: text_piece(replace(text_in(content), body=text_in(content).body + f"\n{text}\n"))


def version(name: str) -> Callable[[bytes], bytes]:
    return lambda content: track_piece(replace(track_in(content), version=name))


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app)


@pytest.fixture
def begun(desk: Desk) -> Desk:
    """A draft with a new version, a sentence more and nothing that blocks."""
    desk.post("/begin")
    desk.write("track", version("2099.1"))
    desk.write(TEXT, body("Une phrase nouvelle."))
    return desk


@pytest.fixture
def approved(begun: Desk) -> Desk:
    begun.post("/review/send", word="Relisez la séquence 1.")
    begun.post("/review/approve", "relecteur")
    return begun


def shows_added(page: str) -> bool:
    """Whether the new sentence is marked as one."""
    return any("Une phrase nouvelle." in words for words in re.findall(r"<ins>(.*?)</ins>", page, re.DOTALL))


def plain(page: str) -> str:
    """What a page says, its spaces made ordinary."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub(r"<[^>]+>", "", page))


def test_what_blocks_is_said_with_its_place_and_nothing_is_sent(begun: Desk) -> None:
    begun.write(
        module_path("d1"), lambda content: module_piece(replace(module_in(content), title={"fr": "", "en": ""}))
    )
    page = begun.get("/review")
    assert "À régler avant la relecture" in page
    assert "L’envoi en relecture s’ouvrira quand les 2 points bloquants seront réglés." in page
    assert 'aria-disabled="true"' in page
    refused = begun.post("/review/send", status=409)
    assert "Quelque chose est à régler d’abord" in plain(refused)
    assert begun.state() == "draft"


def test_what_is_in_order_and_advice_are_listed(begun: Desk) -> None:
    page = plain(begun.get("/review"))
    assert "Rien ne bloque la publication." in page
    assert "En ordre" in page
    assert "Objectifs, tous enseignés et évalués" in page
    begun.write(TEXT, body("[lien](www.example.org)"))
    assert "Cette adresse ne mène nulle part : « www.example.org »." in plain(begun.get("/review"))


def test_from_draft_to_published(begun: Desk) -> None:
    page = begun.post("/review/send", word="Relisez la séquence 1.")
    assert "Relisez la séquence 1." in page
    assert begun.state() == "review"
    begun.post("/history/restore", change=1, status=409)
    begun.post("/review/approve", status=403)
    assert "Le brouillon est approuvé" in begun.post("/review/approve", "relecteur")
    page = begun.post("/review/publish", "relecteur", note="  ", learners="stay", status=400)
    assert "Écrivez une phrase." in page
    page = begun.post("/review/publish", "relecteur", note="Une phrase de plus.", learners="stay")
    assert "La version 2099.1 est publiée" in plain(page)
    assert "Une phrase de plus." in page
    kept = select(TrackRevision.origin, TrackRevision.published_by, TrackRevision.content).filter_by(version="2099.1")
    origin, by, content = begun.read(lambda session: session.execute(kept).one()._tuple())
    assert (origin, by) == ("written", begun.people["relecteur"])
    assert "Une phrase nouvelle." in Folder.unpacked(content).files[f"d1/01-{LESSON}.fr.md"].decode()
    assert begun.state() == "published"
    # A second click finds nothing left to do.
    assert "Aucun brouillon à relire" in begun.post("/review/publish", "relecteur", note="Encore.", learners="stay")
    # What was changed stays to be read.
    assert "Ce qui a été modifié avant la publication" in begun.get("/history")
    assert "Une phrase nouvelle." in begun.get("/history")


def test_who_sends_does_not_approve(begun: Desk) -> None:
    begun.post("/review/send", "double")
    assert "Vous l’avez envoyé : une seconde personne le lit." in plain(begun.get("/review", "double"))
    assert "Vous avez envoyé ce brouillon" in begun.post("/review/approve", "double", status=409)
    assert "Vous avez envoyé ce brouillon" in begun.post("/review/return", "double", word="Non.", status=409)
    assert begun.state() == "review"
    begun.post("/review/back", "auteur")  # any author
    assert begun.state() == "draft"
    begun.post("/review/send", "auteur")
    begun.post("/review/approve", "double")
    assert begun.state() == "approved"


def test_it_is_sent_back_with_words(begun: Desk) -> None:
    begun.post("/review/send")
    assert "Écrivez une phrase." in begun.post("/review/return", "relecteur", word=" ", status=400)
    assert "trop long" in begun.post("/review/return", "relecteur", word="x" * 501, status=400)
    page = begun.post("/review/return", "relecteur", word="<b>La question 3</b> est ambiguë.")
    assert "&lt;b&gt;La question 3&lt;/b&gt; est ambiguë." in page
    assert begun.state() == "draft"
    assert "Quelqu’un a agi juste avant vous" in begun.post("/review/approve", "relecteur")


def test_comments_are_said_kept_and_dealt_with(begun: Desk) -> None:
    page = begun.post("/review/comments", "relecteur", path=TEXT, text="Trop long.")
    assert "Trop long." in page
    assert "Leçon « " in plain(page)
    begun.post("/review/comments", path="", text=" ", status=400)
    lost = begun.post("/review/comments", path="d9/module", text="Gardez mes mots.", status=409)
    assert "Gardez mes mots." in lost
    number = begun.read(lambda session: session.scalars(select(DraftComment.id)).one())
    page = begun.post("/review/resolve", comment=number, next="//elsewhere.example")
    assert "Un commentaire traité" in page
    begun.post("/review/resolve", comment=number + 1, status=400)
    begun.post("/review/resolve", comment="x", status=400)


@pytest.mark.parametrize(
    ("page", "path"),
    [
        (f"/d1/lessons/{LESSON}/fr", TEXT), ("/d1/bank/questions/d1-q01", "d1/question/d1-q01"), ("/track", "track"),
        ("/d1/module", "d1/module"), (f"/translation/d1/lesson/{LESSON}?to=fr", TEXT),
    ],
)  # fmt: skip
def test_a_piece_shows_its_comments_where_it_is_written(begun: Desk, page: str, path: str) -> None:
    begun.post("/review/comments", "relecteur", path="d2/module", text="Ailleurs.")
    shown = begun.get(page)
    assert "Aucun commentaire n’attend." in shown
    assert f'name="path" value="{path}"' in shown
    (back,) = re.findall(r'name="next" value="([^"]+#comments)"', shown)
    assert f"/author/{KEY}{page}#comments" == back
    assert "Trop long." in begun.post("/review/comments", path=path, text="Trop long.", next=back)
    assert begun.landed == back
    assert "Ailleurs." not in begun.get(page)
    refused = begun.post("/review/comments", path=path, text=" ", next=back, status=400)
    assert f'value="{back}"' in refused, "what is mended leads back too"
    assert "2 commentaires en attente" in plain(begun.get("/"))


def test_learners_are_moved_when_it_is_asked(approved: Desk) -> None:
    approved.read(lambda session: learner(session, 1).id)
    page = plain(approved.get("/review", "relecteur"))
    assert "Apprenants de ce parcours : 1, dont 1 ne l’ont pas achevé." in page
    assert "un apprenant changerait" in page
    assert "Ils ne perdraient rien de leur progression." in page
    assert "Martin" not in page
    approved.post("/review/publish", "relecteur", note="Neuf.", learners="everybody", status=400)
    page = approved.post("/review/publish", "relecteur", note="Neuf.", learners="move")
    assert "Un apprenant continue avec elle." in page
    numbers = approved.read(lambda session: following.following(session, KEY))
    digests = approved.read(
        lambda session: session.scalars(select(TrackRevision.digest).order_by(TrackRevision.id)).all()
    )
    assert numbers == {digests[-1]: following.Following(1, 1)}


def test_a_revision_published_meanwhile_is_not_covered(approved: Desk) -> None:
    track = replace(fixed_tracks()[KEY], version="2050.1")
    approved.publish(folder_of(track))
    page = plain(approved.get("/review", "relecteur"))
    assert "La version 2050.1 est parue depuis le début de ce brouillon." in page
    refused = approved.post("/review/publish", "relecteur", note="Neuf.", learners="stay", status=409)
    assert "intégrez-la d’abord" in refused
    assert "Neuf." in refused
    approved.post("/review/again", status=400)
    assert "Un nouveau brouillon part de la version en ligne." in approved.post("/review/again", sure="y")
    assert approved.state() == "draft"
    base = approved.read(lambda session: open_draft(session).base_digest)
    assert base == folder_of(track).digest
    assert "Quelqu’un a agi juste avant vous" in approved.post("/review/again", sure="y")


def test_what_was_published_meanwhile_is_taken_into_the_draft(begun: Desk) -> None:
    begun.get("/newer", status=303)
    assert "Il n’y a rien à reprendre." in plain(begun.get("/review"))
    begun.publish(folder_of(rewritten(fixed_tracks()[KEY], "2099.1", at0=theirs(), at1=theirs(1))))
    assert "Voir ce qui est paru et le reprendre" in begun.get("/review")
    page = begun.get("/newer")
    assert page.count("De leur part.") == 2, "one comes by itself, one is asked about"
    assert shows_added(page)
    assert 'name="digest"' not in begun.get("/newer", "relecteur")
    begun.post("/newer", digest="0" * 64)
    (digest,) = re.findall(r'name="digest" value="(\w+)"', page)
    (edition,) = re.findall(r'name="edition-1" value="(\d+)"', page)
    asked = begun.post("/newer", digest=digest, status=409)
    assert "Un élément a changé des deux côtés" in plain(asked)
    chosen = {"digest": digest, "path-1": TEXT, "edition-1": edition, "side-1": "mine"}
    assert "Ce qui est paru est repris dans le brouillon." in begun.post("/newer", **chosen)
    texts = [text.decode() for name, text in sorted(begun.folder().files.items()) if name.endswith(".fr.md")]
    assert [sum(said in text for text in texts) for said in ("De leur part.", "Une phrase nouvelle.")] == [1, 1]
    assert b'version = "2099.2"' in begun.folder().files["track.toml"], "the name it had is taken"
    begun.post("/review/send")
    assert begun.state() == "review"
    begun.publish(folder_of(replace(fixed_tracks()[KEY], version="2099.8")))
    page = begun.get("/newer")
    assert "Ce brouillon est en relecture" in page
    assert 'name="digest"' not in page
    begun.post("/newer", digest=folder_of(replace(fixed_tracks()[KEY], version="2099.8")).digest, status=409)


def test_a_name_that_is_taken_is_said_before_anyone_reads(begun: Desk) -> None:
    taken = fixed_tracks()[KEY].version
    begun.write("track", version(taken))
    page = begun.post("/review/send", status=409)
    assert f"La version {taken} est déjà publiée" in page
    assert f'href="/author/{KEY}/track"' in page


def test_history_shows_words_and_puts_back(begun: Desk) -> None:
    page = begun.get("/history")
    assert shows_added(page)
    assert "2099.1" in page
    assert "auteur" in page
    one = begun.get(f"/history?path={TEXT}")
    assert "2099.1" not in one
    (number,) = re.findall(r'name="change" value="(\d+)"', one)
    begun.post("/history/restore", change=number, only="1")
    name = f"d1/01-{LESSON}.fr.md"
    assert begun.folder().files[name] == Folder.read(TRACKS / KEY).files[name]
    begun.post("/history/restore", change="999999", status=400)
    assert "Rien n’est encore modifié" in begun.get("/history?path=nothing/module")
    begun.get("/history?page=99999999999999999999")


def test_versions_are_compared_part_by_part(approved: Desk) -> None:
    page = approved.get("/versions/compare")
    assert shows_added(page)
    assert "Un élément diffère." in page
    assert "Rien ne diffère." in approved.get("/versions/compare?kind=law")
    approved.get("/versions/compare?before=nothing", status=404)
    digest = fixed_tracks()[KEY].digest
    assert "Rien ne diffère." in approved.get(f"/versions/compare?before={digest}&after={digest}")
    archive = approved.browsers["auteur"].get(f"/author/{KEY}/versions/{digest}.zip")
    assert Folder.unpacked(archive.data) == Folder.read(TRACKS / KEY)
    approved.get(f"/versions/{'0' * 64}.zip", status=404)


def test_a_withdrawn_track_takes_nobody_new(desk: Desk, platform: PlatformInTest) -> None:
    going = platform.launched()
    assert going.get(f"/learn/{KEY}").status_code == 200
    desk.post("/versions/retire", status=403)
    assert "Personne ne commence plus ce parcours." in plain(desk.post("/versions/retire", "relecteur"))
    assert going.get(f"/learn/{KEY}").status_code == 200
    assert going.get("/learn/").text.count("Décideurs publics") >= 1
    refused = platform.launch(desk.app.test_client(), **person("someone-new"))
    assert refused.status_code == 403
    assert "Ce parcours n’accueille plus de nouveaux apprenants." in plain(refused.text)
    desk.post("/versions/reopen", "relecteur")
    platform.launched(**person("someone-new"))


def test_a_draft_goes_and_comes_back_as_an_archive(begun: Desk) -> None:
    content = begun.browsers["auteur"].get(f"/author/{KEY}/package/draft.zip").data
    files = dict(Folder.unpacked(content).files)
    state = _state(begun.get("/package"))
    files["d1/module.toml"] = files["d1/module.toml"].replace(b"duration_minutes = ", b"duration_minutes = 1")
    page = begun.post("/package", file=(io.BytesIO(Folder(KEY, files).packed()), "d.zip"), state=state)
    assert "Un élément du brouillon est modifié" in page
    assert "durée" in page.lower()
    # Sent again from a page that was open before: nothing is covered.
    refused = begun.post("/package", file=(io.BytesIO(content), "d.zip"), state=state, status=400)
    assert "Quelqu’un a écrit dans le brouillon" in refused
    page = begun.post("/package", file=(io.BytesIO(content), "d.zip"), state=_state(begun.get("/package")))
    assert begun.folder() == Folder.unpacked(content)


def _state(page: str) -> str:
    return re.findall(r'name="state" value="([^"]*)"', page)[0]


def test_an_archive_that_is_no_track_changes_nothing(begun: Desk) -> None:
    before = begun.folder()
    for content, words in (
        (b"not an archive", "Ce n’est pas une archive ZIP"),
        (zipped({"track.toml": b"key ="}), "track.toml:1"),
        (zipped({"track.toml": TRACK_FILE, "d1/module": b"x"}), "n’est pas le nom d’un fichier de parcours"),
    ):
        state = _state(begun.get("/package"))
        page = begun.post("/package", file=(io.BytesIO(content), "d.zip"), state=state, status=400)
        assert words in plain(page)
    begun.post("/package", status=400)
    assert begun.folder() == before
    too_large = begun.browsers["auteur"].post(
        f"/author/{KEY}/package", input_stream=io.BytesIO(b""), environ_overrides={"CONTENT_LENGTH": "20200000"},
        content_type="multipart/form-data; boundary=x",
    )  # fmt: skip
    assert too_large.status_code == 413


def test_an_unfinished_folder_is_taken_and_shown(begun: Desk) -> None:
    content = zipped(
        {
            "x/track.toml": TRACK_FILE,
            "x/d1/module.toml": b'key = "d1"\nstatus = "published"\n[[objectives]]\nkey = "o"\n',
            "x/d1/01-a.fr.md": b'+++\ntitle = "Seule"\n+++\n',
            "x/d1/questions.toml": b'[[questions]]\nkey = "q1"\n[[questions.options]]\n',
        }
    )
    begun.post("/package", file=(io.BytesIO(content), "d.zip"), state=_state(begun.get("/package")))
    assert "À régler avant la relecture" in begun.get("/review")
    for path in ("/preview", "/preview/d1", "/preview/d1/lessons/a", "/preview/d1/lessons/a?lang=en"):
        begun.get(path)
    assert "Aperçu du brouillon" in begun.get("/preview/d1/assessment")


@pytest.mark.parametrize("path", ["", "/d1", f"/d1/lessons/{LESSON}", "/d1/assessment"])
def test_the_draft_is_read_as_a_learner_does(begun: Desk, path: str) -> None:
    page = begun.get(f"/preview{path}")
    assert "Aperçu du brouillon" in page
    if "lessons" in path:
        assert "Une phrase nouvelle." in page
    digest = fixed_tracks()[KEY].digest
    old = begun.get(f"/preview{path}?revision={digest}")
    assert "Aperçu de la version" in old
    assert "Une phrase nouvelle." not in old
    assert f"revision={digest}" in old
    begun.get(f"/preview{path}?revision={'0' * 64}", status=404)


def test_a_drawn_assessment_is_the_same_for_the_same_seed(begun: Desk) -> None:
    first, again = (re.findall(r"d1-q\d+ ·", begun.get("/preview/d1/assessment?seed=a")) for _time in "ab")
    assert first == again
    assert len(first) == fixed_tracks()[KEY].modules[0].quiz.questions  # type: ignore[union-attr]
    begun.get("/preview/d9", status=404)
    begun.get("/preview/d3", status=404)  # announced
    begun.get("/preview/d1/lessons/none", status=404)


def test_images_of_a_draft_are_seen_by_its_authors_alone(begun: Desk, platform: PlatformInTest) -> None:
    name = f"d1/01-{LESSON}.fr.md"
    files = dict(begun.folder().files)
    files["d1/files/plan.png"] = PNG
    files[name] += b"\n![Un plan](files/plan.png)\n"
    begun.post("/package", file=(io.BytesIO(zipped(files)), "d.zip"), state=_state(begun.get("/package")))
    (address,) = re.findall(r'src="([^"]+plan\.png)"', begun.get(f"/preview/d1/lessons/{LESSON}"))
    image = begun.browsers["relecteur"].get(address)
    assert (image.data, image.mimetype) == (PNG, "image/png")
    assert begun.browsers["relecteur"].get(address.replace("plan.png", "other.png")).status_code == 404
    assert platform.launched().get(address).status_code == 404
    assert platform.launched().get(address.replace("/author/", "/learn/").replace("/preview", "")).status_code == 404
