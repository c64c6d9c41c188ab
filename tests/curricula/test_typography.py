"""French spaces: right where they are shown, the same when set twice, absent from English."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curricula.typography import NARROW, WIDE, french, typeset

#: What is typed, and what is shown with « ~ » for U+00A0 and « _ » for U+202F.
EXAMPLES = [
    ("Vraiment ?", "Vraiment_?"),
    ("Oui ! Non ; peut-être", "Oui_! Non_; peut-être"),
    ("Un point : le voici", "Un point~: le voici"),
    ("Il finit par :", "Il finit par~:"),
    ("« Bonjour »", "«_Bonjour_»"),
    ("« Pourquoi ? »", "«_Pourquoi_?_»"),
    ("12 % des cas", "12_% des cas"),
    ("un % des cas", "un % des cas"),
    ("14 400 agents", "14_400 agents"),
    ("1 234 567 €", "1_234_567~€"),
    ("en 2026", "en 2026"),
    ("12 345 6789", "12_345 6789"),
    ("2 h", "2~h"),
    ("45 min", "45~min"),
    ("3 ans, 6 mois, 1 jour, 2 semaines", "3~ans, 6~mois, 1~jour, 2~semaines"),
    ("3 hommes", "3 hommes"),
    ("art. 4 et n° 12, p. 3", "art.~4 et n°~12, p.~3"),
    ("https://exemple.fr/a?b:c", "https://exemple.fr/a?b:c"),
    ("à 10:30", "à 10:30"),
    ("%(name)s : %(count)s ; %(share)s", "%(name)s~: %(count)s_; %(share)s"),
    ("", ""),
]


@pytest.mark.parametrize(("typed", "shown"), EXAMPLES)
def test_spaces_are_those_of_french_printing(typed: str, shown: str) -> None:
    assert french(typed) == shown.replace("~", WIDE).replace("_", NARROW)


@pytest.mark.parametrize(("typed", "shown"), EXAMPLES)
@pytest.mark.parametrize("space", [NARROW, WIDE])
def test_spaces_an_author_typed_no_break_end_the_same(typed: str, shown: str, space: str) -> None:
    right = shown.replace("~", WIDE).replace("_", NARROW)
    positions = {i for i, (a, b) in enumerate(zip(typed, right, strict=True)) if a != b}
    assert french("".join(space if i in positions else c for i, c in enumerate(typed))) == right


@given(st.text(alphabet=f" {NARROW}{WIDE}\n;:!?»«%€0123456789ahmin.artn°p", max_size=60))
@example("« : »")
@example("1 000 000 %  ;")
def test_set_twice_is_set_once(text: str) -> None:
    once = french(text)
    assert french(once) == once


@given(st.text(max_size=80))
def test_only_spaces_change(text: str) -> None:
    def bare(value: str) -> str:
        return value.replace(NARROW, " ").replace(WIDE, " ")

    assert bare(french(text)) == bare(text)


@given(st.text(max_size=40))
def test_english_does_not_change(text: str) -> None:
    assert typeset(text, "en") == text


def test_french_is_asked_by_its_code() -> None:
    assert typeset("Oui !", "fr") == f"Oui{NARROW}!"
