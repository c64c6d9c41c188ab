"""The addresses of a track: found wherever they stand, and judged by their form alone."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curricula.links import links, well_formed
from curricula.model import LessonText, Track
from curricula.quality import findings
from tests.tracks_in_test import fixed_tracks


def with_body(body: str) -> Track:
    track = fixed_tracks()["decideurs"]
    module = track.modules[0]
    lesson = replace(module.lessons[0], texts={"fr": LessonText("T", (), body)})
    return replace(track, legal=(), modules=(replace(module, sources=(), lessons=(lesson,)),))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[un](https://a.example/x) et <https://b.example>", ["https://a.example/x", "https://b.example"]),
        ('[un](<https://a.example/x> "titre")', ["https://a.example/x"]),
        ("[un][1]\n\n[1]: https://a.example/x", ["https://a.example/x"]),
        ("`[un](https://a.example)`\n\n```\n<https://b.example>\n```", []),
        ("[haut](#haut) [fichier](files/x.svg) [jeton](term:jeton) [e](mailto:a@example.org)", []),
        ("[un](www.example.org) [deux](javascript:alert)", ["www.example.org", "javascript:alert"]),
    ],
)
def test_addresses_are_found_in_markdown(body: str, expected: list[str]) -> None:
    assert [link.url for link in links(with_body(body))] == expected


@pytest.mark.parametrize(
    "url", ["https://legifrance.gouv.fr/a?b=c#d", "http://a.example:8080", "https://xn--bcher-kva.example/"]
)
def test_an_address_that_may_lead_somewhere(url: str) -> None:
    assert well_formed(url)


@pytest.mark.parametrize(
    "url",
    ["", "www.example.org", "//example.org", "https://", "https://a", "https://a b.example", "javascript:alert(1)",
     "https://user@a.example", "https://a.example:port", "https://[::1", "ftp://a.example", "https://a..example"],
)  # fmt: skip
def test_an_address_that_leads_nowhere(url: str) -> None:
    assert not well_formed(url)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(well_formed(text), bool)
    assert all(link.url for link in links(with_body(text)))


def test_what_leads_nowhere_is_advice_at_its_place() -> None:
    found = findings(with_body("[un](www.example.org)"), date(2026, 11, 26))
    assert [(each.path, each.weight) for each in found if "www.example.org" in str(each)] == [
        (("d1", "lesson", fixed_tracks()["decideurs"].modules[0].lessons[0].key, "fr"), "advice")
    ]


def test_fixed_tracks_lead_somewhere() -> None:
    for track in fixed_tracks().values():
        assert [link for link in links(track) if not well_formed(link.url)] == []
