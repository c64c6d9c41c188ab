"""The activity as people meet it: the service in the LMS's frame, on another site."""

from collections.abc import Callable

from browser_axe import accessible
from browser_stage import TRACK, Stage
from playwright.sync_api import FrameLocator, Locator, Page, expect

#: Makes a page in a context of its own; what it may log is given.
NewPage = Callable[..., Page]


class Activity:
    """The activity of a person, opened in the frame of the LMS's page."""

    def __init__(self, page: Page, stage: Stage, who: str, link: str = TRACK) -> None:
        self.page, self.stage, self.who, self.link = page, stage, who, link

    @property
    def frame(self) -> FrameLocator:
        """What the frame shows."""
        return self.page.frame_locator("#tool")

    def launch(self) -> "Activity":
        """Open the activity, or open it again, as from the course."""
        self.page.goto(f"{self.stage.lms}/course/{self.link}?as={self.who}")
        # Not the page that a first visit meets on its way, which has the bar too.
        expect(self.frame.locator("body:not(:has([data-keep-proof])) .bar .brand")).to_be_visible()
        return self

    def loaded(self) -> None:
        """Wait until the page in the frame has all it needs, its script among it."""
        inside = self.page.frame(name="tool")
        assert inside is not None
        inside.wait_for_load_state("load")

    def says(self, message: str, **values: object) -> Locator:
        """A text of the page, named by its message."""
        return self.frame.get_by_text(self.stage.say(message, **values), exact=True)

    def follow(self, message: str, **values: object) -> None:
        """Follow a link, named by its message."""
        self.frame.get_by_role("link", name=self.stage.say(message, **values)).first.click()

    def press(self, message: str, **values: object) -> None:
        """Press a button, named by its message."""
        self.frame.get_by_role("button", name=self.stage.say(message, **values)).first.click()

    def heading(self, text: str) -> None:
        """Wait for the page of that title."""
        expect(self.frame.locator("h1")).to_have_text(text)

    def accessible(self) -> None:
        """The page in the frame breaks no rule and fits, at the frame's width of a wide window and of a phone."""
        inside = self.page.frame(name="tool")
        assert inside is not None
        accessible(self.page, inside)

    def resume(self) -> None:
        """The one filled button of the track page."""
        self.frame.locator(".panel a.button").click()

    def choose(self, *keys: str) -> None:
        """Tick options of the question shown, by their key."""
        for key in keys:
            self.frame.locator(f"input[name='a.choice'][value='{key}']").check()

    def chosen(self) -> list[str]:
        """The options ticked on the page."""
        ticked = self.frame.locator("input[name='a.choice']:checked").all()
        return [key for field in ticked if (key := field.get_attribute("value"))]

    @property
    def saved(self) -> Locator:
        """The line that says whether the answer is saved."""
        return self.frame.locator("[data-save-status]")

    def expect_saved(self, state: str = "saved") -> None:
        """Wait for that line to say so."""
        expect(self.saved).to_have_attribute("data-state", state)
