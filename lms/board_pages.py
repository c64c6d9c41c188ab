"""HR's dashboard in words and drawings: what ``hr/board.html`` shows of a board."""

from fractions import Fraction
from typing import Any

from flask import url_for

from lms.charts import Series, gauge, lines
from lms.i18n import day, euros, figure, localized, number, ratio
from lms.i18n import gettext as _
from lms.pages import tracks
from lms.services.dashboards import Asked, Board, Part
from lms.services.figure_facts import WHOLE
from lms.services.trajectory import BudgetedYear, Trajectory

#: Cents in a million and in a thousand euros.
_MILLION, _THOUSAND = 100_000_000, 100_000


def board_values(board: Board, asked: Asked, below: int) -> dict[str, Any]:
    """Everything the page says of a board."""
    return {
        "sentence": sentence(board),
        "source": _source(board),
        "facts": _facts(board),
        "trail": [(unit.name, _url(asked, unit=unit.id)) for unit in board.trail[:-1]],
        "unit": board.trail[-1] if board.trail else None,
        "up_url": _url(asked, unit=None) if board.trail else None,
        "trajectory": _trajectory(board.trajectory, board.judged) if board.trajectory and board.judged else None,
        "coverage": _coverage(board, asked),
        "funnel": _funnel(board.total),
        "categories": _categories(board),
        "gaps": _gaps(board, asked),
        "before": _before(board),
        "threshold": below,
        "year": board.year,
    }


def sentence(board: Board) -> str:
    """The state of things, in two sentences."""
    share = board.total.share("completed", "agents")
    if board.total.counts["agents"] == 0:  # None is masked: there are some
        first = _("No agent of the population is declared here yet.")
    elif share is None:
        first = _("There are too few agents here for a figure to be shown.")
    else:
        first = _("%(share)s of the agents of the population are trained.", share=ratio(share))
    found = board.judged
    if found is None or found.growth is None:
        return first
    growth, gap = ratio(found.growth), found.gap
    where = (
        _("The budget changes by %(growth)s.", growth=growth) if gap is None
        else _("The budget changes by %(growth)s, below the path.", growth=growth) if gap < 0
        else _("The budget changes by %(growth)s, as much as the path or more.", growth=growth)
    )  # fmt: skip
    if found.earmarking is None:
        return f"{first} {where}"
    return f"{first} {where} " + _("%(share)s of the rise goes to AI.", share=ratio(found.earmarking))


def track_names() -> dict[str, str]:
    """Key → title of each track, as the reader calls it."""
    return {key: localized(track.title) for key, track in tracks().items()}


def category_name(key: str) -> str:
    """A grade in the reader's words."""
    return {"contractuel": _("Contract staff"), "non renseigné": _("Not stated")}.get(key, key)


def _url(asked: Asked, **changed: Any) -> str:
    values = {"unit": asked.unit_id, "branch": asked.branch, "category": asked.category, "track": asked.track or None,
              "day": asked.day.isoformat() if asked.day else None, **changed}  # fmt: skip
    return url_for("hr.index", **values)


def _source(board: Board) -> str:
    if board.day is None:
        return _("Distinct agents, as counted within the last minute.")
    if board.how == "closing":
        return _("Distinct agents on %(day)s, as kept at the end of the month.", day=day(board.day))
    if board.how == "counted":
        return _("Distinct agents on %(day)s, counted from the facts.", day=day(board.day))
    return _("Distinct agents on %(day)s, computed again from the facts: a month’s end answers faster.",
             day=day(board.day))  # fmt: skip


def shown(count: int | None) -> str:
    """A count, or that it is masked."""
    return _("masked") if count is None else number(count)


def _rate(value: Fraction | None) -> str:
    return "–" if value is None else ratio(value)


