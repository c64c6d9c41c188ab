"""Licences: what packages say is understood, and what is not allowed is refused."""

from email.message import Message
from importlib.metadata import distributions

import pytest

from tests.supply.licences import licence, refused
from tests.supply.settings import tool

OSI = "License :: OSI Approved :: "
MPL = "Mozilla Public License 2.0 (MPL 2.0)"
NAMES = {"MIT License": "MIT", MPL: "MPL-2.0", "The MIT": "MIT"}
EITHER = "EPL-2.0 OR GPL-2.0-or-later"


def said(*headers: tuple[str, str]) -> Message:
    message = Message()
    for name, value in (("Name", "Some-Package"), *headers):
        message[name] = value
    return message


@pytest.mark.parametrize(
    ("headers", "understood"),
    [
        ([("License-Expression", "MIT OR Apache-2.0"), ("License", "other")], "MIT OR Apache-2.0"),
        ([("Classifier", f"{OSI}MIT License")], "MIT"),
        ([("Classifier", f"{OSI}MIT License"), ("Classifier", f"{OSI}{MPL}")], "MIT AND MPL-2.0"),
        ([("Classifier", f"{OSI}MIT License"), ("Classifier", f"{OSI}Unheard Of")], ""),
        ([("License", EITHER), ("Classifier", "License :: OSI Approved")], EITHER),
        ([("License", "The MIT")], "MIT"),
        ([("License", "Copyright 2020 somebody, all rights reserved")], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_what_a_package_says_is_understood(headers: list[tuple[str, str]], understood: str) -> None:
    assert licence(said(*headers), {}, NAMES) == understood  # type: ignore[arg-type]


def test_what_we_read_in_the_package_comes_first() -> None:
    assert licence(said(("License", "GPL")), {"some-package": "MIT"}, NAMES) == "MIT"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "expression", ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR GPL-3.0-only) AND BSD", "PROPRIETARY"]
)
def test_what_is_not_allowed_is_refused(expression: str) -> None:
    assert refused({"some": expression, "other": "MIT"}, ["MIT", "BSD"]) == ["some"]


@pytest.mark.parametrize(
    "expression", ["MIT", "GPL-3.0-only OR MIT", "MIT AND BSD", "GPL-3.0-only OR MIT AND BSD", "(MIT OR BSD)"]
)
def test_one_way_that_is_allowed_is_enough(expression: str) -> None:
    assert refused({"some": expression}, ["MIT", "BSD"]) == []


def test_nothing_is_allowed_or_stated_that_serves_no_more() -> None:
    rules = tool("licences")
    installed = {each.metadata["Name"].lower() for each in distributions()}
    assert rules["stated"].keys() <= installed
    assert set(rules["names"].values()) <= set(rules["allowed"])
