"""The dossier of a co-piloted project: a baseline, a measure after, costs and gains, marked by a person with a rubric.

The return on investment and the indicators are computed, never typed.
"""

from dataclasses import replace
from datetime import date

from assessments.amounts import cents, day
from assessments.dossier import (
    AVOIDED,
    GOALS,
    HOUR_VALUE,
    HOURS,
    INDICATOR,
    ROWS,
    SHARES,
    accounts,
    label_name,
    missing,
    value,
)
from assessments.model import Choice, DrawnQuestion, Field, Figure, Line, Missing, Plain, Response, Said, Sheet
from assessments.roi import gain
from assessments.type import QuestionType
from assessments.works import (
    CRITERIA,
    FILES,
    MEGABYTES,
    TEXT,
    files_field,
    files_line,
    keeping,
    text_line,
    typed,
    waits,
)
from curricula.anatomy import Anatomy
from curricula.model import Question
from curricula.problems import N_

EVIDENCE = "evidence"
_EURO, _HOUR, _PERCENT = (Choice(sign, Plain(sign)) for sign in ("€", "h", "%"))
_GOALS = (Choice(GOALS[0], N_("Goes down")), Choice(GOALS[1], N_("Goes up")))

_BASELINE = (
    Field("indicator", "line", N_("Indicator"), most=200, required=True, section=N_("The baseline"),
          help=N_("What is counted, for example: median time to answer a request.")),
    Field("unit", "line", N_("Unit"), most=60, required=True, help=N_("For example: working days.")),
    Field("goal", "pick", N_("It is progress when the value"), _GOALS, required=True),
    Field("before", "number", N_("Value before"), required=True),
    Field("baseline-day", "day", N_("Date of the baseline"), required=True),
    Field("method", "text", N_("Method: who counts what, where, how"), most=TEXT // 5, required=True,
          help=N_("Somebody else should be able to measure again and find the same.")),
)  # fmt: skip
_AFTER = (
    Field("after", "number", N_("Value after"), required=True, section=N_("The measure after")),
    Field("after-day", "day", N_("Date of the measure after"), required=True),
)
_COSTS = tuple(
    field
    for row in ROWS
    for field in (
        Field(label_name(row), "line", N_("What the cost is for"), most=200, number=row),
        Field(f"cost-{row}", "number", N_("Amount"), (_EURO,), number=row),
    )
)
_GAINS = (
    Field(AVOIDED, "number", N_("Costs avoided"), (_EURO,), section=N_("The gains")),
    Field(HOURS, "number", N_("Hours freed"), (_HOUR,)),
    Field(HOUR_VALUE, "number", N_("Value of an hour"), (_EURO,), help=N_("Its full cost, and where you found it.")),
)
_USERS = tuple(
    Field(name, "number", label, (_PERCENT,))
    for name, label in zip(
        (name for pair in SHARES for name in pair),
        (N_("Satisfaction before"), N_("Satisfaction after"), N_("Non-take-up before"), N_("Non-take-up after")),
        strict=True,
    )
)
_LEARNT = Field("governance", "text", N_("Who decides, who checks, what you learnt"), most=TEXT // 5,
                section=N_("Governance and lessons learnt"))  # fmt: skip


def sheet(question: Question, _drawn: DrawnQuestion, _response: Response) -> Sheet:
    """The fields of the dossier, by section."""
    costs = (replace(_COSTS[0], section=N_("The costs"), required=True), replace(_COSTS[1], required=True), *_COSTS[2:])
    users = (replace(_USERS[0], section=N_("The users (optional)")), *_USERS[1:])
    evidence = files_field(question, EVIDENCE, N_("Evidence: extracts, reports, decisions"))
    instruction = N_("Fill in the dossier as you go: it is saved. A person will mark it with the criteria shown.")
    return Sheet(instruction, (*_BASELINE, *_AFTER, *costs, *_GAINS, *users, _LEARNT, evidence))


