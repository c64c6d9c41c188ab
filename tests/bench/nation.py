"""A nation of agents, made by the database itself: agents, people, courses, tracks, lessons, results, certificates.

For each agent: a state, a person held to be them, a course of a hundred, an enrolment in one of the tracks of the
release, six lessons read; for half of them an assessment passed, for two in five a track completed, for one in five a
certificate. Their figures are made as they must be: ``tests/test_benches.py`` compares them with the facts.
"""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, text

from assessments.draw import as_written
from curricula.model import Module, Track
from lms.services.answers import stored_question
from lms.services.figure_facts import COUNTS
from tests.certificates.certificate_samples import make_record

MINISTRIES, DIRECTORATES, LEARNERS_A_COURSE, LESSONS = 20, 500, 100, 6
#: Agents made in one transaction: rows of one agent stay near each other, as those of a life would not all be.
CHUNK = 100_000
#: Entries of a status list (Bitstring Status List 1.0): two bits each here, 131 072 of them.
ENTRIES = 131_072

#: What each database calls what it makes: numbers of a range, a moment so many days after the first, a new UUID.
WORDS = {
    "postgresql": {
        "numbers": "generate_series({0}, {1}) n(i)",
        "day": "timestamptz '2024-12-01 09:00+00' + ({0}) * interval '1 day'",
        "uuid": "gen_random_uuid()", "json": "cast({0} as json)", "year": "cast(extract(year from {0}) as integer)",
    },
    "sqlite": {
        "numbers": "(with recursive n(i) as (select {0} union all select i + 1 from n where i < {1}) "
                   "select i from n) n",
        "day": "datetime('2024-12-01 09:00:00', '+' || ({0}) || ' days')",
        "uuid": "lower(hex(randomblob(16)))", "json": "{0}", "year": "cast(strftime('%Y', {0}) as integer)",
    },
}  # fmt: skip

#: The service of agent i, its directorate, its ministry: each begins at 0. The numbers of units follow from them.
SERVICE = "(i % {services})"
DIRECTORATE = f"({SERVICE} % {DIRECTORATES})"
MINISTRY = f"({DIRECTORATE} % {MINISTRIES})"
BRANCH = f"case {MINISTRY} % 3 when 0 then 'FPE' when 1 then 'FPT' else 'FPH' end"
CATEGORY = "case i % 4 when 0 then 'A' when 1 then 'B' when 2 then 'C' else 'contractuel' end"
NAME = "'Nom' || (i % 99991 * 7919 % 99991)"
#: When agent i enrolled, in days; half of them before a year ago.
BEGAN = "(i * 7 % 660)"

UNITS = (
    ("insert into unit (id, code, path, kind, name) select 1 + i, 'm' || i, (1 + i) || '.', 'ministry', "
     "'Ministère ' || i from {ministries}"),
    (f"insert into unit (id, code, parent_id, path, kind, name) select 101 + i, 'd' || i, 1 + i % {MINISTRIES}, "
     f"(1 + i % {MINISTRIES}) || '.' || (101 + i) || '.', 'directorate', 'Direction ' || i from {{directorates}}"),
    (f"insert into unit (id, code, parent_id, path, kind, name) select 1001 + i, 's' || i, 101 + i % {DIRECTORATES}, "
     f"(1 + i % {DIRECTORATES} % {MINISTRIES}) || '.' || (101 + i % {DIRECTORATES}) || '.' || (1001 + i) || '.', "
     "'service', 'Service ' || i from {all_services}"),
    ("insert into unit_state (unit_id, since, parent_id, kind, name) select id, {first}, parent_id, kind, name "
     "from unit"),
    "insert into status_list (id, signed) select 1 + i, {nothing} from {lists}",
)  # fmt: skip

