"""Common Cartridges as Canvas and Moodle export them, thin ones, and those that somebody made to harm."""

import io
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.exchange import safe
from curricula.exchange.formats import common_cartridge
from curricula.exchange.formats.common_cartridge import FORMAT, read
from curricula.exchange.labels import Keys
from curricula.exchange.model import Link, Note, NotReadable, Page, Taken
from curricula.exchange.registry import formats
from curricula.model import Option, Question

CANVAS = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
QUESTION = Question(
    "q",
    "single",
    "",
    2,
    "",
    {"fr": "?"},
    (Option("a", {"fr": "a"}, {"fr": ""}, correct=True), Option("b", {"fr": "b"}, {"fr": ""})),
)


def _zip(files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, said in files.items():
            archive.writestr(name, said)
    return packed.getvalue()


def _stored(files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, said in files.items():
            archive.writestr(name, said)
    return packed.getvalue()


def _manifest(items: str, resources: str, namespace: str = CANVAS, version: str = "1.1.0") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m1" xmlns="{namespace}">
  <metadata><schema>IMS Common Cartridge</schema><schemaversion>{version}</schemaversion></metadata>
  <organizations>
    <organization identifier="org_1" structure="rooted-hierarchy">
      <item identifier="LearningModules">{items}</item>
    </organization>
  </organizations>
  <resources>{resources}</resources>
</manifest>"""


def _stand_in(root: safe.Node, language: str, keys: Keys) -> Taken:
    """Reads one question an ``item``, and says that there was a section."""
    assert root.tag == "questestinterop"
    questions = tuple(
        replace(QUESTION, key=keys.key(QUESTION.key), stem={language: item.get("ident", "")})
        for item in root.iter("item")
    )
    return Taken(questions, notes=(Note("A section is not taken.", "s1"),))


@pytest.fixture(scope="module", autouse=True)
def _questions_stand_in() -> Iterator[None]:
    """What is in documents of questions is tested with QTI; here, that they are read where they stand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(common_cartridge, "read_items", _stand_in)
        yield


def _read(files: dict[str, str | bytes]) -> Taken:
    return read(_zip(files), "fr")


def _said(taken: Taken) -> list[str]:
    return [f"{note.item}: {note.message % note.values}" for note in taken.notes]


WEB_LINK = """<?xml version="1.0" encoding="UTF-8"?>
<webLink xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imswl_v1p1">
  <title>Le règlement</title>
  <url href="{}"/>
</webLink>"""
TOOL = """<?xml version="1.0" encoding="UTF-8"?>
<cartridge_basiclti_link xmlns="http://www.imsglobal.org/xsd/imslticc_v1p0"
    xmlns:blti="http://www.imsglobal.org/xsd/imsbasiclti_v1p0"
    xmlns:lticm="http://www.imsglobal.org/xsd/imslticm_v1p0" xmlns:lticp="http://www.imsglobal.org/xsd/imslticp_v1p0">
  <blti:title>Outil</blti:title>
  <blti:description/>
  <blti:secure_launch_url>https://tool.example/launch</blti:secure_launch_url>
  <blti:vendor><lticp:code>unknown</lticp:code><lticp:name>unknown</lticp:name></blti:vendor>
  <blti:custom><lticm:property name="unit">u1</lticm:property></blti:custom>
  <blti:extensions platform="canvas.instructure.com">
    <lticm:property name="privacy_level">public</lticm:property></blti:extensions>
</cartridge_basiclti_link>"""
QTI = """<?xml version="1.0" encoding="UTF-8"?>
<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment ident="a1" title="Test">
<section ident="root_section"><item ident="i1"/><item ident="i2"/></section></assessment></questestinterop>"""
WIKI = """<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
<title>Titre &amp; page</title>
<meta name="identifier" content="gpage"/>
</head>
<body>
<p>Bonjour <strong>à tous</strong>, <a href="$WIKI_REFERENCE$/pages/b">suite</a>.</p>
<p><img src="$IMS-CC-FILEBASE$/plan.png" alt="plan"/></p>
</body>
</html>"""


def _canvas() -> dict[str, str | bytes]:
    """A course as Canvas exports it (instructure/canvas-lms, lib/cc), made small."""
    lor = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
    return {
        "imsmanifest.xml": _manifest(
            """
        <item identifier="gmodule"><title>Module 1</title>
          <item identifier="gsub"><title>À lire</title></item>
          <item identifier="g1" identifierref="gpage"><title>La page</title></item>
          <item identifier="g2" identifierref="gweb"><title>Le texte</title></item>
          <item identifier="g3" identifierref="gtool"><title>L'outil</title></item>
          <item identifier="g4" identifierref="gtest"><title>Le test</title></item>
          <item identifier="g5" identifierref="gtask"><title>Le devoir</title></item>
          <item identifier="g6" identifierref="gtopic"><title>Le débat</title></item>
        </item>""",
            f"""
    <resource identifier="gsettings" type="{lor}" href="course_settings/canvas_export.txt">
      <file href="course_settings/course_settings.xml"/><file href="course_settings/canvas_export.txt"/>
    </resource>
    <resource identifier="gpage" type="webcontent" href="wiki_content/la-page.html">
      <file href="wiki_content/la-page.html"/></resource>
    <resource identifier="galone" type="webcontent" href="wiki_content/seule.html">
      <file href="wiki_content/seule.html"/></resource>
    <resource identifier="gtask" type="{lor}" href="gtask/devoir.html">
      <file href="gtask/devoir.html"/>
      <file href="gtask/assignment_settings.xml"/></resource>
    <resource identifier="gtopic" type="imsdt_xmlv1p1">
      <file href="gtopic.xml"/>
      <dependency identifierref="gmeta"/></resource>
    <resource identifier="gweb" type="imswl_xmlv1p1"><file href="gweb.xml"/></resource>
    <resource identifier="gtest" type="imsqti_xmlv1p2/imscc_xmlv1p1/assessment">
      <file href="gtest/assessment_qti.xml"/>
      <dependency identifierref="gtestmeta"/></resource>
    <resource identifier="gtestmeta" type="{lor}" href="gtest/assessment_meta.xml">
      <file href="gtest/assessment_meta.xml"/>
      <file href="non_cc_assessments/gtest.xml.qti"/></resource>
    <resource identifier="gfile" type="webcontent" href="web_resources/plan%20d'accès.png">
      <file href="web_resources/plan%20d'accès.png"/></resource>
    <resource identifier="gtool" type="imsbasiclti_xmlv1p0"><file href="gtool.xml"/></resource>""",
        ),
        "course_settings/course_settings.xml": "<course/>",
        "course_settings/canvas_export.txt": "Q: What did the panda say?",
        "wiki_content/la-page.html": WIKI,
        "wiki_content/seule.html": WIKI,
        "gtask/devoir.html": "<html><body>Écrivez.</body></html>",
        "gtask/assignment_settings.xml": "<assignment/>",
        "gtopic.xml": "<topic/>",
        "gweb.xml": WEB_LINK.format("https://eur-lex.europa.eu/a?b=1&amp;c=(2)"),
        "gtest/assessment_qti.xml": QTI,
        "gtest/assessment_meta.xml": "<quiz/>",
        "non_cc_assessments/gtest.xml.qti": QTI,
        "web_resources/plan d'accès.png": b"\x89PNG",
        "gtool.xml": TOOL,
    }  # fmt: skip


def test_it_is_one_of_the_formats() -> None:
    assert formats()["common_cartridge"] is FORMAT


def test_a_course_of_canvas() -> None:
    taken = _read(_canvas())
    body = "Bonjour **à tous**, suite."
    assert taken.pages == (
        Page("La page", body, ("Module 1",)),
        Page("Le texte", "[Le texte](<https://eur-lex.europa.eu/a?b=1&c=(2)>)", ("Module 1",)),
        Page("Titre & page", body),
    )
    assert taken.links == (Link("L'outil", "https://tool.example/launch", {"unit": "u1"}),)
    assert [(each.key, each.stem) for each in taken.questions] == [("q", {"fr": "i1"}), ("q-2", {"fr": "i2"})]
    said = "\n".join(_said(taken))
    for part in (
        "gsub: « À lire » is a heading without content.",
        "gpage: Of the page « La page », this is not taken: img.",
        "gpage: Of the page « La page », these links are not followed: $WIKI_REFERENCE$/pages/b.",
        "s1: A section is not taken.",
        "gtask: « Le devoir » is of a kind that is not taken: associatedcontent",
        "gtopic: The discussion « Le débat » is not taken.",
        "gsettings: The settings of the course",
        "gtestmeta: « gtest/assessment_meta.xml » is of a kind",
        "gfile: The file « web_resources/plan d'accès.png » is not taken.",
    ):
        assert part in said


MOODLE_PAGE = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"
  "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
  <head profile="http://dublincore.org/documents/dc-html/">
    <link rel="schema.DC" href="http://purl.org/dc/elements/1.1/"/>
    <meta name="DC.type" scheme="DCTERMS.DCMIType" content="Text"/>
    <title>Page de Moodle</title>
  </head>
  <body><h3>Titre</h3><ul><li>un</li></ul></body>
</html>"""


def test_a_course_of_moodle() -> None:
    """As moodle/moodle, backup/cc/cc_lib writes it: 1.1, its root named ``root``, each resource in its folder."""
    manifest = _manifest(
        """<item identifier="I_1"><title>Section 1</title>
             <item identifier="I_2" identifierref="I_2_R"><title>Page de Moodle</title></item>
             <item identifier="I_3" identifierref="I_3_R"><title>Forum</title></item>
             <item identifier="I_4"><title>Sous-section</title>
               <item identifier="I_5" identifierref="I_5_R"><title>Banque</title></item></item></item>""",
        """<resource identifier="I_2_R" type="webcontent" href="i1/page.html"><file href="i1/page.html"/></resource>
           <resource identifier="I_3_R" type="imsdt_xmlv1p1"><file href="i2/discussion.xml"/></resource>
           <resource identifier="I_5_R" type="imsqti_xmlv1p2/imscc_xmlv1p1/question-bank">
      <file href="i3/qti.xml"/></resource>""",
    ).replace('identifier="LearningModules"', 'identifier="root"')
    taken = _read(
        {"imsmanifest.xml": manifest, "i1/page.html": MOODLE_PAGE, "i2/discussion.xml": "<topic/>", "i3/qti.xml": QTI}
    )
    assert taken.pages == (Page("Page de Moodle", "### Titre\n\n- un", ("Section 1",)),)
    assert len(taken.questions) == 2
    assert _said(taken) == ["I_3_R: The discussion « Forum » is not taken.", "s1: A section is not taken."]


def test_a_thin_cartridge_says_everything_in_its_manifest() -> None:
    inside = TOOL.partition("?>")[2], WEB_LINK.format("https://a.example/").partition("?>")[2]
    thin = _manifest(
        '<item identifier="i1" identifierref="r1"/><item identifier="i2" identifierref="r2"/>',
        f'<resource identifier="r1" type="imsbasiclti_xmlv1p3">{inside[0]}</resource>'
        f'<resource identifier="r2" type="imswl_xmlv1p3">{inside[1]}</resource>',
        "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1", "1.3.0",
    )  # fmt: skip
    for content in (thin.encode(), _zip({"imsmanifest.xml": thin})):
        taken = read(content, "fr")
        assert taken.links == (Link("Outil", "https://tool.example/launch", {"unit": "u1"}),)
        assert taken.pages == (Page("Le règlement", "[Le règlement](<https://a.example/>)"),)
        assert not taken.notes


def _one(kind: str, said: str | bytes, name: str = "a.xml") -> dict[str, str | bytes]:
    items = '<item identifier="i1" identifierref="r1"><title>Un</title></item>'
    return {
        "imsmanifest.xml": _manifest(
            items, f'<resource identifier="r1" type="{kind}"><file href="{name}"/></resource>'
        ),
        name: said,
    }


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (_one("imswl_xmlv1p1", WEB_LINK.format("javascript:alert(1)")), "r1: The link « Un » leads elsewhere"),
        (_one("imswl_xmlv1p1", WEB_LINK.format("https://a/&gt;)[x](b")), "r1: The link « Un » leads elsewhere"),
        (_one("imswl_xmlv1p1", "<webLink><title>a"), "Un (r1): This is not XML"),
        (_one("imswl_xmlv1p1", '<!DOCTYPE a [<!ENTITY x "y">]><webLink/>'), "Un (r1): The file declares entities"),
        (_one("imsbasiclti_xmlv1p3", "<webLink/>"), "r1: « Un » is not what the manifest says: imsbasiclti_xmlv1p3."),
        (_one("imsbasiclti_xmlv1p3", "<cartridge_basiclti_link/>"), "r1: The activity « Un » of a tool has no"),
        (_one("webcontent", "<p>été</p>".encode("latin-1"), "a.html"), "Un (r1): The file is not UTF-8 text."),
        (_one("webcontent", "<body><script>x</script></body>", "a.html"), "r1: The page « Un » has no text."),
        (_one("webcontent", "<blockquote>" * 10_000, "a.html"), "r1: The page « Un » has no text."),
        (_one("webcontent", "x" * 1_000_000, "a.html"), "r1: The page « Un » is too long"),
        (_one("toto", "x"), "r1: « Un » is of a kind that is not taken: toto."),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_has_a_note(files: dict[str, str | bytes], said: str) -> None:
    taken = _read(files)
    assert not taken.pages
    assert not taken.links
    assert any(line.startswith(said) for line in _said(taken)), _said(taken)


def test_hostile_pages_say_their_text_alone() -> None:
    html = (
        "<html><head><title>" * 500
        + "<body onload=x><p onclick=x>Oui<script>non</script><a href='javascript:'>lien</a><svg><text>non</text></svg>"
    )
    (page,) = _read(_one("webcontent", html, "a.html")).pages
    assert page.body == "Ouilien"


@pytest.mark.parametrize(
    ("html", "title", "body"),
    [
        ("<html><head><title>T</title></head><p>a</p></html>", "T", "a"),
        ("<HTML><HEAD><TITLE>T\n t</TITLE></HEAD><BODY class=x>a</BODY>after</HTML>", "T t", "a"),
        ("<p>a</p>", "a", "a"),
    ],
)
def test_a_page_that_no_item_names(html: str, title: str, body: str) -> None:
    resources = '<resource identifier="r1" type="webcontent" href="d/a.html"><file href="d/a.html"/></resource>'
    taken = _read({"imsmanifest.xml": _manifest("", resources), "d/a.html": html})
    assert taken.pages == (Page(title, body),)


def test_a_resource_twice_in_either_list_is_taken_once() -> None:
    resource = '<resource identifier="r1" type="webcontent"><file href="a.html"/></resource>'
    item = '<item identifier="i{}" identifierref="r1"><title>Un</title></item>'
    taken = _read({"imsmanifest.xml": _manifest(item.format(1) + item.format(2), resource * 2), "a.html": "<p>a</p>"})
    assert taken.pages == (Page("Un", "a"),)
    assert _said(taken) == [
        "r1: This resource is described twice: the first description is taken.",
        "r1: « Un » stands in several places: it is taken once.",
    ]


def test_cycles_and_absent_things_are_named() -> None:
    items = (
        '<item identifier="i1" identifierref="i1"><title>Soi</title></item>'
        '<item identifier="i2" identifierref="r1"><title>Absent</title></item>'
    )
    resources = (
        '<resource identifier="r1" type="webcontent" href="../../etc/passwd"><file href="gone.html"/>'
        '<dependency identifierref="r2"/></resource>'
        '<resource identifier="r2" type="imswl_xmlv1p1"><dependency identifierref="r1"/></resource>'
    )
    taken = _read({"imsmanifest.xml": _manifest(items, resources), "stray.html": "<p>a</p>"})
    assert not taken.pages
    assert _said(taken) == [
        "r1: The archive does not hold the file « ../../etc/passwd ».",
        "r1: The archive does not hold the file « gone.html ».",
        "i1: « Soi » leads to a resource that is not there.",
        ": The course does not name these files of the archive (1): stray.html.",
        "r1: « Absent » has no file in the archive.",
        "r2: « r2 » has no file in the archive.",
    ]


def test_folders_nested_without_end_are_left_out() -> None:
    page = '<resource identifier="r1" type="webcontent"><file href="a.html"/></resource>'
    nested = "".join(f'<item identifier="i{n}"><title>{n}</title>' for n in range(60))
    items = nested + '<item identifier="x" identifierref="r1"><title>Un</title></item>' + "</item>" * 60
    taken = _read({"imsmanifest.xml": _manifest(items, page), "a.html": "<p>a</p>"})
    assert taken.pages == (Page("a", "a"),)
    assert any("nested too deep" in line for line in _said(taken))


def _link(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 not really",
        _zip({"a.txt": "no manifest"}),
        _zip({"folder/imsmanifest.xml": _manifest("", "")}),
        _zip({"imsmanifest.xml": "<course/>"}),
        _zip(
            {
                "imsmanifest.xml": '<!DOCTYPE m SYSTEM "https://evil.example/x.dtd">'
                + _manifest("", "").partition("?>")[2]
            }
        ),
        _zip({"imsmanifest.xml": '<!DOCTYPE m [<!ENTITY a "&a;&a;">]><manifest>&a;</manifest>'}),
        _zip({"imsmanifest.xml": "<item>" * 5_000}),
        _zip({"imsmanifest.xml": _manifest("", ""), "../out.html": "x"}),
        _zip({"imsmanifest.xml": _manifest("", ""), "bomb.html": b"0" * 5_000_000}),
        _link("imsmanifest.xml"),
        "<manifest".encode("utf-16"),
    ],
)
def test_hostile_archives_are_refused(content: bytes) -> None:
    with pytest.raises(NotReadable):
        read(content, "fr")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_cartridge_is_read_or_refused(place: int, damage: bytes) -> None:
    content = _zip(_canvas())
    at = place % len(content)
    try:
        read(content[:at] + damage + content[at + len(damage) :], "fr")
    except NotReadable:
        return


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("<>/=\"'& abdhiprtoy!-", max_size=60))
def test_any_page_is_read_or_named(html: str) -> None:
    taken = _read(_one("webcontent", html, "a.html"))
    assert len(taken.pages) == 1 or taken.notes


def test_pages_without_end_are_left_out() -> None:
    names = [f"p{number}.html" for number in range(40)]
    resources = "".join(f'<resource identifier="{n}" type="webcontent"><file href="{n}"/></resource>' for n in names)
    pages: dict[str, str | bytes] = {name: f"<p>{name}</p>" + " " * 190_000 + name for name in names}
    taken = read(_stored({"imsmanifest.xml": _manifest("", resources), **pages}), "fr")
    assert len(taken.pages) == 10
    assert len(taken.notes) == 30
