"""A learner hands in the dossier of a project: what is missing is said, what it brought is computed as they type."""

from browser_frame import Activity, NewPage
from browser_stage import Stage
from playwright.sync_api import expect

from curricula.write import folder_of
from lms.models import db, utcnow
from lms.services.revisions import publish
from tests.works_in_test import PDF, whole_answer, works_track

#: What Chromium logs by itself of an answer that refuses a file.
REFUSED = "status of 400"


def test_a_project_is_filled_in_with_its_evidence_and_handed_in(stage: Stage, new_page: NewPage) -> None:
    with stage.served.app_context():
        publish(db.session(), folder_of(works_track("project")), "imported", now=utcnow())
        db.session.commit()
        db.session.remove()
    page = new_page(REFUSED)
    activity = Activity(page, stage, stage.arrived()).launch()
    frame = activity.frame
    inside = page.frame(name="tool")
    assert inside is not None
    for address in ("/learn/works", "/learn/works/w1/assessment"):
        inside.goto(stage.tool + address)
    activity.press("Start the assessment")

    # The criteria are there before one begins, and what is needed.
    frame.get_by_text(stage.say("How your work will be marked")).click()
    expect(frame.locator(".rubric .levels").first).to_be_visible()
    stands = frame.locator("[data-so-far]")
    expect(stands).to_contain_text(stage.say("Give the date of the baseline."))
    activity.accessible()

    # Filled in, each figure follows without a reload.
    said = whole_answer("project")
    goal = said.pop("a.goal")
    for name, value in said.items():
        frame.locator(f"[name='{name}']").fill(value)
    frame.locator("[name='a.goal']").select_option(goal)
    expect(stands).to_contain_text("22,8")
    expect(stands).to_contain_text(stage.say("Nothing is missing."))
    activity.expect_saved()

    # A file too large is told as soon as it is chosen, and not sent.
    chooser = frame.locator("[name='file.evidence']")
    chooser.set_input_files({"name": "film.pdf", "mimeType": "application/pdf", "buffer": bytes(10_000_001)})
    too_large = stage.say("This file is too large to be sent: choose one of %(size)s at most.")
    expect(frame.get_by_role("alert")).to_have_text(too_large % {"size": "10\u00a0Mo"})
    expect(chooser).to_have_attribute("aria-invalid", "true")
    sent: list[str] = []
    activity.page.on("request", lambda request: sent.append(request.url))
    activity.press("Add this file")
    expect(chooser).to_be_focused()
    activity.accessible()
    assert not [url for url in sent if url.endswith("/files")]
    expect(chooser).to_have_attribute("data-together", "40000000")
    chooser.evaluate("input => { input.dataset.together = 4000; }")
    parts = [{"name": f"{i}.pdf", "mimeType": "application/pdf", "buffer": bytes(2_001)} for i in range(2)]
    chooser.set_input_files(parts)  # type: ignore[arg-type]
    too_many = stage.say("These files are too large to be sent together, %(size)s at most: add them one by one.")
    expect(frame.get_by_role("alert")).to_have_text(too_many % {"size": "40\u00a0Mo"})
    chooser.evaluate("input => { input.dataset.together = 40_000_000; }")
    # A program renamed is refused with its reason, a file is added, nothing typed is lost.
    for content in (b"MZ" + bytes(50), PDF):
        chooser.set_input_files({"name": "registre.pdf", "mimeType": "application/pdf", "buffer": content})
        activity.press("Add this file")
        if content != PDF:
            expect(frame.get_by_role("alert")).to_contain_text("registre.pdf")
            activity.accessible()
    expect(frame.locator(".files a")).to_have_text("registre.pdf")
    expect(frame.locator("[name='a.cost-1']")).to_have_value(said["a.cost-1"])
    activity.accessible()

    activity.press("Review my answers")
    activity.press("Submit my answers")
    expect(activity.says("Being marked").first).to_be_visible()
    expect(frame.locator(".work")).to_contain_text("registre.pdf")
    expect(frame.locator(".work")).to_contain_text("22,8")
    activity.accessible()