PEOPLE = (
    ("insert into agent (id, number, family_name, given_name, email, branch, ministry, directorate, service, category, "
     f"corps, unit_id, population, left_out, updated_at) select i, 'A-' || i, {NAME}, "
     f"'Prénom' || (i % 997), 'agent' || i || '@example.org', {BRANCH}, 'Ministère ' || {MINISTRY}, "
     f"'Direction ' || {DIRECTORATE}, 'Service ' || {SERVICE}, {CATEGORY}, 'Corps ' || (i % 40), 1001 + {SERVICE}, "
     "true, false, {first} from {agents}"),
    ("insert into agent_state (agent_id, since, unit_id, branch, category, corps, population) "
     f"select i, {{first}}, 1001 + {SERVICE}, {BRANCH}, {CATEGORY}, 'Corps ' || (i % 40), true from {{agents}}"),
    ("insert into person (id, platform_id, subject, given_name, family_name, full_name, email, sourced_id, "
     "certificate_name, text_size, text_space, created_at) select i, 1, 'learner-' || i, 'Prénom' || (i % 997), "
     f"{NAME}, 'Prénom' || (i % 997) || ' ' || {NAME}, 'agent' || i || '@example.org', 'A-' || i, "
     f"'Prénom' || (i % 997) || ' ' || {NAME}, 'm', 'm', {{first}} from {{agents}}"),
    ("insert into agent_match (person_id, agent_id, state, by, decided_at) select i, i, 'sure', 'sourced_id', {first} "
     "from {agents}"),
    ("insert into context (id, deployment_id, lti_id, title, label, created_at) select i / {a_course}, 1, "
     "'course-' || (i / {a_course}), 'Cours ' || (i / {a_course}), '', {first} from {agents} where i % {a_course} = 0"),
    ("insert into resource_link (id, context_id, lti_id, title, track_key, lineitem_url, ags_scopes, differing) "
     "select i / {a_course}, i / {a_course}, 'link-1', 'Parcours', t.key, 'https://lms.example.org/items/' || i, "
     "{nowhere}, 0 from {agents} join bench_track t on t.place = i / {a_course} % {tracks} where i % {a_course} = 0"),
    ("insert into membership (person_id, context_id, role, first_seen_at, last_seen_at) select i, "
     "{course}, 'learner', {began}, {began} from {agents}"),
    ("insert into participation (person_id, resource_link_id, sending_complete, completed_sent) select i, "
     "{course}, false, false from {agents}"),
)  # fmt: skip

FACTS = (
    ("insert into enrolment (id, person_id, track_key, track_version, track_digest, enrolled_at, started_at, "
     "completed_at, last_module, last_lesson, last_at) select i, i, t.key, t.version, t.digest, {began}, {began}, "
     "case when i % 5 < 2 then {ended} end, l.module, l.lesson, {ended} from {agents} "
     "join bench_track t on t.place = {course} % {tracks} join bench_lesson l on l.track = t.place and l.place = 0"),
    ("insert into lesson_progress (enrolment_id, module_key, lesson_key, opened_at, read_at) select i, l.module, "
     "l.lesson, {began}, {ended} from {agents} join bench_lesson l on l.track = {course} % {tracks} order by i"),
    ("insert into attempt (id, enrolment_id, module_key, number, track_version, track_digest, seed, questions, "
     "put_last, started_at, pauses, submitted_at, timed_out, score, passed, marks) select {uuid}, i, l.module, 1, "
     "t.version, t.digest, 's', {questions}, {nothing}, {ended}, 0, {ended}, false, '4/5', true, {marks} from {agents} "
     "join bench_track t on t.place = {course} % {tracks} join bench_lesson l on l.track = t.place and l.place = 0 "
     "where i % 2 = 0"),
    ("insert into certificate (id, person_id, enrolment_id, award_key, cycle, edition, number, code, record, status, "
     "status_list_id, status_index, signed_with, issued_at, valid_until, name_public) select {uuid}, i, i, t.key, 1, "
     "1, 'MPIA-' || i, 'code-' || i, {record}, 'valid', 1 + i / 5 / {entries}, i / 5 % {entries}, 'key-1', {ended}, "
     "{expires}, true from {agents} join bench_track t on t.place = {course} % {tracks} where i % 5 = 0"),
    ("insert into outbox_job (kind, key, payload, platform_id, status, version, tries, due_at, created_at, "
     "finished_at) select 'send_score', 'participation:' || i, {nothing}, 1, "
     "case when i % 100 = 0 then 'pending' else 'done' end, 1, 0, {ended}, {ended}, {ended} from {agents} "
     "where i % 2 = 0"),
    ("insert into audit_entry (at, person_id, action, target, details) select {began}, i, 'launch', 'platform:1', "
     "{nothing} from {agents} where i % 5 = 0"),
)  # fmt: skip


