"""The pictures of the guides. ``python -m tests.browser.take_pictures docs/pictures``"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, ViewportSize, sync_playwright

from lms.devlms import CourseLink, DevLmsSettings, create_devlms, serve
from tests.browser.browser_stage import STEWARD, TRAINER, Stage
from tests.running_in_test import free_port

SIZE: ViewportSize = {"width": 1180, "height": 860}
ADMINISTRATOR = "15"


class Pictures:
    """Takes them one after the other, as one administrator would see them."""

    def __init__(self, stage: Stage, lms: str, open_context: Callable[[], BrowserContext], folder: Path) -> None:
        self.stage, self.lms, self.folder = stage, lms, folder
        self.ours, self.theirs = open_context(), open_context()
        self.ours.add_cookies([stage.cookie(STEWARD)])

    def take(self) -> None:
        """Connecting a platform, then choosing content, then the cohort."""
        ours, theirs = self.ours.new_page(), self.theirs.new_page()
        ours.goto("/admin/connect")
        ours.get_by_role("button", name=self.stage.say("Make the address")).click()
        self.keep(ours, "connect-address")
        theirs.goto(f"{self.lms}/tools?as={ADMINISTRATOR}")
        theirs.locator("input[name=url]").fill(ours.locator("#invitation").inner_text())
        theirs.get_by_role("button", name="Connecter un outil").click()
        frame = theirs.frame_locator("#tool")
        agree = frame.get_by_role("button", name=self.stage.say("Agree and connect"))
        agree.wait_for()
        self.keep(theirs, "connect-consent")
        agree.click()
        theirs.wait_for_url(f"{self.lms}/tools")
        ours.goto("/admin/")
        ours.get_by_role("link", name="127.0.0.1").last.click()
        ours.locator("#fix").wait_for(timeout=30_000)
        self.keep(ours, "connection-to-put-right")
        trainer = self.theirs.new_page()
        trainer.goto(f"{self.stage.lms}/course?as={TRAINER}")
        trainer.get_by_role("button", name="Ajouter une activité").first.click()
        trainer.frame_locator("#tool").locator("#q").wait_for()
        self.keep(trainer, "choose-content")

    def keep(self, page: Page, name: str) -> None:
        """One picture."""
        page.wait_for_timeout(400)
        page.screenshot(path=self.folder / f"{name}.png")


def main(folder: str) -> None:
    """Take them all."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, Stage(Path(place) / "stage") as stage, sync_playwright() as playwright:
        port = free_port()
        settings = DevLmsSettings(
            issuer=f"http://127.0.0.1:{port}", tool_url=stage.tool, client_id="by-hand", deployment_id="1",
            data_dir=Path(place) / "lms", links=(CourseLink("none", "Autre outil"),),
        )  # fmt: skip
        server = serve(create_devlms(settings), "127.0.0.1", port)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])

        def context() -> BrowserContext:
            return browser.new_context(base_url=stage.tool, locale="fr-FR", viewport=SIZE)

        Pictures(stage, f"http://127.0.0.1:{port}", context, Path(folder)).take()
        browser.close()
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1])
