"""The README's picture: a learner's track, half-way. ``python -m tests.browser.take_screenshot docs/screenshot.png``"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from curricula.registry import SHIPPED
from lms.demo_check import Checker
from lms.devlms import HeadlessBrowser
from tests.browser.browser_stage import LEARNER, TRACK, Stage

SIZE: ViewportSize = {"width": 1280, "height": 1120}


def main(path: str) -> None:
    """Take it."""
    os.environ["LMS_TRACKS_DIR"] = str(SHIPPED)
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage, sync_playwright() as playwright:
        with HeadlessBrowser(stage.lms) as headless:
            headless.launch(LEARNER, TRACK)
            Checker(stage.demo, print, 30).follow(headless, stage.track.modules[0])
        stage.read(LEARNER, "d2", 2)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(base_url=stage.tool, locale="fr-FR", viewport=SIZE)
        context.add_cookies([stage.cookie(LEARNER)])
        page = context.new_page()
        page.goto(f"/learn/{TRACK}")
        page.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
