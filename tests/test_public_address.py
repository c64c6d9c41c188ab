"""The public address has one form, that of the origins it is compared with."""

from pathlib import Path

import pytest

from lms.demo import Addresses
from tests.test_config import load, refusal


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://Formation.Example/Agents", "https://formation.example/Agents"),
        ("HTTPS://formation.example", "https://formation.example"),
        ("https://user:hidden@formation.example:8443", "https://formation.example:8443"),
        ("https://formation.example?", "https://formation.example"),
        ("https://formation.example#", "https://formation.example"),
        ("https://formation.example:443", "https://formation.example"),
        ("https://formation.example:", "https://formation.example"),
        ("https://préfecture.example", "https://xn--prfecture-c4a.example"),
        ("https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://formation .example", ""),
        ("https://formation..example", ""),
        ("https://formation.example/a b", ""),
    ],
)
def test_the_public_address_is_as_browsers_write_it(tmp_path: Path, given: str, written: str) -> None:
    (problem,) = refusal(tmp_path, LMS_BASE_URL=given)
    assert problem.startswith("LMS_BASE_URL must be a web address")
    assert problem.endswith(f"without final slash: {written or 'https://formation.example'}.")
    if written:
        assert load(tmp_path, LMS_BASE_URL=written).base_url == written


def test_the_demo_is_at_such_an_address_whatever_its_port(tmp_path: Path) -> None:
    for port in (80, 8000):
        assert load(tmp_path, LMS_BASE_URL=Addresses(port=port).tool).secure
