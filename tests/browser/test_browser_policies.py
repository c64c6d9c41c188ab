"""The policies that pages carry, as Chromium holds them: nothing from elsewhere, no markup but from our one door."""

from browser_origins import asked_elsewhere
from browser_stage import Stage
from playwright.sync_api import Browser, Page

#: Assigns markup, or makes a policy, and gives the kind of refusal.
TRIED = "(act) => { try { act(); return 'done'; } catch (refusal) { return refusal.name; } }"
ACTS = {
    "markup": "() => { document.body.innerHTML = '<b>x</b>'; }",
    "markup beside": "() => { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); }",
    "a document": "() => { new DOMParser().parseFromString('<b>x</b>', 'text/html'); }",
    "a script": "() => { document.createElement('script').src = '/static/app.js'; }",
    "a policy": "() => { trustedTypes.createPolicy('another', { createHTML: (html) => html }); }",
    "our policy again": "() => { trustedTypes.createPolicy('mpia', { createHTML: (html) => html }); }",
}
FETCH = "(address) => fetch(address, { mode: 'no-cors' }).then(() => 'there', () => 'refused')"


def opened(browser: Browser, stage: Stage, *, without_policy: bool = False) -> tuple[Page, list[str], list[str]]:
    """A page of the service, with what it asks of others and what it says on the console."""
    page = browser.new_context(base_url=stage.tool, bypass_csp=without_policy).new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda each: asked.append(each.url) if asked_elsewhere(each, stage.tool) else None)
    page.on("console", lambda message: said.append(message.text))
    page.goto("/verify")
    page.wait_for_load_state("load")
    assert (asked, said) == ([], [])
    return page, asked, said


def test_scripts_put_markup_through_one_door(browser: Browser, stage: Stage) -> None:
    page, _asked, said = opened(browser, stage)
    refused = {name: page.evaluate(f"() => ({TRIED})({act})") for name, act in ACTS.items()}
    assert refused == dict.fromkeys(ACTS, "TypeError")
    assert len(said) == len(ACTS)
    page.context.close()


def test_what_a_page_would_ask_elsewhere_is_refused_and_would_be_seen(browser: Browser, stage: Stage) -> None:
    """Other tests listen for what pages ask of others: without the policy, they would hear it."""
    page, asked, said = opened(browser, stage)
    assert page.evaluate(FETCH, f"{stage.lms}/") == "refused"
    assert asked == [] or said != []
    page.context.close()
    page, asked, said = opened(browser, stage, without_policy=True)
    assert page.evaluate(FETCH, f"{stage.lms}/") == "there"
    assert asked == [f"{stage.lms}/"]
    page.context.close()
