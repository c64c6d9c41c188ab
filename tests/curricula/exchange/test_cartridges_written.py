"""A track is written as a thin cartridge, the same bytes each time, which our own reader reads back."""

import io
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curricula.exchange import safe
from curricula.exchange.cartridge_writing import write_cartridge
from curricula.exchange.formats.common_cartridge import read
from curricula.exchange.model import Link
from curricula.model import Track
from tests.tracks_in_test import fixed_tracks

BASE = "https://training.example"


@pytest.fixture(scope="module")
def track() -> Track:
    return fixed_tracks()["decideurs"]


def test_each_published_module_is_a_link(track: Track) -> None:
    taken = read(write_cartridge(track, "fr", BASE + "/").content, "fr")
    assert track.published_modules
    assert taken.links == tuple(
        Link(module.title["fr"], BASE + "/lti/launch", {"track": "decideurs", "module": module.key})
        for module in track.published_modules
    )
    assert not taken.pages


def test_announced_modules_are_named(track: Track) -> None:
    announced = [module.key for module in track.modules if not module.published]
    assert announced
    assert [note.item for note in write_cartridge(track, "en", BASE).notes] == announced


def test_the_same_track_gives_the_same_bytes(track: Track) -> None:
    content = write_cartridge(track, "fr", BASE).content
    assert content == write_cartridge(track, "fr", BASE).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["imsmanifest.xml", *(f"{m.key}/link.xml" for m in track.published_modules)]
        assert {each.date_time[0] for each in archive.infolist()} == {1980}


def test_the_manifest_is_that_of_a_thin_cartridge(track: Track) -> None:
    files = safe.archive(write_cartridge(track, "en", BASE).content)
    manifest = safe.xml(files["imsmanifest.xml"])
    assert manifest.findtext("metadata/schema") == "IMS Thin Common Cartridge"
    assert manifest.findtext("metadata/schemaversion") == "1.3.0"
    assert manifest.findtext("organizations/organization/item/item/title") == track.title["en"]
    identifiers = [each.get("identifier") for each in manifest.iter() if each.get("identifier")]
    assert len(identifiers) == len(set(identifiers))
    assert {each.get("type") for each in manifest.iter("resource")} == {"imsbasiclti_xmlv1p3"}
    for each in manifest.findall("resources/resource/file"):
        link = safe.xml(files[each.get("href", "")])
        assert [child.tag for child in link] == ["title", "description", "custom", "secure_launch_url", "vendor"]


def test_an_address_in_clear_is_not_said_to_be_secure(track: Track) -> None:
    files = safe.archive(write_cartridge(track, "en", "http://localhost:8000").content)
    link = safe.xml(files[f"{track.published_modules[0].key}/link.xml"])
    assert link.findtext("launch_url") == "http://localhost:8000/lti/launch"
    assert link.find("secure_launch_url") is None


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_title_can_be_written(title: str) -> None:
    track = fixed_tracks()["decideurs"]
    module = replace(track.published_modules[0], title={"fr": title}, summary={"fr": title})
    content = write_cartridge(replace(track, title={"fr": title}, modules=(module,)), "fr", BASE).content
    (link,) = read(content, "fr").links
    shown = "".join(sign if sign.isprintable() else " " for sign in title)
    assert link.title == " ".join(shown.split()) or link.title.startswith("R_")
