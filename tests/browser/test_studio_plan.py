"""An author begins a track from an empty page and gives it two modules, without a mouse."""

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import Stage
from playwright.sync_api import Page, expect

AUTHOR = "auteur@example.org"


class Keyboard:
    """A page of the studio used with the keys alone."""

    def __init__(self, page: Page, stage: Stage) -> None:
        self.page, self.stage = page, stage
        page.goto(f"{stage.tool}/account/login")
        self.write("#username", AUTHOR)
        self.write("#password", stage.demo.password)
        page.keyboard.press("Enter")
        page.wait_for_url("**/")

    def write(self, selector: str, text: str) -> None:
        """Go to a field with the keyboard and type over what it says."""
        field = self.page.locator(selector)
        field.focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def press(self, role: str, message: str, **values: object) -> None:
        """Reach a button or a link from where one is, Tab after Tab, and press it."""
        wanted = self.page.get_by_role(role, name=self.stage.say(message, **values)).first  # type: ignore[arg-type]
        expect(wanted).to_be_visible()
        for _each in range(150):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("one => one === document.activeElement"):
                self.page.keyboard.press("Enter")
                return
        raise AssertionError(f"{message} is not reached by the keyboard")


def test_from_an_empty_page_to_two_modules(new_page: NewPage, stage: Stage) -> None:
    page = new_page("400")
    keys = Keyboard(page, stage)
    page.goto("/author/new")
    keys.write("#title", "Contrôle interne")
    keys.write("#key", "controle-clavier")
    keys.write("#code", "C")
    page.keyboard.press("Enter")
    page.wait_for_url("**/author/controle-clavier/")

    keys.press("link", "Write the promise of the track")
    page.wait_for_url("**/track")
    accessible(page)
    keys.write("#promise-fr", "Vous contrôlez un usage de l’IA.")
    # The browser is closed before anything is saved: what was typed is back, until it is.
    address, context = page.url, page.context
    page.close()
    keys.page = page = context.new_page()
    page.goto(address)
    expect(page.locator("[data-brought]")).to_be_visible()
    expect(page.locator("#promise-fr")).to_have_value("Vous contrôlez un usage de l’IA.")
    keys.press("button", "Save the track")
    page.wait_for_url("**/author/controle-clavier/")
    expect(page.get_by_text("Vous contrôlez un usage")).to_be_visible()

    for code, title in (("C1", "Repérer un écart"), ("C2", "Décider d’une suite")):
        keys.press("link", "Add a module")
        page.wait_for_url("**/modules/new")
        keys.write("#title", title)
        keys.press("button", "Add the module")
        page.wait_for_url(f"**/{code.lower()}/module")
        keys.write("#objectives-0-text-fr", "repérer un écart de contrôle")
        if code == "C1":
            keys.write("#duration_minutes", "une heure")
            keys.press("button", "Save the module")
            expect(page.get_by_role("alert")).to_be_visible()
            accessible(page)
            expect(page.locator("#objectives-0-text-fr")).to_have_value("repérer un écart de contrôle")
            # Refused, and closed: what was typed before is back all the same.
            page.goto(page.url)
            expect(page.locator("#objectives-0-text-fr")).to_have_value("repérer un écart de contrôle")
        keys.write("#duration_minutes", "60")
        page.keyboard.press("Enter")
        page.wait_for_url("**/author/controle-clavier/#*")

    keys.press("link", "Competency framework")
    page.wait_for_url("**/framework")
    keys.write("#title-fr", "Contrôle d’un usage")
    keys.press("button", "Other competencies")
    keys.write("#competencies-0-title-fr", "Contrôler")
    keys.write("#competencies-0-levels-0-criterion-fr", "relève chaque écart")
    accessible(page)
    keys.press("button", "Save the framework")
    page.wait_for_url("**/author/controle-clavier/")
    keys.press("link", "Glossary")
    page.wait_for_url("**/glossary")
    keys.press("button", "Other terms")
    keys.write("#terms-0-term-fr", "écart")
    accessible(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/author/controle-clavier/")
    page.goto("/author/controle-clavier/c1/module")
    page.locator("#objectives-0-reaches").select_option("controler/1")
    accessible(page)
    keys.press("button", "Save the module")
    page.wait_for_url("**/author/controle-clavier/#*")

    accessible(page)
    expect(page.locator(".path > li")).to_have_count(2)
    keys.press("button", "Move down")
    expect(page.locator(".path > li h3").first).to_contain_text("Décider d’une suite")