def _facts(board: Board) -> list[dict[str, str]]:
    total, now = board.total, board.total.counts
    facts = [
        {"value": _rate(total.share("completed", "agents")), "label": _("Coverage"),
         "why": _("%(trained)s trained of %(agents)s", trained=shown(now["completed"]), agents=shown(now["agents"]))},
        {"value": _rate(total.share("completed", "enrolled")), "label": _("Completion"),
         "why": _("%(trained)s trained of %(enrolled)s enrolled", trained=shown(now["completed"]),
                  enrolled=shown(now["enrolled"]))},
        {"value": _rate(total.share("certified", "completed")), "label": _("Certification"),
         "why": _("%(certified)s certified of %(trained)s trained", certified=shown(now["certified"]),
                  trained=shown(now["completed"]))},
    ]  # fmt: skip
    if now["minutes"] is not None and now["completed"]:
        per_agent = figure(Fraction(now["minutes"], 60 * now["agents"])) if now["agents"] else "–"
        facts.append({"value": _("%(hours)s h", hours=figure(Fraction(now["minutes"], 60 * now["completed"]))),
                      "label": _("Time for each agent trained"),
                      "why": _("%(hours)s h for each agent of the population", hours=per_agent)})  # fmt: skip
    if board.money is not None:
        money = board.money
        facts.append({"value": _rate(board.payment_rate), "label": _("Payment rate of %(year)s", year=board.year),
                      "why": _("%(paid)s paid (CP) of %(committed)s committed (AE) for AI", paid=euros(money.ai_cp),
                               committed=euros(money.ai_ae))})  # fmt: skip
        cost, certified = board.cost("completed"), board.cost("certified")
        facts.append({"value": "–" if cost is None else euros(cost),
                      "label": _("Cost for each agent trained in %(year)s", year=board.year),
                      "why": _("%(cost)s for each one certified, in CP",
                               cost="–" if certified is None else euros(certified))})  # fmt: skip
    return facts


def _before(board: Board) -> dict[str, Any] | None:
    """This year beside the last one, row by row."""
    if board.before is None or board.before_day is None:
        return None
    now, then = board.total, board.before
    rows = [
        {"label": label, "now": shown(now.counts[name]), "then": shown(then.counts[name]),
         "change": _change(now.counts[name], then.counts[name])}
        for name, label in (("agents", _("Agents of the population")), ("enrolled", _("Enrolled")),
                            ("completed", _("Trained")), ("certified", _("Certified agents")))
    ]  # fmt: skip
    rates = [
        {"label": label, "now": _rate(now.share(part, whole)), "then": _rate(then.share(part, whole)), "change": "–"}
        for part, whole, label in (
            ("completed", "agents", _("Coverage")),
            ("certified", "completed", _("Certification")),
        )
    ]
    return {"day": board.before_day, "rows": rows + rates}


def _change(now: int | None, then: int | None) -> str:
    if now is None or then is None:
        return "–"
    return f"+{number(now - then)}" if now > then else number(now - then).replace("-", "−")


def _coverage(board: Board, asked: Asked) -> dict[str, Any] | None:
    if not board.children:
        return None
    if board.by_unit is None:
        return {"rows": [], "said": _("Too few agents are trained here for a detail to tell of nobody in particular.")}
    seen = {unit.id: unit for unit in board.children}
    rows = []
    for part in board.by_unit:
        unit = seen.get(part.key)
        rows.append({
            "name": unit.name if unit else _("In none of these units"),
            "url": _url(asked, unit=unit.id) if unit and part.key != WHOLE else None,
            **_bar(part, "completed", "agents"),
        })  # fmt: skip
    shares = [share for part in board.by_unit if (share := part.share("completed", "agents")) is not None]
    said = (
        _("From %(least)s to %(most)s. An agent in two tracks counts once.", least=ratio(min(shares)),
          most=ratio(max(shares)))
        if shares else _("An agent in two tracks counts once.")
    )  # fmt: skip
    return {"rows": rows, "said": said}


def _bar(part: Part, count: str, whole: str) -> dict[str, Any]:
    one, other = part.counts[count], part.counts[whole]
    return {
        "value": one, "max": max(other or 0, one or 0, 1), "share": _rate(part.share(count, whole)),
        "detail": f"{shown(one)} / {shown(other)}",
    }  # fmt: skip


def _funnel(total: Part) -> dict[str, Any]:
    names = (
        ("agents", _("Population P"), None, _("agents who may benefit from AI")),
        ("enrolled", _("Enrolled"), "agents", _("%(share)s of the population")),
        ("completed", _("Trained"), "enrolled", _("%(share)s of those enrolled: completion")),
        ("presented", _("Presented"), "completed", _("%(share)s of those trained")),
        ("certified", _("Certified agents"), "presented", _("%(share)s of those presented: success")),
    )
    counts = [total.counts[name] for name, *_rest in names]
    most = max([count for count in counts if count is not None] or [1])
    rows = [
        {
            "name": label, "value": count, "max": max(most, 1), "share": shown(count),
            "detail": words % {"share": _rate(total.share(name, whole))} if whole else words,
        }
        for (name, label, whole, words), count in zip(names, counts, strict=True)
    ]  # fmt: skip
    return {"rows": rows, "said": _("From the population to the certificate, distinct agents at each step.")}


