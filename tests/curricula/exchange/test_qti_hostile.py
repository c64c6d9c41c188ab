"""QTI files made to harm, or broken: ``NotReadable`` or notes, and nothing else."""

import contextlib
import io
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.exchange import safe
from curricula.exchange.formats.qti import read
from curricula.exchange.model import NotReadable, Taken
from tests.curricula.exchange.qti_samples import (
    MAP_RESPONSE,
    MODAL_3,
    OURS,
    SINGLE_3,
    canvas,
    canvas_choices,
    canvas_feedback,
    canvas_item,
    canvas_rule,
    manifest,
    multiple_2,
    package,
    resource,
)

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
DOCUMENTS = [
    SINGLE_3,
    MODAL_3,
    multiple_2(OURS, MAP_RESPONSE),
    canvas(
        canvas_item(
            "multiple_choice_question",
            canvas_choices("Single"),
            canvas_rule("4051", "100", "correct_fb"),
            canvas_feedback("correct_fb", "Good."),
        )
    ),
]


def refused(content: bytes) -> NotReadable:
    with pytest.raises(NotReadable) as caught:
        read(content, "fr")
    return caught.value


@pytest.mark.parametrize("declared", [LAUGHS, OUTSIDE, "<!DOCTYPE x>", '<!DOCTYPE x SYSTEM "http://x.org/x.dtd">'])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_entities_and_document_types_are_refused(declared: str, document: str) -> None:
    start = document.index("?>") + 2 if document.startswith("<?xml") else 0
    assert "document type" in str(refused((document[:start] + declared + document[start:]).encode()))


def test_a_faulty_document_refuses_the_whole_package_and_is_named() -> None:
    files = {"imsmanifest.xml": manifest(resource("a.xml") + resource("b.xml")), "a.xml": SINGLE_3}
    broken = MODAL_3.replace("</qti-item-body>", "")
    error = refused(package({**files, "b.xml": broken}))
    assert (error.note.item, error.note.line > 1, "b.xml" in str(error)) == ("b.xml", True, True)
    assert "document type" in str(refused(package({**files, "b.xml": LAUGHS + MODAL_3})))
    assert refused(package({"imsmanifest.xml": "<manifest>"})).note.item == "imsmanifest.xml"


@pytest.mark.parametrize("name", ["../a.xml", "/a.xml", "x/../../a.xml", "..\\a.xml", "C:a.xml"])
def test_an_archive_that_leads_out_of_itself_is_refused(name: str) -> None:
    assert "leads out of it" in str(refused(package({"imsmanifest.xml": manifest(""), name: SINGLE_3})))


@pytest.mark.parametrize(
    "href", ["../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "%2e%2e/a.xml", "https://x.org/a.xml"]
)
def test_a_manifest_that_names_what_is_elsewhere_opens_nothing(href: str) -> None:
    taken = read(package({"imsmanifest.xml": manifest(resource("b.xml") + resource(href)), "b.xml": SINGLE_3}), "fr")
    assert len(taken.questions) == 1
    assert ["not in the package" in str(note) for note in taken.notes] == [True]


def test_a_manifest_that_names_nothing_present_is_refused() -> None:
    assert "no QTI item" in str(refused(package({"imsmanifest.xml": manifest(resource("a.xml"))})))
    assert "no QTI item" in str(refused(package({"imsmanifest.xml": manifest(""), "a.xml": SINGLE_3})))


def test_one_file_named_by_two_resources_is_read_once() -> None:
    named = manifest(resource("a.xml") + resource("./x/../a.xml"))
    assert len(read(package({"imsmanifest.xml": named, "a.xml": SINGLE_3}), "fr").questions) == 1


def test_a_bomb_is_refused() -> None:
    bomb = package({"imsmanifest.xml": manifest(resource("a.xml")), "a.xml": b" " * 20_000_000})
    assert "far more than it should" in str(refused(bomb))
    deep = "<qti-assessment-item>" + "<p>" * (safe.DEPTH + 1) + "</p>" * (safe.DEPTH + 1) + "</qti-assessment-item>"
    assert "too deep" in str(refused(deep.encode()))


def test_an_item_as_deep_as_allowed_is_read() -> None:
    room = safe.DEPTH - 3
    deep = MODAL_3.replace("<qti-item-body>", "<qti-item-body>" + "<div>" * room + "Très loin" + "</div>" * room)
    assert "Très loin" in read(deep.encode(), "fr").questions[0].stem["fr"]


def test_many_options_and_many_items_are_answered_in_time() -> None:
    choice = '<qti-simple-choice identifier="c{0}">x</qti-simple-choice>'
    many = MODAL_3.replace(
        "</qti-choice-interaction>", "".join(map(choice.format, range(20_000))) + "</qti-choice-interaction>"
    )
    assert "2 to 8 options" in str(read(many.encode(), "fr").notes[-1])
    rules = "".join(canvas_rule("4051", shows=f"f{number}") for number in range(2_000))
    document = canvas(canvas_item("x", canvas_choices("Single"), canvas_rule("4051", "1") + rules))
    assert len(read(document.encode(), "fr").questions) == 1


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_namespace_and_other_namespaces_are_read_the_same(document: str) -> None:
    bare = "".join(part for part in document.replace("imsqti:", "").replace("xsi:", "").splitlines(keepends=True))
    for uri in ("imsqtiasi_v3p0", "imsqti_v2p1", "ims_qtiasiv1p2"):
        bare = bare.replace(f'xmlns="http://www.imsglobal.org/xsd/{uri}"', "")
    assert "xmlns=" not in bare
    assert read(bare.encode(), "fr").questions == read(document.encode(), "fr").questions


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_an_encoding_that_is_said_is_read(encoding: str) -> None:
    declared = MODAL_3 if encoding.startswith("utf") else f'<?xml version="1.0" encoding="iso-8859-1"?>\n{MODAL_3}'
    content = declared.replace("’", "'").encode(encoding)
    assert read(content, "en").questions[0].stem == {"fr": "Un résumé classe-t-il les personnes ?"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"PK\x03\x04" + bytes(40),
        b"not xml",
        MODAL_3.encode("latin-1", "replace"),
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b'<?xml version="1.0" encoding="nothing"?><a/>',
        b"<a>\x00</a>",
        b"<html/>",
        b"<qti-assessment-stimulus/>",
    ],
)
def test_what_is_no_qti_is_refused(content: bytes) -> None:
    refused(content)


