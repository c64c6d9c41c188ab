"""From an empty page to learners, and on: a track of two modules is written, brought, translated, reviewed, published,
followed; a second revision leaves the first learner on theirs; what is taken away and brought back is the same."""

from pathlib import Path

from browser_frame import NewPage
from browser_stage import Stage
from browser_studio import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lms.demo import CLIENT_ID
from lms.devlms import CourseLink, HeadlessBrowser
from lms.models import Enrolment, Person, db

KEY = "controle-interne"
AUTHOR, REVIEWER = "auteur@example.org", "relecteur@example.org"
GIFT = """::Écart:: Le total de la note ne suit pas le tableau. Que faites-vous ? {
=Vous refaites l’addition#Oui : le tableau fait foi, la phrase se vérifie.
~Vous gardez la phrase#Non : une phrase bien tournée n’est pas une preuve.
}

::Source:: La note cite un article introuvable. Que faites-vous ? {
=Vous l’ôtez ou vous trouvez le texte#Oui : un renvoi se lit avant de se citer.
~Vous le laissez avec un point d’interrogation#Non : le lecteur ne le verra pas comme vous.
}
"""
ENGLISH = "English: "


class Studio:
    """Somebody at work on the track."""

    def __init__(self, page: Page, stage: Stage, address: str) -> None:
        self.page, self.stage, self.here = page, stage, f"/author/{KEY}"
        sign_in(page, address, stage.demo.password)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.here}/{path}")

    def press(self, message: str) -> None:
        """A button of the page, and what it leads to."""
        button = self.page.get_by_role("button", name=self.stage.say(message), exact=True).first
        with self.page.expect_navigation():
            button.click()

    def write(self, body: str) -> None:
        """The text of the lesson that is open, saved."""
        self.page.locator("#lesson-body").fill(body)
        self.page.get_by_role("button", name=self.stage.say("Save"), exact=True).click()
        expect(self.page.get_by_text("Enregistré à")).to_be_visible()

    def fill(self, **texts: str) -> None:
        for field, text in texts.items():
            self.page.locator(f"#{field.replace('__', '-')}").fill(text)


def begin(studio: Studio) -> None:
    """The track, with what it says itself."""
    studio.page.goto("/author/new")
    studio.fill(title="Contrôle interne", key=KEY, code="C")
    studio.press("Begin the track")
    studio.go("track")
    studio.fill(promise__fr="Vous contrôlez une note produite par une IA.", audience__fr="Contrôleurs internes.")
    studio.press("Save the track")


def write_module(studio: Studio, code: str, title: str, gift: Path) -> None:
    """A module: what it says, a lesson, a bank brought from a file."""
    page, module = studio.page, code.lower()
    studio.go("modules/new")
    studio.fill(title=title)
    studio.press("Add the module")
    page.locator("summary", has_text="Source").first.click()
    studio.fill(summary__fr="Repérer, puis refaire.", duration_minutes="30", questions="2")
    studio.fill(objectives__0__text__fr=f"repérer un écart ({code})")
    studio.fill(sources__0__title__fr="Guide du contrôle", sources__0__checked_on="25/11/2026")
    page.locator("#sources-0-mark").select_option("V")
    page.locator("#assessed").check()
    page.locator("#status").select_option("published")
    studio.press("Save the module")
    studio.go(f"{module}/lessons/")
    studio.fill(new__title=f"Lire une note ({code})")
    studio.press("Add the lesson")
    studio.fill(lesson__able="repérer un écart\nrefaire une addition")
    studio.write("::: situation\nUne note arrive.\n:::\n\n## Lire\n\nRefaites **chaque** total.\n")
    page.goto(page.url.rpartition("/")[0] + "/settings")
    page.locator("[name=objectives]").first.check()
    page.locator("[name=sources]").first.check()
    studio.press("Save")
    studio.go(f"{module}/bank/import")
    page.locator("[name=file]").set_input_files(gift)
    studio.press("Read the file")
    page.locator("#objective").select_option(index=1)
    page.locator("#source").select_option(index=1)
    page.get_by_role("button", name="Ajouter ces 2 questions").click()
    expect(page.get_by_role("status").filter(has_text="2 questions sont ajoutées")).to_be_visible()


