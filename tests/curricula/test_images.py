"""Images of a module: known by their content, harmless, where lessons name them, with words for who cannot see them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from assessments.registry import anatomies
from curricula.diff import compare
from curricula.files import LARGEST, media_of, too_many_pixels
from curricula.load import load_track
from curricula.quality import findings
from curricula.render import render
from curricula.svg import harm
from tests.curricula.samples import FILES, told
from tests.image_samples import GIF, HARMFUL, JPEG, PNG, SVG, WEBP, drawing

FRENCH, ENGLISH = "m1/01-first.fr.md", "m1/01-first.en.md"
SHOWN = {FRENCH: "\n![Un plan](files/plan.svg)\n", ENGLISH: "\n![A plan](files/plan.svg)\n"}


@pytest.fixture
def illustrated(folder: Path) -> Path:
    """The folder with an image that both texts of its lesson show."""
    (folder / "m1" / "files").mkdir()
    (folder / "m1" / "files" / "plan.svg").write_bytes(SVG)
    for name, line in SHOWN.items():
        (folder / name).write_text(FILES[name] + line, "utf-8")
    return folder


def test_an_image_is_read_with_its_media_and_its_digest(illustrated: Path) -> None:
    (image,) = load_track(illustrated, anatomies()).modules[0].files
    assert (image.name, image.media, image.content) == ("plan.svg", "image/svg+xml", SVG)
    assert len(image.digest) == 64
    assert "svg" not in repr(image).removeprefix("File(name='plan.svg', media='image/svg+xml')")


@pytest.mark.parametrize(
    ("content", "media"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif"), (WEBP, "image/webp"), (SVG, "image/svg+xml"),
     (b"<html>", None), (b"", None), (b"%PDF-1.7", None), (b"RIFF1234WAVE", None), (PNG[1:], None)],
)  # fmt: skip
def test_the_content_says_what_an_image_is(content: bytes, media: str | None) -> None:
    assert media_of(content) == media


def test_a_name_does_not_make_an_image(illustrated: Path) -> None:
    (illustrated / "m1" / "files" / "plan.svg").write_bytes(PNG)
    assert load_track(illustrated).modules[0].files[0].media == "image/png"
    (illustrated / "m1" / "files" / "plan.svg").write_bytes(b"#!/bin/sh\n")
    assert told(illustrated) == [
        "mini/m1/files/plan.svg: This is not an image that is taken. Fix: Save it as PNG, JPEG, WebP, GIF or SVG."
    ]


@pytest.mark.parametrize("name", ["un plan.png", "plan", "sous/plan.png", "-plan.png", "plàn.png", "a" * 90 + ".png"])
def test_a_name_that_addresses_could_not_hold_is_refused(illustrated: Path, name: str) -> None:
    path = illustrated / "m1" / "files" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(PNG)
    (problem,) = told(illustrated)
    assert problem.startswith(f"mini/m1/files/{name}: This is not the name of an image.")


def test_an_image_has_a_size(illustrated: Path) -> None:
    path = illustrated / "m1" / "files" / "plan.svg"
    path.write_bytes(PNG + bytes(LARGEST - len(PNG)))
    load_track(illustrated)
    path.write_bytes(PNG + bytes(LARGEST - len(PNG) + 1))
    assert told(illustrated) == ["mini/m1/files/plan.svg: This image is larger than 2 MB. Fix: Reduce it."]


def test_a_plain_drawing_is_harmless() -> None:
    assert harm(SVG) is None


@pytest.mark.parametrize("name", HARMFUL)
def test_a_drawing_that_is_more_than_a_drawing_is_refused(illustrated: Path, name: str) -> None:
    assert harm(HARMFUL[name]) is not None
    (illustrated / "m1" / "files" / "plan.svg").write_bytes(HARMFUL[name])
    (problem,) = told(illustrated)
    assert problem.startswith("mini/m1/files/plan.svg: This ")
    assert "%" not in problem


@given(st.text(max_size=40), st.sampled_from(["<{}/>", "<rect {}/>", "<style>{}</style>", "{}"]))
def test_whatever_a_drawing_holds_judging_it_never_fails(text: str, form: str) -> None:
    found = harm(drawing(form.format(text)))
    assert found is None or found


@given(st.binary(max_size=200))
def test_any_content_is_an_image_or_is_not(content: bytes) -> None:
    media_of(content)
    harm(content)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("![](files/plan.svg)", "This image has no alternative text."),
        ("![Un plan](files/absent.png)", "The file « files/absent.png » is missing."),
        ("![Un plan](files/../m2/plan.svg)", "is missing."),
        ("![Un plan](plan.svg)", "The image « plan.svg » is not one of the module."),
        ("![Un plan](https://example.org/a.png)", "The image « https://example.org/a.png » is not one of the module."),
        ("Avant\n![ ](files/plan.svg)", "This image has no alternative text."),
    ],
)
def test_an_image_that_cannot_be_shown_is_told_at_its_line(illustrated: Path, line: str, said: str) -> None:
    text = FILES[FRENCH] + f"\n{line}\n\n![Un plan](files/plan.svg)\n"
    (illustrated / FRENCH).write_text(text, "utf-8")
    (problem,) = told(illustrated)
    number = text[: text.index(line)].count("\n") + 1 + line.count("\n")
    assert problem.startswith(f"mini/{FRENCH}:{number}: ")
    assert said in problem


def test_an_image_no_lesson_shows_is_advice(illustrated: Path) -> None:
    (illustrated / "m1" / "files" / "other.png").write_bytes(PNG)
    found = [each for each in findings(load_track(illustrated), date(2026, 11, 20)) if "file" in each.path]
    assert [(each.path, each.weight) for each in found] == [(("m1", "file", "other.png"), "advice")]


@pytest.mark.parametrize(
    ("kind", "size", "refused"),
    [("PNG", (5000, 5000), False), *((kind, (5001, 5000), True) for kind in ("PNG", "JPEG", "GIF", "WEBP")),
     ("PNG", (10_000, 10_000), True), ("PNG", (20_000, 10_000), True)],
)  # fmt: skip
def test_an_image_that_would_fill_a_telephone_is_not_published(
    illustrated: Path, kind: str, size: tuple[int, int], refused: bool
) -> None:
    """However few bytes say it. Pillow warns of the largest, and refuses the last."""
    with (illustrated / "m1" / "files" / "plan.svg").open("wb") as written:
        Image.new("1" if kind == "PNG" else "L", size).save(written, kind, method=0, quality=1)
    found = [each for each in findings(load_track(illustrated), date(2026, 11, 20)) if "file" in each.path]
    assert [(each.weight, str(each)) for each in found] == [
        ("blocking", "m1 / file / plan.svg: This image has more than 25 million pixels. "
         "Reduce it: a lesson shows no more than 2,000 in width.")
    ] * refused  # fmt: skip


@given(st.sampled_from([PNG, JPEG, GIF, WEBP]), st.binary(max_size=200))
def test_whatever_follows_its_first_bytes_an_image_is_measured_or_not(begins: bytes, rest: bytes) -> None:
    assert too_many_pixels(begins + rest) in (True, False)


def test_an_image_that_changed_is_said(illustrated: Path) -> None:
    track = load_track(illustrated)
    first = track.modules[0]
    other = replace(first, files=(replace(first.files[0], content=PNG, media="image/png"),))
    (change,) = compare(track, replace(track, modules=(other, *track.modules[1:])))
    assert (change.path, change.kind) == (("m1", "file", "plan.svg"), "image")
    assert "image/png" in (change.after or "")


def at(name: str) -> str | None:
    return f"/there/{name}" if name in ("a.svg", "b.png") else None


def test_an_image_is_shown_where_it_is() -> None:
    html = render('Un ![plan « A »](files/a.svg "Titre") ici.', "fr", address=at)
    assert html == '<p>Un <img src="/there/a.svg" alt="plan « A »"> ici.</p>\n'


def test_an_image_alone_with_a_title_is_a_figure_with_its_caption() -> None:
    html = render('![Un plan](files/a.svg "Le plan : <b>une</b> vue")', "fr", address=at)
    assert html == (
        '<figure class="drawing" tabindex="0"><img src="/there/a.svg" alt="Un plan">'
        "<figcaption>Le plan\u00a0: &lt;b&gt;une&lt;/b&gt; vue</figcaption></figure>\n"
    )
    assert render("![Un plan](files/a.svg)", "fr", address=at).startswith("<p><img")
    assert '<li>\n<figure class="drawing" tabindex="0">' in render('- ![Un](files/a.svg "B")', "fr", address=at)


@pytest.mark.parametrize(
    "markdown",
    ["![x](files/absent.png)", "![x](https://example.org/a.svg)", "![x](/there/a.svg)", "![x](//there/a.svg)",
     "![x](files/%2e%2e/a.svg)", "![x](FILES/a.svg)", '<img src="/there/a.svg" alt="x">'],
)  # fmt: skip
def test_no_other_image_is_shown(markdown: str) -> None:
    assert "<img" not in render(markdown, "fr", address=at)
    assert "x" in render(markdown, "fr", address=at)


def test_words_of_an_image_stay_words() -> None:
    html = render('![x" onerror="alert(1)](files/a.svg "<script>alert(1)</script>")', "fr", address=at)
    assert "<script" not in html
    assert html.count("<") == html.count("<img") + html.count("<figure") + html.count("</figure") + html.count(
        "<figcaption"
    ) + html.count("</figcaption")
    assert 'alt="x&quot; onerror=&quot;alert(1)"' in html
