"""The badge: the picture of a certificate, laid out once for every form that draws it.

What is drawn is not signed, only the credential baked in it is: whoever verifies it shows the true fields beside.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from certificates import fonts, wording
from certificates.model import Record, printed_fields
from certificates.names import fitted_name, name_face

#: Pixels a side.
SIDE = 1000
#: Left and right margins, and the height of the band in the issuer's colour, then of the line under it.
MARGIN, BAND, LINE = 64, 232, 8
#: Where the facts begin, and the strip at the foot.
FACTS, FOOT = 716, 944
#: The most a logo takes, on a white plate in the band.
LOGO_ROOM = (280, 104)
INK, SOFT, WARM, WHITE, HAIR = "#221c29", "#574f61", "#865000", "#ffffff", "#dbd6e0"
SAFFRON, WARM_TINT = "#e3a53a", "#fbf1df"

Steps = Iterable[tuple[int, float]]
_ROOM = SIDE - 2 * MARGIN
_ISSUER_STEPS = ((1, 26.0), (1, 22.0), (2, 22.0), (2, 18.0), (3, 18.0))
_TITLE_STEPS = ((1, 72.0), (1, 64.0), (1, 56.0), (2, 56.0), (2, 48.0), (2, 40.0), (3, 40.0), (3, 34.0))
_MENTION_STEPS = ((1, 30.0), (1, 26.0), (2, 24.0), (3, 20.0))
_NAME_STEPS = (
    *((1, size) for size in (48.0, 42.0, 38.0, 34.0)),
    *((2, size) for size in (38.0, 34.0, 30.0, 27.0)),
    *((3, size) for size in (28.0, 24.0)),
)
_FACT_STEPS = ((1, 28.0), (1, 24.0), (1, 22.0), (1, 20.0))
_SMALL_STEPS = ((1, 22.0), (1, 18.0), (2, 18.0))


@dataclass(frozen=True)
class Words:
    """One line of text: its signs as drawn from left to right, and where its baseline starts, in pixels."""

    text: str
    face: fonts.Face
    size: float
    x: float
    y: float
    colour: str


def words(record: Record) -> list[Words]:
    """Every line of the badge, fitted by measured width.

    Raises :class:`~certificates.fonts.DoesNotFitError` for a text too long, :class:`~certificates.names.NameRefused`
    for a name no face draws.
    """
    language = record.language
    say = wording.of(language)
    fields = {field.name_key: field for field in printed_fields(record, language)}
    colour = record.issuer.look.colour
    page = _Page()
    for line, y in zip(say["brand"].split("|"), (114.0, 164.0), strict=True):
        page.at(line, fonts.SANS_BOLD, 42, 252, y, WHITE)
    page.y = BAND + LINE + 24
    page.add(fields["issuer"].value, fonts.SANS_BOLD, _ISSUER_STEPS, WARM)
    page.add(fields["kind"].value, fonts.SANS, ((1, 26.0),), SOFT, gap=6)
    page.add(fields["title"].value, fonts.SERIF_BOLD, _TITLE_STEPS, colour, gap=2)
    if mention := fields.get("mention"):
        said = say["label.value"].format(label=mention.label) + mention.value
        page.add(said, fonts.SANS_BOLD, _MENTION_STEPS, WARM, gap=4)
    page.y += 20
    page.set(fitted_name(record.holder, _ROOM, _NAME_STEPS), name_face(record.holder), INK)
    if page.y > FACTS - 6:
        raise fonts.DoesNotFitError(record.number)
    for place, key in enumerate(("number", "issued_on", "code", "valid_until")):
        x, y = MARGIN + (place % 2) * 540, FACTS + 42 + (place // 2) * 84
        page.at(fields[key].label, fonts.SANS, 22, x, y, SOFT)
        value = fonts.fit(fields[key].value, fonts.SANS_BOLD, 520 if place % 2 == 0 else 330, _FACT_STEPS)
        page.at(value.lines[0], fonts.SANS_BOLD, value.size, x, y + 34, INK)
    page.y = FACTS + 174
    page.add(f"{say['check']} {urlsplit(record.base_url).netloc}/verify", fonts.SANS, _SMALL_STEPS, SOFT)
    if record.issuer.fictitious:
        page.at(say["specimen"], fonts.SANS_BOLD, 24, MARGIN, FOOT + 36, WARM)
    return page.lines


def title(record: Record, language: str) -> str:
    """What the picture is, in a few words of the reader's language: its text alternative."""
    kind = wording.of(language)[f"kind.{record.kind}"]
    return f"{kind} {wording.pick(record.title, language)} · {record.number}"


def description(record: Record) -> str:
    """All it says, for whoever does not see it."""
    form = wording.of(record.language)["label.value"]
    said = [form.format(label=field.label) + field.value for field in printed_fields(record, record.language)]
    return "\n".join(said)


class _Page:
    """Lines set under each other, from ``y`` down."""

    def __init__(self) -> None:
        self.lines: list[Words] = []
        self.y = 0.0

    def at(self, text: str, face: fonts.Face, size: float, x: float, y: float, colour: str) -> None:
        """One line at its place. Raises ``DoesNotFitError`` when the face lacks a letter of it."""
        if fonts.missing(text, face):
            raise fonts.DoesNotFitError(text)
        self.lines.append(Words(fonts.as_drawn(text), face, size, x, y, colour))

    def add(self, text: str, face: fonts.Face, steps: Steps, colour: str, gap: float = 0) -> None:
        """A text in as many lines as it takes, ``gap`` under what is there."""
        self.y += gap
        self.set(fonts.fit(text, face, _ROOM, steps), face, colour)

    def set(self, fitted: fonts.Fitted, face: fonts.Face, colour: str) -> None:
        """Lines already fitted."""
        for line in fitted.lines:
            self.at(line, face, fitted.size, MARGIN, self.y + fitted.size, colour)
            self.y += fitted.size * 1.24