def _figures(key: str) -> tuple[str, ...]:
    """What agents did in the track of that key, in the year they enrolled, and in that of the rest if it is another."""
    did = ("case when i % 5 < 2 then 1 else 0 end, case when i % 2 = 0 then 1 else 0 end, "
           "case when i % 5 = 0 then 1 else 0 end, case when i % 2 = 0 then t.passed else t.unpassed end")  # fmt: skip
    same = "{began_year} = {ended_year}"
    of_same = ", ".join(f"case when {same} then {each} else 0 end" for each in did.split(", "))
    into = (
        f"insert into agent_figure (agent_id, track_key, year, path, branch, category, population, {', '.join(COUNTS)})"
    )
    where = ("from {agents} join bench_track t on t.place = {course} % {tracks} "
             f"join unit u on u.id = 1001 + {SERVICE}")  # fmt: skip
    cell = f"u.path, {BRANCH}, {CATEGORY}, true"
    return (
        f"{into} select i, {key}, {{began_year}}, {cell}, 0, 1, {of_same} {where}",
        f"{into} select i, {key}, {{ended_year}}, {cell}, 0, 0, {did} {where} where not {same}",
    )


FIGURES = (
    ("insert into agent_figure (agent_id, track_key, year, path, branch, category, population, agents, enrolled, "
     f"completed, presented, certified, minutes) select i, '', 0, u.path, {BRANCH}, {CATEGORY}, true, 1, 0, 0, 0, 0, 0 "
     f"from {{agents}} join unit u on u.id = 1001 + {SERVICE}"),
    *_figures("t.key"),
    *_figures("''"),
)  # fmt: skip

#: The units of a path, from the whole institution to the last.
LEVELS = (
    "0", "(select id from unit u where u.path = f.path)", "(select parent_id from unit u where u.path = f.path)",
    "(select p.parent_id from unit u join unit p on p.id = u.parent_id where u.path = f.path)",
)  # fmt: skip

#: Tables whose rows named their own numbers.
NUMBERED = ("unit", "status_list", "agent", "person", "context", "resource_link", "enrolment")


