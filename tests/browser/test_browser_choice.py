"""A trainer chooses content from the course of an LMS on another site, in its frame: as people do it, in every way."""

import pytest
from browser_axe import accessible
from browser_frame import Activity, NewPage
from browser_stage import TRAINER, Stage
from playwright.sync_api import Frame, FrameLocator, Page, expect

#: Milliseconds given to a launch.
PATIENCE = 30_000


class Picker:
    """The picker, opened in the LMS's frame from the page of the course."""

    def __init__(self, page: Page, stage: Stage) -> None:
        self.page, self.stage = page, stage
        page.goto(f"{stage.lms}/course?as={TRAINER}")
        page.get_by_role("button", name="Ajouter une activité").first.click()
        expect(self.frame.locator("#q")).to_be_visible(timeout=PATIENCE)  # a whole launch, on a busy machine

    @property
    def frame(self) -> FrameLocator:
        """What the frame shows."""
        return self.page.frame_locator("#tool")

    @property
    def inside(self) -> Frame:
        """The frame itself."""
        found = self.page.frame(name="tool")
        assert found is not None
        return found

    def tick(self, key: str) -> None:
        """Choose, or no longer."""
        self.frame.locator(f"input[name=pick][value='{key}']").click()

    def press(self, message: str) -> None:
        """A button, named by its message."""
        self.frame.get_by_role("button", name=self.stage.say(message)).first.click()

    def shown(self) -> list[str]:
        """The keys of what may be chosen and is in sight."""
        fields = self.frame.locator(".offer:visible input").all()
        return [field.get_attribute("value") or "" for field in fields]

    def accessible(self) -> None:
        """No rule is broken and nothing overflows, wide and at the width of a phone."""
        accessible(self.page, self.inside)


@pytest.fixture
def links(stage: Stage) -> list[str]:
    """The activities of the course before."""
    return [link.id for link in stage.campus.links("2")]


def added(stage: Stage, before: list[str]) -> list[tuple[str, str, str | None]]:
    """(id, track, module) of the activities added since."""
    return [
        (link.id, link.custom["track"], link.custom.get("module"))
        for link in stage.campus.links("2")
        if link.id not in before
    ]


def test_a_trainer_searches_previews_chooses_two_and_a_learner_opens_one(
    new_page: NewPage, stage: Stage, links: list[str]
) -> None:
    columns = len(stage.campus.store.line_items())
    picker = Picker(new_page(), stage)
    picker.accessible()
    # As one types, without accents, whatever the case; what is chosen stays in sight.
    picker.frame.locator("#q").fill("REGLEMENT")
    expect(picker.frame.locator("[data-some]")).to_have_text(stage.say("Found: {n}").replace("{n}", "1"))
    assert picker.shown() == ["decideurs/d2"]
    picker.tick("decideurs/d2")
    picker.frame.locator("#q").fill("l'ia pour decider")
    picker.frame.locator("#length").select_option("short")
    expect(picker.frame.locator(".offer:visible input")).to_have_count(2)
    assert picker.shown() == ["decideurs/d1", "decideurs/d2"]
    picker.frame.locator("#q").fill("zzz")
    expect(picker.frame.locator("[data-some]")).to_have_text(
        stage.say("Nothing matches. Try fewer words or another length.")
    )
    picker.frame.locator("#q").fill("")
    picker.frame.locator("#length").select_option("")
    picker.tick("decideurs")
    # A preview opens in the page, and the way back keeps the choice.
    picker.frame.locator(".offer").filter(has=picker.frame.locator("#pick-decideurs-d1")).get_by_role("button").click()
    expect(picker.frame.locator("h1")).to_have_text(stage.typeset(stage.module("d1").title["fr"]))
    picker.accessible()
    picker.frame.locator(".path a").first.click()
    expect(picker.frame.locator(".read")).to_be_visible()
    picker.frame.get_by_role("link", name=stage.say("Back to the choice")).click()
    expect(picker.frame.locator("input[name=pick]:checked")).to_have_count(2)
    picker.press("See what will be placed")
    expect(picker.frame.locator("tbody tr")).to_have_count(2)
    picker.accessible()
    picker.press("Place in the course")
    expect(picker.frame.get_by_role("heading", name="Contenu choisi")).to_be_visible()
    new = added(stage, links)
    assert [(track, module) for _id, track, module in new] == [("decideurs", None), ("decideurs", "d2")]
    assert len(stage.campus.store.line_items()) == columns + 2
    Activity(new_page(), stage, stage.learner(), new[1][0]).launch().heading(
        stage.typeset(stage.module("d2").title["fr"])
    )


