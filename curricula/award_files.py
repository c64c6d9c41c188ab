"""The awards of a ``track.toml``: read, checked, and written back."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from curricula.awards import CertificateRule, JuryRule, LabelRule, Refresher, Way, own_modules
from curricula.fields import KEY, Fields
from curricula.folder import Folder
from curricula.model import Track
from curricula.problems import N_, Place, Problem

#: How long the key of an award may be: the label's own, « track/module » for a statement.
LONGEST = 100
TOO_LONG = N_("The key « %(key)s » is too long to name an award.")
#: How far members of a jury, months and minutes go.
MEMBERS, MONTHS, MINUTES = (2, 9), (1, 240), (1, 6000)


def read_certificate(fields: Fields) -> CertificateRule | None:
    """The table ``[certificate]``, if there is one."""
    table = fields.table_of("certificate")
    if table is None:
        return None
    valid = table.number("valid_months", *MONTHS) if "valid_months" in table.table else None
    rule = CertificateRule(
        title=table.texts("title"),
        modules=table.words("modules"),
        threshold=Fraction(table.number("threshold", 1, 100), 100),
        valid_months=valid,
        branches=table.number("branches", 1, 99) if "branches" in table.table else 0,
    )
    table.end()
    return rule


def read_label(fields: Fields) -> LabelRule | None:
    """The table ``[label]``, if there is one."""
    table = fields.table_of("label")
    if table is None:
        return None
    rule = LabelRule(
        key=table.key(),
        title=table.texts("title"),
        modules=table.words("modules"),
        threshold=Fraction(table.number("threshold", 1, 100), 100),
        valid_months=table.number("valid_months", *MONTHS) if "valid_months" in table.table else None,
        jury=_jury(table),
        refresher=_refresher(table),
        one_of=tuple(_way(way) for way in table.tables("one_of", "label.one_of")),
    )
    table.end()
    return rule


def _jury(fields: Fields) -> JuryRule | None:
    table = fields.table_of("jury")
    if table is None:
        return None
    rule = JuryRule(table.key("module"), table.number_or("members", MEMBERS[0], *MEMBERS))
    table.end()
    return rule


def _refresher(fields: Fields) -> Refresher | None:
    table = fields.table_of("refresher")
    if table is None:
        return None
    rule = Refresher(table.words("modules"), table.number("minutes", *MINUTES))
    table.end()
    return rule


def _way(table: Fields) -> Way:
    way = Way(
        award=table.key("award") if "award" in table.table else None,
        mention=table.texts("mention") if "mention" in table.table else None,
        modules=table.words("modules"),
        threshold=Fraction(table.number("threshold", 1, 100), 100) if "threshold" in table.table else None,
    )
    table.end()
    return way


def label_values(rule: LabelRule) -> dict[str, Any]:
    """The fields of ``[label]`` before its ways, in order."""
    jury, again = rule.jury, rule.refresher
    return {
        "key": rule.key, "title": rule.title, "modules": rule.modules, "threshold": int(rule.threshold * 100),
        "valid_months": rule.valid_months, "jury": vars(jury) if jury else None,
        "refresher": vars(again) if again else None,
    }  # fmt: skip


def way_values(way: Way) -> dict[str, Any]:
    """The fields of one ``[[label.one_of]]``, in order."""
    threshold = int(way.threshold * 100) if way.threshold is not None else None
    return {"award": way.award, "modules": way.modules or None, "threshold": threshold, "mention": way.mention}


def check_awards(track: Track, folder: Folder) -> Iterator[Problem]:
    """What the awards of a track ask for and cannot be had."""
    place = folder.place("track.toml")
    if track.certificate and not track.certificate.modules:
        line = place.line_of(r"^\[certificate\]")
        yield place.problem(line, N_("The certificate asks for no module."), N_('Add modules = ["…"].'))
    for key in track.certificate.modules if track.certificate else ():
        module = track.module(key)
        if module is None or module.status == "planned":
            line = place.line_of(r"^\[certificate\]")
            what, fix = N_("The certificate asks for « %(key)s »."), N_("Name published modules only.")
            yield place.problem(line, what, fix, key=key)
    long = [module.key for module in track.modules if len(f"{track.key}/{module.key}") > LONGEST]
    for key in long if track.attendance else ():
        line = place.line_of(r"^attendance")
        yield place.problem(line, TOO_LONG, N_("Use a shorter key."), key=key)
    if track.label is not None:
        yield from _check_label(track, track.label, place)


def _check_label(track: Track, label: LabelRule, place: Place) -> Iterator[Problem]:
    line = place.line_of(r"^\[label\]")
    if not (label.modules or label.one_of or label.jury):
        yield place.problem(line, N_("The label asks for nothing."), N_('Add modules = ["…"].'))
    if len(label.key) > LONGEST:
        yield place.problem(line, TOO_LONG, N_("Use a shorter key."), key=label.key)
    if label.key == track.key:
        what, fix = N_("The label has the key of its track, which names its certificate."), N_("Use another key.")
        yield place.problem(line, what, fix)
    for key in own_modules(label):
        module = track.module(key)
        if module is None or not module.published:
            what = N_("The label asks for « %(key)s ».")
            yield place.problem(line, what, N_("Name published modules only."), key=key)
    jury = track.module(label.jury.module) if label.jury else None
    if jury is not None and not (jury.quiz and jury.quiz.jury):
        what = N_("The label asks for a work that a jury accepts in « %(key)s », which no jury decides.")
        yield place.problem(line, what, N_("Add jury = true to the assessment of that module."), key=jury.key)
    if label.refresher is not None:
        yield from _check_refresher(track, label.refresher, place, line)
    for way in label.one_of:
        yield from _check_way(label, way, place)


def _check_refresher(track: Track, again: Refresher, place: Place, line: int) -> Iterator[Problem]:
    modules = [module for key in dict.fromkeys(again.modules) if (module := track.module(key)) is not None]
    least = sum(module.duration_minutes for module in modules)
    if again.minutes > least:
        what = N_("The refresher asks for %(asked)s minutes; its modules last %(least)s.")
        yield place.problem(line, what, N_("Ask for fewer, or name more modules."), asked=again.minutes, least=least)


def _check_way(label: LabelRule, way: Way, place: Place) -> Iterator[Problem]:
    line = place.line_of(r"^\[\[label\.one_of\]\]") or place.line_of(r"^\[label\]")
    if bool(way.award) == bool(way.modules):
        what, fix = N_("A way to the label is an award, or modules."), N_("Give award = or modules =, not both.")
        yield place.problem(line, what, fix)
    if way.award == label.key:
        yield place.problem(line, N_("The label asks for itself."), N_("Name another award."))
    for key in way.modules:
        track, slash, module = key.rpartition("/")
        if not KEY.fullmatch(module) or (slash and not KEY.fullmatch(track)):
            what, fix = (
                N_("« %(value)s » names no module."),
                N_("Write « module », or « track/module » of another one."),
            )
            yield place.problem(line, what, fix, value=key)