def fill(engine: Engine, agents: int, tracks: list[Track], told: Callable[[str], None] = lambda _said: None) -> None:
    """Make that many agents (a multiple of 100) and all that is theirs. Platform and deployment 1 are there already."""
    with engine.connect() as connection:
        kind = connection.dialect.name
        if kind == "postgresql":
            # The rows are right as they are made: no foreign key is looked up, nothing is waited for.
            connection.execute(text("set session_replication_role = replica"))
            connection.execute(text("set synchronous_commit = off"))
        _keep_tracks(connection, tracks)
        values = _values(kind, agents, tracks)
        _run(connection, UNITS, values)
        for start in range(1, agents + 1, CHUNK):
            values["agents"] = WORDS[kind]["numbers"].format(start, min(start + CHUNK - 1, agents))
            _run(connection, PEOPLE + FACTS, values)
            told(f"{min(start + CHUNK - 1, agents)} agents")
        for table in NUMBERED if kind == "postgresql" else ():
            connection.execute(
                text(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")
            )
        connection.commit()
        if kind == "postgresql":
            connection.execute(text("set session_replication_role = origin"))
            connection.commit()


def settle(engine: Engine) -> None:
    """The database learns how large its tables are, and cleans them, as it does by itself in time."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.execute(text("analyze"))
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def count_everybody(engine: Engine, agents: int, tracks: list[Track]) -> None:
    """The figures that ``lms.services.figures`` would come to, from what the agents are known to have done."""
    names = ", ".join(COUNTS)
    with engine.connect() as connection:
        kind = connection.dialect.name
        _keep_tracks(connection, tracks)
        values = _values(kind, agents, tracks)
        for start in range(1, agents + 1, CHUNK):
            values["agents"] = WORDS[kind]["numbers"].format(start, min(start + CHUNK - 1, agents))
            _run(connection, FIGURES, values)
        sums = ", ".join(f"sum({name}) as {name}" for name in COUNTS)
        keys = "track_key, year, branch, category, population"
        connection.execute(text(
            f"create temporary table bench_sum as select path, {keys}, {sums} from agent_figure group by path, {keys}"
        ))  # fmt: skip
        # Of every unit above, the whole institution (0) included: each level of the tree is one pass.
        for level in LEVELS:
            connection.execute(text(
                f"insert into figure (unit_id, {keys}, {names}) select {level} as unit_id, {keys}, {sums} "
                f"from bench_sum f group by unit_id, {keys}"
            ))  # fmt: skip
        connection.commit()


def _run(connection: Connection, statements: tuple[str, ...], values: dict[str, str]) -> None:
    for statement in statements:
        connection.execute(text(statement.format(**values)))
    connection.commit()


def _keep_tracks(connection: Connection, tracks: list[Track]) -> None:
    for table, columns in (
        ("bench_track", "place integer, key varchar(100), version varchar(50), digest varchar(64), "
                        "passed integer, unpassed integer"),
        ("bench_lesson", "track integer, place integer, module varchar(100), lesson varchar(100)"),
    ):  # fmt: skip
        connection.execute(text(f"drop table if exists {table}"))
        connection.execute(text(f"create temporary table {table} ({columns})"))
    for place, track in enumerate(tracks):
        first = track.published_modules[0]
        lessons = [each for module in track.published_modules for each in _minutes(module)][:LESSONS]
        beside = sum(minutes for module, _lesson, minutes in lessons if module != first.key)
        connection.execute(
            text("insert into bench_track values (:place, :key, :version, :digest, :passed, :unpassed)"),
            {
                "place": place, "key": track.key, "version": track.version, "digest": track.digest,
                "passed": first.duration_minutes + beside, "unpassed": sum(minutes for *_names, minutes in lessons),
            },
        )  # fmt: skip
        for number, (module, lesson, _minute) in enumerate(lessons):
            connection.execute(
                text("insert into bench_lesson values (:track, :place, :module, :lesson)"),
                {"track": place, "place": number, "module": module, "lesson": lesson},
            )
    connection.commit()


def _minutes(module: Module) -> list[tuple[str, str, int]]:
    """(module, lesson, minutes that count): lessons never add up to more than their module."""
    found, left = list[tuple[str, str, int]](), module.duration_minutes
    for lesson in module.lessons:
        found.append((module.key, lesson.key, min(lesson.minutes, left)))
        left -= found[-1][2]
    return found


def _values(kind: str, agents: int, tracks: list[Track]) -> dict[str, str]:
    """What the statements above name, in the words of that database."""
    words, services = WORDS[kind], max(DIRECTORATES, agents // 500)
    module = tracks[0].published_modules[0]
    drawn = [stored_question(as_written(question)) for question in module.questions[:10]]
    marks = {each["key"]: {"points": "1", "reason": "right"} for each in drawn}
    holder = f"'Prénom' || (i % 997) || ' ' || {NAME}"
    record = f"replace({_said(make_record(holder='HOLDER').to_dict())}, 'HOLDER', {holder})"
    each = {
        "ministries": words["numbers"].format(0, MINISTRIES - 1), "a_course": LEARNERS_A_COURSE,
        "directorates": words["numbers"].format(0, DIRECTORATES - 1), "services": services, "uuid": words["uuid"],
        "all_services": words["numbers"].format(0, services - 1), "tracks": len(tracks), "entries": ENTRIES,
        "lists": words["numbers"].format(0, agents // 5 // ENTRIES), "first": words["day"].format(0),
        "began": words["day"].format(BEGAN), "ended": words["day"].format(f"{BEGAN} + 30"),
        "began_year": words["year"].format(words["day"].format(BEGAN)),
        "ended_year": words["year"].format(words["day"].format(f"{BEGAN} + 30")),
        "expires": words["day"].format(f"{BEGAN} + 1125"), "nothing": _json(words, {}), "nowhere": _json(words, []),
        "questions": _json(words, drawn), "marks": _json(words, marks), "record": words["json"].format(record),
        "course": f"(1 + (i - 1) / {LEARNERS_A_COURSE})",
    }  # fmt: skip
    return {name: str(value).replace("{services}", str(services)) for name, value in each.items()}


def _json(words: dict[str, str], value: Any) -> str:
    return words["json"].format(_said(value))


def _said(value: Any) -> str:
    """A value as a text of SQL, in JSON."""
    said = json.dumps(value, ensure_ascii=False).replace("'", "''").replace(":", r"\:")
    return f"'{said}'"
