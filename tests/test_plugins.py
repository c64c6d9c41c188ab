"""A room's file is found unasked and honours the room's contract: a new file is tested from its first day."""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, NamedTuple

import click
import pytest
from flask import Blueprint, Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

import assessments.types
import certificates.formats
import lms.api
import lms.cli
import lms.exports
import lms.jobs
import lms.reports
import lms.views
from assessments.registry import question_types
from certificates.format import discover as discover_formats
from certificates.formats import Format
from certificates.sign.keys import Keys, did_web
from curricula.model import LANGUAGES, Localized
from lms.app import create_app
from lms.exports import exports
from lms.plugins import discover, modules
from lms.reports import reports
from lms.tables import Export, Extraction, Report
from tests.certificates.certificate_samples import BASE_URL, NOW, make_record
from tests.conftest import make_config

CODE = Path(lms.cli.__file__).parents[2]


class Room(NamedTuple):
    """A package of plug-ins: the name each file defines, how they are found, and a file that could be added."""

    package: ModuleType
    name: str
    found: Callable[[], Any]
    added: str


def views() -> set[str]:
    """The pages of a new application."""
    with TemporaryDirectory() as folder:
        return set(create_app(make_config("", Path(folder))).blueprints)


def commands() -> set[str]:
    """The commands of a new ``lms``."""
    group = lms.cli.Commands("lms")
    return set(group.list_commands(click.Context(group)))


ROOMS = {
    room.package.__name__: room
    for room in (
        Room(
            assessments.types, "TYPE", question_types,
            "from assessments.choices import lines\nfrom assessments.model import Sheet\n"
            "from assessments.type import QuestionType\nfrom curricula.anatomy import Anatomy\n"
            "TYPE = QuestionType('added', 'Added', Anatomy(), lambda *_: Sheet('', ()), lambda *_: None, lines)\n",
        ),
        Room(
            certificates.formats, "FORMAT", discover_formats,
            "from certificates.formats import Format\n"
            "FORMAT = Format('added', '.txt', 'text/plain', lambda record, keys: b'x')\n",
        ),
        Room(
            lms.reports, "REPORT", reports,
            "from lms.tables import Column, Report\n"
            "REPORT = Report('added', {}, {}, (), (), lambda session, extraction, filters: iter(()))\n",
        ),
        Room(
            lms.exports, "EXPORT", exports,
            "from lms.tables import Export\n"
            "EXPORT = Export('added', 'txt', 'text/plain', 'Text', {}, lambda table: iter(()))\n",
        ),
        Room(lms.jobs, "run", lambda: discover(lms.jobs, "run"), "def run(tools, payload):\n    pass\n"),
        Room(
            lms.views, "blueprint", views,
            "from flask import Blueprint\nblueprint = Blueprint('added', __name__)\n",
        ),
        Room(
            lms.api, "blueprint", views,
            "from flask import Blueprint\nblueprint = Blueprint('added', __name__)\n",
        ),
        Room(
            lms.cli, "command", commands,
            "import click\n@click.command('added')\ndef command():\n    pass\n",
        ),
    )
}  # fmt: skip


def plugins(package: ModuleType) -> list[Any]:
    """A test case for each file of a room."""
    return [pytest.param(module, id=module.__name__.rpartition(".")[2]) for module in modules(package)]


ALL = [pytest.param(room, module, id=module.__name__) for room in ROOMS.values() for module in modules(room.package)]


@pytest.mark.parametrize(("room", "module"), ALL)
def test_every_file_of_a_room_is_a_plug_in_and_says_what_it_is(room: Room, module: ModuleType) -> None:
    assert hasattr(module, room.name), f"{module.__name__} would be passed over: it has no {room.name}"
    assert module.__doc__