def test_the_same_without_script(new_page: NewPage, stage: Stage, links: list[str]) -> None:
    page = new_page("frame-ancestors", java_script_enabled=False)
    page.goto(f"{stage.lms}/course?as={TRAINER}")
    page.get_by_role("button", name="Ajouter une activité").first.click()
    page.get_by_role("button", name="Ouvrir ici").click()
    frame = page.frame_locator("#tool")
    # What a script would do by itself has its button: going on to the LMS, then back from it with its answer.
    frame.get_by_role("link", name=stage.say("Continue")).click()
    frame.locator("form button").click()
    frame.locator("#q").fill("reglement")
    frame.locator("#q").press("Enter")
    expect(frame.locator(".offer:visible input")).to_have_count(1)
    frame.locator("#pick-decideurs-d2").check()
    frame.locator("#q").fill("comprendre")
    frame.get_by_role("button", name=stage.say("Show")).click()
    expect(frame.locator(".offer:visible input")).to_have_count(2)
    expect(frame.locator("#pick-decideurs-d2")).to_be_checked()
    frame.get_by_role("button", name=stage.say("See what will be placed")).click()
    frame.get_by_role("button", name=stage.say("Place in the course")).click()
    expect(frame.locator("h1")).to_have_text(stage.say("Back to your course"))
    frame.get_by_role("button", name=stage.say("Go back to the course")).click()
    expect(frame.get_by_role("heading", name="Contenu choisi")).to_be_visible()
    assert [(track, module) for _id, track, module in added(stage, links)] == [("decideurs", "d2")]


def test_by_keyboard_alone(new_page: NewPage, stage: Stage, links: list[str]) -> None:
    picker = Picker(new_page(), stage)
    keys = picker.page.keyboard

    def reach(selector: str, most: int = 60) -> None:
        """Tab until that is focused."""
        for _ in range(most):
            if picker.inside.evaluate(f"document.activeElement?.matches({selector!r}) ?? false"):
                return
            keys.press("Tab")
        raise AssertionError(f"{selector} is not reached")

    picker.frame.locator("#q").focus()
    keys.type("comprendre")
    reach("#pick-decideurs-d1")
    keys.press("Space")
    reach("button[formaction$='/place']")
    keys.press("Enter")
    expect(picker.frame.locator("tbody tr")).to_have_count(1)
    picker.frame.locator("main").focus()
    reach("main form:not([id]) .button:not(.quiet)")
    keys.press("Enter")
    expect(picker.frame.get_by_role("heading", name="Contenu choisi")).to_be_visible()
    assert [(track, module) for _id, track, module in added(stage, links)] == [("decideurs", "d1")]


def test_a_choice_is_given_up(new_page: NewPage, stage: Stage, links: list[str]) -> None:
    picker = Picker(new_page(), stage)
    picker.tick("decideurs")
    picker.press("Place nothing and go back to the course")
    expect(picker.frame.get_by_text(stage.say("Nothing was placed in the course."))).to_be_visible()
    assert added(stage, links) == []


def test_a_choice_already_sent_says_so(new_page: NewPage, stage: Stage) -> None:
    picker = Picker(new_page("410"), stage)
    address = picker.inside.url
    picker.press("Place nothing and go back to the course")
    expect(picker.frame.locator("h1")).to_have_text("Contenu choisi")
    picker.inside.goto(address)
    over = "This choice was already sent to the course, has expired, or was begun in another window."
    expect(picker.frame.locator("h1")).to_have_text(stage.say(over))
    picker.accessible()