def lines(_question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """The dossier as its jury reads it: what was measured, what follows from it, what it rests on."""
    goal = tuple(choice.text for choice in _GOALS if choice.key == typed(response, "goal"))
    costs = tuple(
        Line(Plain(typed(response, label_name(row)) or "–"), (_amount(typed(response, f"cost-{row}")),), (), None)
        for row in ROWS
        if typed(response, f"cost-{row}") or typed(response, label_name(row))
    )
    return (
        text_line(N_("Indicator"), response, "indicator"),
        text_line(N_("Unit"), response, "unit"),
        Line(N_("It is progress when the value"), goal, (), None),
        text_line(N_("Value before"), response, "before"),
        _day_line(N_("Date of the baseline"), response, "baseline-day"),
        text_line(N_("Method"), response, "method"),
        text_line(N_("Value after"), response, "after"),
        _day_line(N_("Date of the measure after"), response, "after-day"),
        *costs,
        Line(N_("Costs avoided"), _given(response, AVOIDED), (), None),
        text_line(N_("Hours freed"), response, HOURS),
        Line(N_("Value of an hour"), _given(response, HOUR_VALUE), (), None),
        *computed(_question, response),
        text_line(N_("Governance and lessons learnt"), response, "governance"),
        files_line(N_("Evidence"), response, EVIDENCE),
    )


def computed(_question: Question, response: Response) -> tuple[Line, ...]:
    """The return on investment and the indicators, as far as what is there allows."""
    return (*_money(response), *_progress(response), *_shares(response))


def _money(response: Response) -> tuple[Line, ...]:
    found = accounts(response)
    if found is None:
        return (
            Line(
                N_("Return on investment"),
                (N_("Not known yet: a cost is missing or an amount is unreadable."),),
                (),
                None,
            ),
        )
    roi: Said = N_("Not defined: the total cost is zero.") if found.roi is None else Figure("share", found.roi)
    return (
        Line(N_("Total cost"), (Figure("euros", found.cost),), (), None),
        Line(N_("Time freed, valued"), (Figure("euros", found.freed),), (), None),
        Line(N_("Net gain: avoided costs + time freed − total cost"), (Figure("euros", found.net),), (), None),
        Line(N_("Return on investment: net gain / total cost"), (roi,), (), None),
    )


def _progress(response: Response) -> tuple[Line, ...]:
    before, after = (value(response, name) for name in INDICATOR)
    goal = typed(response, "goal")
    if before is None or after is None or goal not in GOALS:
        return ()
    share = gain(before, after, goal)
    said: Said = N_("Not defined: the first value is zero.") if share is None else Figure("share", share)
    return (Line(N_("Progress of the indicator"), (said,), (), None),)


def _shares(response: Response) -> tuple[Line, ...]:
    """How many points satisfaction rose, and non-take-up fell."""
    found = []
    for (first, last), label, sign in zip(
        SHARES, (N_("Satisfaction, in points"), N_("Fall of non-take-up, in points")), (1, -1), strict=True
    ):
        before, after = value(response, first), value(response, last)
        if before is not None and after is not None:
            found.append(Line(label, (Figure("number", sign * (after - before)),), (), None))
    return tuple(found)


def _given(response: Response, name: str) -> tuple[Said, ...]:
    text = typed(response, name)
    return (_amount(text),) if text else ()


def _amount(text: str) -> Said:
    read = cents(text)
    return Plain(text) if read is None else Figure("euros", read)


def _day_line(label: str, response: Response, name: str) -> Line:
    text = typed(response, name)
    read = day(text)
    said: Said = Figure("day", read) if read else Plain(text)
    return Line(label, (said,) if text else (), (), None)


def lacks(_question: Question, response: Response, today: date) -> tuple[Missing, ...]:
    """What the dossier lacks to be handed in on that day."""
    return missing(response, today)


def settle(_question: Question, kept: Response, sent: Response) -> Response:
    """What was sent last, with the evidence."""
    return keeping(kept, sent, (EVIDENCE,))


TYPE = QuestionType(
    "project", N_("Dossier of a project"), Anatomy(options=(0, 0), criteria=CRITERIA, settings=(FILES, MEGABYTES)),
    sheet, waits, lines, settle=settle, missing=lacks, computed=computed,
)  # fmt: skip