@pytest.fixture
def added(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """A room with one more file while the test lasts."""
    room: Room = ROOMS[request.param]
    (tmp_path / "added.py").write_text(room.added)
    monkeypatch.setattr(room.package, "__path__", [*room.package.__path__, str(tmp_path)])
    caches = (question_types, reports, exports)
    for cached in caches:
        cached.cache_clear()
    yield room
    for cached in caches:
        cached.cache_clear()
    sys.modules.pop(f"{room.package.__name__}.added", None)
    if hasattr(room.package, "added"):
        delattr(room.package, "added")


@pytest.mark.parametrize("added", ROOMS, indirect=True)
def test_a_file_added_to_a_room_is_found_unasked(added: Room) -> None:
    assert "added" in added.found()


@pytest.mark.parametrize(("find", "name"), [(question_types, "TYPE"), (reports, "REPORT"), (exports, "EXPORT")])
def test_registries_hold_what_the_files_define(find: Callable[[], dict[str, Any]], name: str) -> None:
    room = next(room for room in ROOMS.values() if room.name == name)
    assert list(find().values()) == [getattr(module, name) for module in modules(room.package)]
    assert all(entry.key == key for key, entry in find().items())


def both(text: Localized) -> bool:
    """Whether a text is there in each language."""
    return set(text) == set(LANGUAGES) and all(value.strip() for value in text.values())


# Certificates


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys to sign with."""
    return Keys.open(tmp_path_factory.mktemp("plugins") / "keys", b"a passphrase", did_web(BASE_URL), NOW)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("module", plugins(certificates.formats))
def test_a_certificate_format_makes_a_file(module: ModuleType, keys: Keys, language: str) -> None:
    form: Format = module.FORMAT
    assert form.suffix.startswith(".")
    assert form.suffix == form.suffix.lower()
    assert form.media_type.count("/") == 1
    record = make_record(language=language)
    made = form.render(record, keys)
    assert isinstance(made, bytes)
    assert made
    assert b"PRIVATE KEY" not in made
    assert made != form.render(replace(record, holder="Somebody Else"), keys), "the file says whose it is"


# Jobs


@pytest.mark.parametrize("module", plugins(lms.jobs))
def test_a_job_takes_its_tools_and_a_payload(module: ModuleType) -> None:
    """Or, where many are done together, those that are due."""
    asked = "claims" if hasattr(module, "TOGETHER") else "payload"
    assert list(inspect.signature(module.run).parameters) == ["tools", asked]
    assert module.run.__doc__


def test_what_is_promised_is_a_job() -> None:
    promised = {
        call.args[1].value
        for path in (CODE / "lms").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", getattr(call.func, "attr", "")) in {"promise", "promise_all"}
        and isinstance(call.args[1], ast.Constant)
    }
    assert {"send_score", "issue_certificate", "resolve_lineitem"} <= promised
    assert promised <= set(discover(lms.jobs, "run"))


# Views


@pytest.mark.parametrize("module", plugins(lms.views))
def test_a_file_of_pages_is_a_blueprint_of_its_name(module: ModuleType, tmp_path: Path) -> None:
    blueprint = module.blueprint
    assert isinstance(blueprint, Blueprint)
    assert blueprint.name == module.__name__.rpartition(".")[2]
    assert isinstance(getattr(module, "CROSS_SITE", False), bool)
    app = create_app(make_config("", tmp_path))
    own = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{blueprint.name}.")}
    assert own, "it has pages"
    assert set(getattr(module, "OWN_TOKEN", ())) <= own
    for endpoint in own:
        assert app.view_functions[endpoint].__doc__, f"{endpoint} does not say what it is for"


def test_no_two_pages_share_an_address(tmp_path: Path) -> None:
    app = create_app(make_config("", tmp_path))
    seen: dict[tuple[str, str], str] = {}
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"OPTIONS"}:
            assert seen.setdefault((method, rule.rule), rule.endpoint) == rule.endpoint


def address(app: Flask, rule: Rule) -> str:
    """The address of a page, its parts filled with what leads to nothing."""
    samples = {"UUIDConverter": "00000000-0000-4000-8000-000000000000", "RowNumber": "999999"}
    values = {
        name: samples.get(type(converter).__name__, min(getattr(converter, "items", ["nothing-of-that-name"])))
        for name, converter in rule._converters.items()
    }
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def test_no_page_fails_for_a_stranger(app: Flask) -> None:
    client = app.test_client()
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    assert len(rules) > 30
    for rule in rules:
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = client.open(address(app, rule), method=method)
            unready = rule.endpoint in {"verify.did", "oid4vci.keys", "system.ready"} and answer.status_code == 503
            assert answer.status_code < 500 or unready, f"{method} {rule.rule}: {answer.status_code}"


ROOM_PREFIXES = ("/learn", "/teach", "/hr", "/admin", "/author")


def test_rooms_open_to_nobody_who_is_not_signed_in(app: Flask) -> None:
    client = app.test_client()
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(ROOM_PREFIXES)]
    assert {rule.rule.split("/")[1] for rule in rules} >= {"learn", "teach", "hr", "admin"}
    for rule in rules:
        if "GET" in (rule.methods or ()):
            assert client.get(address(app, rule)).status_code in {301, 302, 303, 308, 401, 404}, rule.rule
        if "POST" in (rule.methods or ()):
            assert client.post(address(app, rule)).status_code in {400, 401, 404}, rule.rule


# Reports and exports

AT = datetime(2026, 11, 20, 9, 42, tzinfo=UTC)


@pytest.mark.parametrize("module", plugins(lms.reports))
def test_a_report_says_what_it_is_in_both_languages(session: Session, module: ModuleType) -> None:
    report: Report = module.REPORT
    assert both(report.title)
    assert both(report.description)
    assert report.columns
    for keys_of in (report.columns, report.filters):
        names = [item.key for item in keys_of]
        assert len(names) == len(set(names))
        assert all(both(item.label) for item in keys_of)
    for item in report.filters:
        assert all(both(words) for words in item.choices().values())
        assert item.kind != "choice" or item.choices()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("module", plugins(lms.reports))
def test_a_report_of_nobody_is_empty_and_every_format_writes_it(
    session: Session, module: ModuleType, language: str
) -> None:
    report: Report = module.REPORT
    extraction = Extraction(AT, "Zoé", "Tout", language=language)
    assert list(report.table(session, extraction, "2026.1").rows) == []
    for export in exports().values():
        assert b"".join(export.chunks(report.table(session, extraction, "2026.1")))


@pytest.mark.parametrize("module", plugins(lms.reports))
def test_a_report_takes_each_of_its_filters(session: Session, module: ModuleType) -> None:
    report: Report = module.REPORT
    for item in report.filters:
        typed = {"date": "20/11/2026", "text": "x"}.get(item.kind) or next(iter(item.choices()))
        extraction = Extraction(AT, "Zoé", "Tout", asked={item.key: typed})
        table = report.table(session, extraction, "2026.1")
        assert list(table.rows) == []
        assert item.label["fr"] in table.provenance.filters
        assert report.read_filters({item.key: typed})[item.key] in (typed, date(2026, 11, 20))


@pytest.mark.parametrize("module", plugins(lms.exports))
def test_an_export_names_its_files(module: ModuleType) -> None:
    export: Export = module.EXPORT
    assert both(export.title)
    assert export.label
    assert export.media_type.count("/") == 1
    assert export.suffix.isalnum()


# Commands


@pytest.mark.parametrize("module", plugins(lms.cli))
def test_a_command_says_what_it_does(module: ModuleType) -> None:
    found = module.command if isinstance(module.command, list) else [module.command]
    assert found
    for command in found:
        assert isinstance(command, click.Command)
        below = command.commands.values() if isinstance(command, click.Group) else ()
        for each in (command, *below):
            assert each.help, f"lms … {each.name} has no help"
