"""Questions as a bank may hold them, for the properties of formats: what is written is what is read back."""

from hypothesis import strategies as st

from curricula.exchange.labels import option_key
from curricula.exchange.model import Bank
from curricula.model import Option, Question

#: Signs that mean something in the formats; no « < », which Moodle takes for HTML (see its own test), nor images.
_SIGNS = st.sampled_from(
    [
        *"{}~=#:\\%[]()*_`|&;'\"/>-.,!?$@+\n",
        "::",
        "\n\n",
        "//",
        "[html]",
        "%50%",
        "->",
        "####",
        "&lt;",
        "TRUE",
        "é",
        "« ",
    ]
)
_LETTERS = st.text(
    st.characters(
        min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="<![{", exclude_categories=["C", "Zl", "Zp"]
    ),
    max_size=6,
)
TEXTS = (
    st.lists(_SIGNS | _LETTERS, max_size=8)
    .map("".join)
    .map(str.strip)
    .filter(lambda text: "![" not in text and "mlang" not in text)
)
SAID = TEXTS.filter(bool)
KEYS = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
#: Labels that are short and of one line: others are noted when written.
LABELS = st.text("abcéÀ '’,.]-:", max_size=20).map(lambda text: " ".join(text.split()))


@st.composite
def questions(draw: st.DrawFn, language: str) -> Question:
    """A question of either type in one language, its options named as they are when read."""
    count = draw(st.integers(2, 8))
    kind = draw(st.sampled_from(["single", "multiple"]))
    most = 1 if kind == "single" else count
    right = draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=most))
    options = tuple(
        Option(option_key(number), {language: draw(SAID)}, {language: draw(TEXTS)}, number in right, draw(LABELS))
        for number in range(count)
    )
    stem = {language: draw(SAID)}
    return Question(
        draw(KEYS), kind, draw(KEYS | st.just("")), draw(st.integers(1, 3)), draw(KEYS | st.just("")), stem, options
    )


@st.composite
def banks(draw: st.DrawFn) -> Bank:
    """A bank of questions of different keys."""
    language = draw(st.sampled_from(["fr", "en"]))
    some = draw(st.lists(questions(language), max_size=4, unique_by=lambda question: question.key))
    return Bank(draw(TEXTS), tuple(some), language)


def a_question(key: str = "q1", kind: str = "single", language: str = "fr", **changes: object) -> Question:
    """A small question to change."""
    options = (
        Option("a", {language: "Oui"}, {language: "Bien."}, correct=True),
        Option("b", {language: "Non"}, {language: "Relisez."}, misconception="sector equals risk"),
    )
    values = {
        "objective": "d1-o1",
        "difficulty": 3,
        "source": "ai-act",
        "stem": {language: "Est-ce permis ?"},
        "options": options,
    }
    return Question(key, kind, **{**values, **changes})  # type: ignore[arg-type]
