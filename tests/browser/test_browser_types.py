"""One question of each type answered by keyboard alone, on pages that are accessible wide and narrow."""

from collections.abc import Callable

from browser_axe import accessible
from browser_frame import NewPage
from browser_questions import TICKED, Answering, plain, right
from browser_stage import Stage
from playwright.sync_api import expect

from curricula.model import Question


def choose_in_lists(person: Answering, question: Question) -> None:
    """The list of each option, reached with Tab, on the place that is right."""
    wanted = right(question.key)
    person.form.locator("select").first.focus()
    for option in question.options:
        box = person.page.locator("select:focus")
        place = question.place(wanted[option.key][0])
        label = person.words(place.text) if place else person.stage.say("Nothing to report")
        steps = next(i for i, text in enumerate(box.locator("option").all_inner_texts()) if plain(text).endswith(label))
        for _step in range(steps):
            person.page.keyboard.press("ArrowDown")
        person.page.keyboard.press("Tab")


def choose_in_view(person: Answering, question: Question) -> None:
    """The category of each item, with the arrows."""
    wanted, places = right(question.key), [place.key for place in question.places]
    for option in question.options:
        person.form.get_by_role("group", name=person.words(option.text)).get_by_role("radio").first.focus()
        person.page.keyboard.press("Space")
        for _step in range(places.index(wanted[option.key][0])):
            person.page.keyboard.press("ArrowRight")


def labels(person: Answering) -> list[str]:
    """The things to put in order, as they are shown."""
    return [plain(text) for text in person.form.locator("li label").all_inner_texts()]


def order(person: Answering, question: Question) -> None:
    """Each thing moved up to its rank, which is said, the focus staying on its button."""
    keep = person.form.get_by_role("button", name=person.stage.say("Keep this order"))
    keep.press("Enter")
    for rank, option in enumerate(question.options, start=1):
        words = person.words(option.text)
        up = person.form.get_by_role("button", name=f"{person.stage.say('Move up')}, {words}")
        shown = labels(person)
        up.focus()
        for _step in range(shown.index(words) + 1 - rank):
            person.page.keyboard.press("Enter")
            expect(up).to_be_focused()
        if shown.index(words) + 1 > rank:
            said = person.stage.say("{item}: rank {rank} of {count}")
            said = (
                said.replace("{item}", words)
                .replace("{rank}", str(rank))
                .replace("{count}", str(len(question.options)))
            )
            expect(person.form.get_by_role("status")).to_have_text(said)
    assert labels(person) == [person.words(each.text) for each in question.options]
    expect(keep).to_be_hidden()


def place_on_matrix(person: Answering, question: Question) -> None:
    """Each thing in its cell, with the four arrows; the board follows."""
    wanted, columns = right(question.key), int(question.setting("columns") or 2)
    board = person.form.locator(".board")
    expect(board.locator(".waiting li")).to_have_count(len(question.options))
    for option in question.options:
        person.form.get_by_role("group", name=person.words(option.text)).get_by_role("radio").first.focus()
        person.page.keyboard.press("Space")
        row, column = divmod([place.key for place in question.places].index(wanted[option.key][0]), columns)
        for key in ["ArrowUp", "ArrowLeft", *["ArrowRight"] * column, *["ArrowDown"] * row]:  # the edges hold
            person.page.keyboard.press(key)
        cell = board.locator(f"[data-cell='{wanted[option.key][0]}'] li", has_text=person.words(option.text))
        expect(cell).to_have_count(1)
    expect(board.locator(".waiting")).to_be_hidden()


def tick_errors(person: Answering, question: Question) -> None:
    """The sentences where there is an error, reached with Tab in the order of the text."""
    wanted = right(question.key)["choice"]
    person.form.get_by_role("checkbox").first.focus()
    for option in question.options:
        if option.key in wanted:
            person.page.keyboard.press("Space")
        person.page.keyboard.press("Tab")


#: Question of the track of types → how it is rightly answered.
BY_KEYBOARD: dict[str, Callable[[Answering, Question], None]] = {
    "matching": choose_in_lists, "ordering": order, "classify": choose_in_view, "matrix": place_on_matrix,
    "errors": choose_in_lists, TICKED: tick_errors,
}  # fmt: skip


def test_each_type_is_answered_by_keyboard_and_accessible(stage: Stage, new_page: NewPage) -> None:
    person = Answering(stage, new_page())
    for key, answer in BY_KEYBOARD.items():
        question = person.open(key)
        answer(person, question)
        accessible(person.page)
        person.leave()
        assert person.kept(key) == right(key), key
        # It is shown as it was given, the order first.
        person.open(key)
        assert person.form.locator(":checked:not([value=''])").count() == sum(map(len, right(key).values()))
    marks = person.submit()
    assert {key: marks[key] for key in BY_KEYBOARD} == dict.fromkeys(BY_KEYBOARD, 1)
    accessible(person.page)


def test_an_order_is_kept_at_each_move(stage: Stage, new_page: NewPage) -> None:
    person = Answering(stage, new_page())
    question = person.open("ordering")
    first = person.form.locator("li").first
    words = plain(first.locator("label").inner_text())
    first.get_by_role("button", name=person.stage.say("Move down")).press("Space")
    expect(person.page.locator("[data-save-status]")).to_have_attribute("data-state", "saved")
    moved = next(each.key for each in question.options if person.words(each.text) == words)
    assert person.kept("ordering")[moved] == ["2"]
    assert sorted(person.kept("ordering").values()) == [["1"], ["2"], ["3"], ["4"]]