def _categories(board: Board) -> list[dict[str, str]] | None:
    if board.by_category is None:
        return None
    return [
        {"name": category_name(part.key), **{name: shown(part.counts[name]) for name in
                                             ("agents", "enrolled", "completed", "certified")},
         "share": _rate(part.share("completed", "agents"))}
        for part in board.by_category
    ]  # fmt: skip


def _gaps(board: Board, asked: Asked) -> list[dict[str, Any]]:
    """What is left to train, in any track and in each."""
    names, agents = track_names(), board.total.counts["agents"]
    done = {part.key: part.counts["completed"] for part in board.by_track}
    chosen = [("", _("Any track"), board.total.counts["completed"])] if not asked.track else []
    keys = [asked.track] if asked.track else [*names, *sorted(done.keys() - names.keys())]
    chosen += [(key, names.get(key, key), done.get(key, 0)) for key in keys]
    return [
        {
            "name": name, "trained": shown(trained),
            "left": "–" if trained is None or agents is None else number(agents - trained),
            "url": url_for("gaps.index", unit=asked.unit_id, branch=asked.branch, category=asked.category,
                           track=key or None) if board.day is None else None,
        }
        for key, name, trained in chosen
    ]  # fmt: skip


def _trajectory(found: Trajectory, now: BudgetedYear) -> dict[str, Any]:
    reference, reached, known = found.reference, now.earmarking, now.amounts
    paths = {"linear": _("linear path"), "geometric": _("geometric path"), "custom": _("chosen path")}
    goals, real = [each.target for each in found.years], [each.budget for each in found.years]
    labels = [_("Reference"), *(str(each.year) for each in found.years[1:])]
    ai_rise = _euros(known.ai_ae - reference.ai_base if known else None)
    return {
        "path": paths[reference.path],
        "gap": None if now.gap is None else _euros(now.gap),
        "below": now.gap is not None and now.gap < 0,
        "year": now.year,
        "known": known is not None,
        "drawings": lines(labels, [Series("goal", goals), Series("real", real)], _millions, short=_short_millions),
        "description": _path_description(found, now),
        "rows": [
            {"year": label, "target": _euros(each.target), "opened": _euros(each.budget), "gap": _euros(each.gap)}
            for label, each in zip(labels, found.years, strict=True)
        ],
        "rise": _euros(known.ae_opened - reference.base if known else None),
        "ai_rise": ai_rise,
        "ai": _euros(known.ai_ae if known else None),
        "ai_base": euros(reference.ai_base),
        "shortfall": euros(now.shortfall) if now.shortfall else None,
        "earmarking": None if reached is None else ratio(reached),
        "gauge": None if reached is None else gauge(
            reached, ai_rise, ratio(reached), ("0", _("rule: %(whole)s", whole=ratio(1))),
        ),
    }  # fmt: skip


def _euros(cents: int | None) -> str:
    return "–" if cents is None else euros(cents).replace("-", "−")


def _millions(cents: int) -> str:
    if abs(cents) >= _MILLION or cents == 0:
        return _("%(amount)s M€", amount=figure(Fraction(cents, _MILLION)))
    return _("%(amount)s k€", amount=figure(Fraction(cents, _THOUSAND)))


def _short_millions(cents: int) -> str:
    return figure(Fraction(cents, _MILLION))


def _path_description(found: Trajectory, now: BudgetedYear) -> str:
    base, goal = _euros(found.reference.base), _euros(found.years[-1].target)
    if now.budget is None or now.target is None:
        return _("The path goes from %(base)s to %(goal)s in three years.", base=base, goal=goal)
    return _(
        "The path goes from %(base)s to %(goal)s in three years. In %(year)s, %(opened)s are opened, for a target of "
        "%(target)s.",
        base=base, goal=goal, year=now.year, opened=_euros(now.budget), target=_euros(now.target),
    )  # fmt: skip
