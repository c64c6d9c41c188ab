"""Everything the interface says is collected, and said in French."""

import ast
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from translations import update
from translations.update import LANGUAGES, TEMPLATE, catalogue_path, extracted, faults, outdated, read, updated, written


def test_the_messages_collected_are_those_of_the_code() -> None:
    assert outdated() == [], "run make translations"


def test_messages_come_from_the_code_and_from_the_templates() -> None:
    messages = {message.id for message in extracted() if message.id}
    assert "This page does not exist." in messages, "lms/errors.py"
    assert "Skip to content" in messages, "lms/templates/base.html"
    assert "This lesson has no text." in messages, "curricula/load.py"
    assert any(isinstance(identity, tuple) for identity in messages), "plurals"
    assert len(messages) > 400


def test_the_development_lms_is_not_ours_to_translate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("devlms/a.py", "migrations/versions/b.py", "views/c.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'_("from {name}")\n')
    monkeypatch.setattr(update, "CODE", (tmp_path,))
    assert {message.id for message in extracted() if message.id} == {"from views/c.py"}


#: What the domain makes of a message, for others to translate.
SAYING = {"Note", "NotReadable", "NotTaken", "Problem", "add", "_finding", "_note", "note", "problem", "refuse"}


def test_what_the_domain_says_is_marked_to_be_translated() -> None:
    """A sentence given bare, or made by an f-string, would stay English."""
    bare = [
        f"{path.name}:{call.lineno}: {ast.unparse(argument)}"
        for path in (update.HERE.parent / "curricula").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in SAYING
        for argument in call.args
        if isinstance(argument, ast.JoinedStr)
        or (isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " in argument.value)
    ]
    assert bare == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_with_its_placeholders(language: str) -> None:
    assert list(faults(read(catalogue_path(language), language))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_outlives_its_message(language: str) -> None:
    catalogue = read(catalogue_path(language), language)
    assert {message.id for message in catalogue} == {message.id for message in read(TEMPLATE)}
    assert not catalogue.obsolete


def translated(original: str | tuple[str, str], text: str | tuple[str, str], **more: bool) -> list[str]:
    """The faults of one translation."""
    catalogue = Catalog(locale="fr")
    catalogue.add(original, text, flags=["fuzzy"] if more.get("fuzzy") else [])
    return [fault.split(": ", 1)[1] for fault in faults(catalogue)]


@pytest.mark.parametrize(
    ("original", "text"),
    [
        ("Hello", "Bonjour"),
        ("Hello %(name)s", "Bonjour %(name)s"),
        ("%(a)s of %(b)s", "%(b)s : %(a)s"),
        ("100%% of %(a)s", "100 %% de %(a)s"),
        (("One day of %(a)s", "%(num)s days of %(a)s"), ("Un jour de %(a)s", "%(num)s jours de %(a)s")),
        (("%(num)s day", "%(num)s days"), ("%(num)s jour", "%(num)s jours")),
        (("One day", "%(num)s days"), ("%(num)s jour", "%(num)s jours")),
    ],
)  # fmt: skip
def test_a_faithful_translation_passes(original: str | tuple[str, str], text: str | tuple[str, str]) -> None:
    assert translated(original, text) == []


@pytest.mark.parametrize(
    ("original", "text", "said"),
    [
        ("Hello", "", "no translation"),
        ("Hello", "  ", "no translation"),
        ("Hello %(name)s", "Bonjour", "placeholders differ"),
        ("Hello %(name)s", "Bonjour %(nom)s", "placeholders differ"),
        ("Hello", "Bonjour %(name)s", "placeholders differ"),
        ("Half", "50 %", "a lone %"),
        ("Hello %(name)s", "Bonjour %(name)", "placeholders differ"),
        (("One day", "%(num)s days"), ("Un jour", ""), "no translation"),
        (("One day", "%(num)s days"), ("Un jour", "des jours"), "the plural does not say its number"),
        (("One day of %(a)s", "%(num)s days of %(a)s"), ("Un jour", "%(num)s jours de %(a)s"), "placeholders differ"),
        (("One day", "%(num)s days"), ("Un jour", "%(num)s jours de %(a)s"), "placeholders differ"),
    ],
)
def test_an_unfaithful_translation_is_told(
    original: str | tuple[str, str], text: str | tuple[str, str], said: str
) -> None:
    assert any(said in fault for fault in translated(original, text))


def test_a_guess_is_not_a_translation() -> None:
    (fault,) = translated("Hello", "Bonsoir", fuzzy=True)
    assert fault.startswith("the translation is marked fuzzy")


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Code and catalogues of one's own: « Hello » and « Goodbye » in the code, nothing collected yet."""
    (tmp_path / "lms").mkdir()
    (tmp_path / "lms" / "views.py").write_text('_("Hello %(name)s")\n_("Goodbye")\n')
    monkeypatch.setattr(update, "HERE", tmp_path / "translations")
    monkeypatch.setattr(update, "CODE", (tmp_path / "lms", tmp_path / "curricula"))
    monkeypatch.setattr(update, "TEMPLATE", tmp_path / "translations" / "messages.pot")
    (tmp_path / "translations").mkdir()
    return tmp_path


def test_collecting_writes_the_template_and_keeps_translations(
    workshop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update.main([]) == 0
    po = workshop / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
    po.write_text(po.read_text("utf-8").replace('"Goodbye"\nmsgstr ""', '"Goodbye"\nmsgstr "Au revoir"'), "utf-8")
    (workshop / "lms" / "views.py").write_text('_("Goodbye")\n_("Goodbye again")\n')
    capsys.readouterr()
    assert update.main([]) == 0
    assert capsys.readouterr().err == "fr: 'Goodbye again': no translation\n"
    kept = read(po, "fr")
    assert {message.id: message.string for message in kept if message.id} == {
        "Goodbye": "Au revoir",
        "Goodbye again": "",
    }
    assert "Hello" not in po.read_text("utf-8"), "what nobody says any more is gone"
    assert po.with_suffix(".mo").exists()


def test_checking_writes_nothing_and_says_what_to_do(workshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert update.main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "translations/messages.pot is out of date: run make translations.",
        "translations/fr/LC_MESSAGES/messages.po is out of date: run make translations.",
    ]
    assert list((workshop / "translations").iterdir()) == []


def test_checking_passes_when_all_is_said(workshop: Path) -> None:
    update.main([])
    po = workshop / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
    text = po.read_text("utf-8").replace('"Goodbye"\nmsgstr ""', '"Goodbye"\nmsgstr "Au revoir"')
    po.write_text(text.replace('%(name)s"\nmsgstr ""', '%(name)s"\nmsgstr "Bonjour %(name)s"'), "utf-8")
    assert update.main(["--check"]) == 0
    (workshop / "lms" / "views.py").write_text('_("Hello %(name)s")\n_("Goodbye")\n_("One more")\n')
    assert update.main(["--check"]) == 1


def test_collecting_twice_gives_the_same_bytes_wherever_the_lines_are(workshop: Path) -> None:
    first = written(extracted())
    (workshop / "lms" / "views.py").write_text('\n\n_("Goodbye")\n_("Hello %(name)s")\n')
    assert written(extracted()) == first
    assert b"views.py" not in first
    assert b"Date" not in first
    assert written(updated("fr", extracted())) == written(updated("fr", extracted()))