@pytest.mark.parametrize("root", ["qti-assessment-item", "assessmentItem", "questestinterop", "assessmentTest"])
def test_an_empty_document_gives_no_question(root: str) -> None:
    assert read(f"<{root}/>".encode(), "fr").questions == ()


def test_scripts_and_links_of_the_texts_do_not_pass() -> None:
    bad = (
        "<script>alert(1)</script><a href='javascript:alert(1)' onclick='x'>here</a> &lt;img src=x onerror=alert(1)&gt;"
    )
    taken = read(SINGLE_3.replace("What is it", bad + "What is it").encode(), "en")
    stem = taken.questions[0].stem["en"]
    assert "javascript" not in stem
    assert "here \\<img src=x onerror=alert(1)>What is it" in stem
    assert "alert(1)" not in stem.replace("onerror=alert(1)", "")
    assert "were not taken: script." in str(taken.notes[0])
    assert "Links to files" in str(taken.notes[1])


def read_or_refused(content: bytes) -> Taken | None:
    """What is read of a file; None where it is refused in due form."""
    with contextlib.suppress(NotReadable):
        return read(content, "fr")
    return None


def whole(taken: Taken) -> bool:
    """Whether every question taken can be asked."""
    return all(
        2 <= len(one.options) <= 8
        and len({option.key for option in one.options}) == len(one.options)
        and 1 <= sum(option.correct for option in one.options) <= (1 if one.type == "single" else 8)
        and all(one.stem.values())
        and all(text for option in one.options for text in option.text.values())
        for one in taken.questions
    )


@settings(max_examples=150)
@given(st.sampled_from(DOCUMENTS), st.integers(0, 2**32))
def test_a_document_with_parts_lost_or_changed_gives_whole_questions_or_says_why(document: str, seed: int) -> None:
    chance, lines = random.Random(seed), document.splitlines()
    for _ in range(chance.randint(1, 4)):
        where, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[where : where + chance.randint(0, 2)] = chance.choice(
            [[], [lines[other]], [lines[where].replace('"', "x", 2)]]
        )
    taken = read_or_refused("\n".join(lines).encode())
    assert taken is None or whole(taken)
    assert taken is None or taken.questions or taken.notes or "item" not in "".join(lines).lower()


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_a_damaged_package_is_refused_or_gives_whole_questions(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(package({"imsmanifest.xml": manifest(resource("a.xml")), "a.xml": SINGLE_3}))
    for _ in range(chance.randint(1, 6)):
        content[chance.randrange(2, len(content))] = chance.randrange(256)
    taken = read_or_refused(bytes(content))
    assert taken is None or whole(taken)


def test_an_encrypted_package_is_refused() -> None:
    content = bytearray(package({"a.xml": SINGLE_3}))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as packed:
        central = packed.start_dir
    content[6] |= 1
    content[central + 8] |= 1
    assert "password" in str(refused(bytes(content)))
