"""The threat model and the table of ASVS are whole, and what they name exists."""

import re
from collections import Counter

import pytest

from tests.claims.named import ROOT, missing, named, rows

THREATS = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
ASVS = (ROOT / "docs" / "asvs.md").read_text("utf-8")
DOORS = (
    "LTI launch", "LTI services", "Registration", "Learner pages", "Studio", "HR", "API", "Webhooks", "Verification",
    "Worker", "Keys", "Backup", "Database", "What the project is made of",
)  # fmt: skip
VERDICTS = {"met", "not applicable", "not met"}
#: The requirements of levels 1 and 2 of OWASP ASVS 5.0.0: section → numbers.
REQUIREMENTS = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2",
    "2.1": "1-3", "2.2": "1-3", "2.3": "1-4", "2.4": "1",
    "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2",
    "4.1": "1-3", "4.2": "1", "4.3": "1-2", "4.4": "1-4",
    "5.1": "1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3",
    "6.1": "1-3", "6.2": "1-12", "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3", "6.8": "1-4",
    "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2",
    "8.1": "1-2", "8.2": "1-3", "8.3": "1", "8.4": "1",
    "9.1": "1-3", "9.2": "1-4",
    "10.1": "1-2", "10.2": "1-2", "10.3": "1-4", "10.4": "1-11", "10.5": "1-5", "10.6": "1-2", "10.7": "1-3",
    "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1", "11.6": "1",
    "12.1": "1-3", "12.2": "1-2", "12.3": "1-4",
    "13.1": "1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5",
    "14.1": "1-2", "14.2": "1-4", "14.3": "1-3",
    "15.1": "1-3", "15.2": "1-3", "15.3": "1-7",
    "16.1": "1", "16.2": "1-5", "16.3": "1-4", "16.4": "1-3", "16.5": "1-3",
    "17.1": "1", "17.2": "1-4", "17.3": "1-2",
}  # fmt: skip


def required() -> list[str]:
    found = []
    for section, numbers in REQUIREMENTS.items():
        first, _dash, last = numbers.partition("-")
        found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


@pytest.mark.parametrize("text", [THREATS, ASVS], ids=["threat-model", "asvs"])
def test_every_test_named_exists(text: str) -> None:
    assert len(named(text)) > 50
    assert missing(text) == []


def test_what_does_not_exist_is_found() -> None:
    text = "`tests/claims/test_documents.py::test_nothing` and tests/claims/nowhere.py::test_it"
    assert missing(text) == ["tests/claims/nowhere.py::test_it", "tests/claims/test_documents.py::test_nothing"]


def test_every_door_has_its_threats() -> None:
    parts = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", THREATS, re.MULTILINE))
    assert tuple(parts) == DOORS
    for door, text in parts.items():
        lines = rows(text)
        assert len(lines) >= 3, door
        for letter, threat, measure, test, remains in lines:
            assert letter in set("STRIDE"), threat
            assert threat, letter
            assert measure, threat
            assert named(test), threat
            assert remains, threat


def test_every_letter_is_looked_at_somewhere() -> None:
    assert {cells[0] for cells in rows(THREATS)} == set("STRIDE")


def test_every_requirement_has_its_line_and_its_verdict() -> None:
    lines = rows(ASVS)
    assert [cells[0] for cells in lines] == required()
    for number, words, verdict, why in lines:
        assert words, number
        assert verdict in VERDICTS, number
        assert why, number


def test_what_is_met_names_a_test_or_a_fact_and_the_counts_are_those_of_the_lines() -> None:
    count = Counter(cells[2] for cells in rows(ASVS))
    said = ", ".join(f"{count[verdict]} {verdict}" for verdict in ("met", "not applicable", "not met"))
    assert f"{len(required())} requirements: {said}." in ASVS
    with_test = [cells for cells in rows(ASVS) if cells[2] == "met" and named(cells[3])]
    assert len(with_test) > 0.9 * count["met"]


def test_files_that_are_named_exist() -> None:
    for text in (THREATS, ASVS):
        for path in re.findall(r"`((?:lms|curricula|certificates|tests)/[\w/]+\.py)`", text):
            assert (ROOT / path).is_file(), path
        for path in re.findall(r"\]\(([\w-]+\.md)\)", text):
            assert (ROOT / "docs" / path).is_file(), path
