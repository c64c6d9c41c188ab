"""Common Cartridge 1.1, 1.2 and 1.3, thin too: pages, links and questions of a course.

| Resource | Becomes |
|---|---|
| ``webcontent`` in HTML | a page, its title from the organisation or the file |
| ``imswl_xmlv1p…`` (web link) | a page of one link: nowhere else of ours can a link of the web stand |
| ``imsbasiclti_xmlv1p…`` | a link to an activity of a tool |
| ``imsqti_xmlv1p2/…/assessment``, ``…/question-bank`` | questions (``curricula.exchange.qti12``) |
| discussions, assignments, images and other files, settings of the platform | a note each |

What Canvas exports beside (``course_settings/``, ``non_cc_assessments/``) is of the last kind; its ``wiki_content/`` is
web content like any other.
"""

import re
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import PurePosixPath

from curricula.exchange import safe
from curricula.exchange.cartridge import Cartridge, Placed, nodes, open_cartridge
from curricula.exchange.html import plain_to_markdown, to_markdown
from curricula.exchange.labels import Keys
from curricula.exchange.model import Format, Link, Note, NotReadable, Page, Taken
from curricula.exchange.qti12 import read_items
from curricula.model import Question
from curricula.problems import N_
from curricula.render import LINKS

_PAGES = (".html", ".htm", ".xhtml")
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,1000}?)</title", re.IGNORECASE | re.DOTALL)
_HEAD_END = re.compile(r"</head\b", re.IGNORECASE)
_BODY, _BODY_END = re.compile(r"<body\b", re.IGNORECASE), re.compile(r"</body\b", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s{0,10}=\s{0,10}["']?([^"'\s>]{1,500})""", re.IGNORECASE)
#: Longest page that is read, and longest text of all the pages, in characters: hostile HTML takes long to read.
_LONGEST, _TOGETHER = 200_000, 2_000_000


def read(content: bytes, language: str) -> Taken:
    """The pages, links and questions of a cartridge, in the order of its organisation. Raises ``NotReadable``."""
    cartridge = open_cartridge(content)
    reading = _Reading(cartridge, language)
    for placed in cartridge.placed:
        reading.take(placed)
    return Taken(
        tuple(reading.questions), tuple(reading.pages), tuple(reading.links), (*cartridge.notes, *reading.notes)
    )


@dataclass
class _Reading:
    """A cartridge being read, resource after resource."""

    cartridge: Cartridge
    language: str
    questions: list[Question] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    keys: Keys = field(default_factory=Keys)
    taken: set[str] = field(default_factory=set)
    #: Characters of the pages read until now.
    read: int = 0

    def take(self, placed: Placed) -> None:
        """Takes a resource, or says in a note why not."""
        resource = placed.resource
        if resource.identifier in self.taken:
            self._note(placed, N_("« %(name)s » stands in several places: it is taken once."))
            return
        self.taken.add(resource.identifier)
        try:
            self._take(placed)
        except NotReadable as error:
            self.notes.append(replace(error.note, item=f"{_name(placed)} ({resource.identifier})"))

    def _take(self, placed: Placed) -> None:
        kind = placed.resource.type.lower()
        if kind == "webcontent":
            self._web_content(placed)
        elif kind.startswith("imswl_xml"):
            self._web_link(placed)
        elif kind.startswith("imsbasiclti_xml"):
            self._tool(placed)
        elif kind.startswith("imsqti_xml"):
            self._questions(placed)
        elif kind.startswith("imsdt_xml"):
            self._note(placed, N_("The discussion « %(name)s » is not taken."))
        elif any(path.startswith("course_settings/") for path in placed.resource.files):
            self._note(placed, N_("The settings of the course are those of another platform: they are not taken."))
        else:
            self._note(placed, N_("« %(name)s » is of a kind that is not taken: %(kind)s."), kind=placed.resource.type)

    def _web_content(self, placed: Placed) -> None:
        paths = placed.resource.files
        if not paths:
            self._missing(placed)
        if paths and paths[0].lower().endswith(_PAGES):
            self._page(placed, paths[0])
            paths = paths[1:]
        for path in paths:
            self._note(placed, N_("The file « %(name)s » is not taken."), name=path)

    def _page(self, placed: Placed, path: str) -> None:
        html = safe.text(self.cartridge.files[path])
        if len(html) > _LONGEST or self.read + len(html) > _TOGETHER:
            self._note(placed, N_("The page « %(name)s » is too long, or comes after too many others."))
            return
        self.read += len(html)
        head, body = _parts(html)
        said, lost = to_markdown(body)
        lost = tuple(name for name in lost if name != "a")  # links are told below, each by its address
        named = _TITLE.search(head)
        title = placed.title or (" ".join(unescape(named[1]).split()) if named else "") or PurePosixPath(path).stem
        if lost:
            self._note(
                placed, N_("Of the page « %(name)s », this is not taken: %(elements)s."), elements=", ".join(lost)
            )
        astray = [link for link in _HREF.findall(body) if not link.lower().startswith(LINKS)]
        if astray:
            self._note(
                placed,
                N_("Of the page « %(name)s », these links are not followed: %(links)s."),
                links=", ".join(dict.fromkeys(astray[:5])) + ("…" if astray[5:] else ""),
            )
        if said:
            self.pages.append(Page(title, said, placed.path))
        else:
            self._note(placed, N_("The page « %(name)s » has no text."))

    def _web_link(self, placed: Placed) -> None:
        root = self._root(placed, "webLink")
        if root is None:
            return
        url = root.find("url")
        address = url.get("href", "").strip() if url is not None else ""
        title = placed.title or (root.findtext("title") or "").strip() or address
        if address.lower().startswith(LINKS) and not re.search(r"[\s<>]", address):
            self.pages.append(Page(title, f"[{plain_to_markdown(title)}](<{address}>)", placed.path))
        else:
            self._note(
                placed, N_("The link « %(name)s » leads elsewhere than to https://: %(link)s."), link=address[:200]
            )

    def _tool(self, placed: Placed) -> None:
        root = self._root(placed, "cartridge_basiclti_link")
        if root is None:
            return
        addresses = (root.findtext(name, "").strip() for name in ("secure_launch_url", "launch_url"))
        address = next(filter(None, addresses), "")
        title = placed.title or root.findtext("title", "").strip() or placed.resource.identifier
        if not address.lower().startswith(("https://", "http://")):
            self._note(placed, N_("The activity « %(name)s » of a tool has no address."))
            return
        custom = {each.get("name", ""): (each.text or "").strip() for each in root.findall("custom/property")}
        self.links.append(Link(title, address, custom))
        if root.findtext("description", "").strip():
            self._note(placed, N_("The description of the activity « %(name)s » is not taken."))

    def _questions(self, placed: Placed) -> None:
        root = self._root(placed, "questestinterop")
        if root is None:
            return
        taken = read_items(root, self.language, self.keys)
        self.questions += taken.questions
        self.notes += taken.notes

    def _root(self, placed: Placed, tag: str) -> safe.Node | None:
        """What a resource says, in the manifest (thin cartridges) or in its file."""
        inside = nodes(placed.resource.node, tag)
        if inside:
            return inside[0]
        paths = placed.resource.files
        if not paths:
            self._missing(placed)
            return None
        root = safe.xml(self.cartridge.files[paths[0]])
        if root.tag != tag:
            self._note(placed, N_("« %(name)s » is not what the manifest says: %(kind)s."), kind=placed.resource.type)
            return None
        return root

    def _missing(self, placed: Placed) -> None:
        self._note(placed, N_("« %(name)s » has no file in the archive."))

    def _note(self, placed: Placed, message: str, **values: str) -> None:
        self.notes.append(
            Note(message, placed.resource.identifier, placed.resource.node.line, {"name": _name(placed), **values})
        )


def _name(placed: Placed) -> str:
    return placed.title or next(iter(placed.resource.files), placed.resource.identifier)


def _parts(html: str) -> tuple[str, str]:
    """(what stands before the body of a page, its body); a page may have no mark of either."""
    begun = _BODY.search(html) or _HEAD_END.search(html)
    begin = html.find(">", begun.end()) + 1 if begun else 0
    ended = _BODY_END.search(html, begin)
    return html[:begin][:20_000], html[begin : ended.start() if ended else len(html)]


FORMAT = Format("common_cartridge", "Common Cartridge", (".imscc", ".zip"), read)
