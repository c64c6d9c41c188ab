"""Link headers as platforms write them, and as nobody should."""

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lms.lti.links import next_link

ASKED = "https://lms.example.org/Members?rlid=3"
NEXT = "https://lms.example.org/Members?rlid=3&from=50"


def answer(*values: str | bytes) -> httpx.Response:
    raw = [(b"Link", value if isinstance(value, bytes) else value.encode("latin-1")) for value in values]
    return httpx.Response(200, headers=raw)


@pytest.mark.parametrize(
    "value",
    [
        f'<{NEXT}>; rel="next"',
        f"<{NEXT}>; rel=next",
        f"<{NEXT}>;rel='next'",
        f'<{NEXT}>; REL="NEXT"',
        f'<{NEXT}>; title="a, b"; rel="next"',
        f'<{NEXT}>; rel="last next"',
        f'<{ASKED}>; rel="first", <{NEXT}>; rel="next"',
        f'<{NEXT}>; rel="next", <{ASKED}>; rel="prev"',
        f"<{NEXT.replace('&', '&amp;')}>; rel=“next”".encode(),
        f"< {NEXT} > ; rel = next",
        '</Members?rlid=3&from=50>; rel="next"',
        '<?rlid=3&from=50>; rel="next"',
    ],
)
def test_the_next_page_is_found_in_its_own_case(value: str | bytes) -> None:
    assert next_link(answer(value), ASKED) == NEXT


def test_it_may_be_in_a_header_of_its_own() -> None:
    assert next_link(answer(f'<{ASKED}>; rel="first"', f'<{NEXT}>; rel="next"'), ASKED) == NEXT


@pytest.mark.parametrize("value", ["", "next", f'<{NEXT}>; rel="prev"', f"<{NEXT}>", '<>; rel="nextish"', "<<>>;;,"])
def test_there_is_none(value: str) -> None:
    assert next_link(answer(value), ASKED) is None


def test_there_is_no_header() -> None:
    assert next_link(httpx.Response(200), ASKED) is None


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=200))
@example('<http://[>; rel="next"')
def test_any_header_gives_an_address_or_none(value: str) -> None:
    found = next_link(answer(value), ASKED)
    assert found is None or urlsplit(found).scheme is not None