def translate(studio: Studio) -> int:
    """Every text that is missing, piece after piece; gives how many pieces."""
    page = studio.page
    for count in range(30):
        studio.go("translation?state=missing&module=*")
        if not page.locator("article h3 a").count():
            return count
        page.locator("article h3 a").first.click()
        for pair in page.locator("section.pair").all():
            text = pair.locator("textarea")
            if not text.input_value().strip():
                source = pair.locator(".sides-text").first.inner_text()
                text.fill(source if source.startswith(":::") else ENGLISH + source)
        studio.press("Save")
    raise AssertionError("translation never ends")


def publish(author: Studio, reviewer: Studio, note: str) -> None:
    """Sent by one, approved and published by the other."""
    author.go("review")
    expect(author.page.get_by_text("Rien ne bloque la publication")).to_be_visible()
    author.press("Send to review")
    reviewer.go("review")
    reviewer.press("Approve")
    reviewer.page.get_by_label("Ce qui change dans cette version").fill(note)
    reviewer.press("Publish")
    expect(reviewer.page.get_by_text("est publiée").first).to_be_visible()


def follow(stage: Stage, who: str, link: str) -> Enrolment:
    """Somebody enters by the LMS; gives what is kept of it."""
    with HeadlessBrowser(stage.lms) as browser:
        answer = browser.launch(who, link)
        assert answer.status_code == 200, answer.text
        assert "Contrôle interne" in answer.text
    with stage.app.app_context():
        row = db.session.scalars(
            select(Enrolment).join(Person).where(Person.subject == who, Enrolment.track_key == KEY)
        ).one()
        db.session.expunge(row)
        db.session.remove()
    return row


def test_a_track_from_an_empty_page_to_its_second_revision(new_page: NewPage, stage: Stage, tmp_path: Path) -> None:
    gift = tmp_path / "banque.gift"
    gift.write_text(GIFT, "utf-8")
    author, reviewer = Studio(new_page(), stage, AUTHOR), Studio(new_page(), stage, REVIEWER)
    begin(author)
    write_module(author, "C1", "Repérer un écart", gift)
    write_module(author, "C2", "Décider d’une suite", gift)
    assert translate(author) > 5
    publish(author, reviewer, "Première version.")

    campus = stage.campus
    placed = CourseLink(
        "", "Contrôle interne", {"track": KEY}, course_id=campus.settings.course_id, client_id=CLIENT_ID
    )
    (link,) = (each.id for each in campus.add_links([(placed, None)]))
    first = stage.learner()
    assert follow(stage, first, link).track_version == "1"

    author.page.goto(f"/author/{KEY}/")
    author.press("Write the next version")
    author.go("c1/lessons/")
    author.page.get_by_role("link", name="Français").first.click()
    author.write("::: situation\nUne note arrive.\n:::\n\n## Lire\n\nRefaites **deux fois** le total.\n")
    author.go("translation?state=review&module=*")
    expect(author.page.locator("article h3 a")).to_have_count(1)
    publish(author, reviewer, "Le total se refait deux fois.")
    assert follow(stage, first, link).track_version == "1"
    assert follow(stage, stage.learner(), link).track_version == "2"

    author.go("versions")
    with author.page.expect_download() as taken:
        author.page.get_by_role("link", name="Télécharger").first.click()
    archive = tmp_path / "track.zip"
    taken.value.save_as(archive)
    author.page.goto(f"/author/{KEY}/")
    author.press("Write the next version")
    author.go("c2/delete")
    author.press("Delete the module")
    author.go("package")
    author.page.locator("[name=file]").set_input_files(archive)
    author.press("Bring it back")
    author.go("versions/compare")
    expect(author.page.get_by_text(stage.say("Nothing differs."))).to_be_visible()
