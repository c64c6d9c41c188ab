"""What pages say of awards: each condition in plain words, what it rests on, what was issued; one wording for all."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from babel.lists import format_list
from flask import url_for

from certificates.award import Decision, Rule
from certificates.names import NameRefused, holder_name
from certificates.needs import (
    Accepted,
    Condition,
    Evidence,
    Facts,
    Followed,
    Group,
    Holds,
    Need,
    Passed,
    Refreshed,
    SomeOf,
    Texts,
)
from curricula.model import Track
from curricula.progress import TrackProgress
from lms.i18n import current_language, day, duration, localized, ngettext, percent
from lms.i18n import gettext as _
from lms.models import Certificate, Person, utcnow
from lms.pages import tracks
from lms.services.awards import Award, unheld
from lms.services.verification import state_at


class AwardWords:
    """Says awards of a track to one reader.

    ``asks`` gives where a statement of attendance is asked for, by key; None where nobody may. ``asked`` are the keys
    of those under way. To an ``anonymous`` jury, a condition says nothing that would tell who the learner is.
    """

    def __init__(
        self, track: Track, state: TrackProgress | None = None, *, asks: Callable[[str], str] | None = None,
        asked: Iterable[str] = (), anonymous: bool = False,
    ) -> None:  # fmt: skip
        steps = state.modules if state else ()
        self.track, self.asks, self.asked, self.anonymous = track, asks, frozenset(asked), anonymous
        self.states = {
            f"{track.key}/{step.module.key}": "now" if step.state == "ready" else step.state for step in steps
        }

    def shown(self, awards: Sequence[Award]) -> dict[str, list[dict[str, Any]]]:
        """The variables of ``award_parts.html``: the certificate and the label, then statements of attendance."""
        said = [self._award(each) for each in awards]
        return {
            "main": [each for each in said if each["kind"] != "attendance"],
            "statements": [each for each in said if each["kind"] == "attendance"],
        }

    def _award(self, award: Award) -> dict[str, Any]:
        decision, issued = award.decision, None if self.anonymous else award.issued
        conditions = self.conditions(decision)
        asked = award.rule.key in self.asked
        may_ask = self.asks and award.rule.kind == "attendance" and decision.earned and not issued and not asked
        return {
            "key": award.rule.key.replace("/", "-"),
            "kind": award.rule.kind,
            "nature": nature(award.rule.kind),
            "title": title_with(award.rule.title, issued.record.get("mention") if issued else decision.mention),
            "state": "issued" if issued else "asked" if asked else "earned" if decision.earned else "missing",
            "met": sum(each.met for each in decision.conditions),
            "total": len(conditions),
            "conditions": conditions,
            "issued": issued_values(issued) if issued else None,
            "renewal": self.renewal(award),
            "ask_url": self.asks(award.rule.key) if may_ask and self.asks else None,
        }

    def renewal(self, award: Award) -> dict[str, Any] | None:
        """What the next cycle still asks for; None where there is none, or it is too soon to do anything for it.

        ``url`` is where its holder asks for it, once ``ready``; None for any other reader.
        """
        now = utcnow()
        if award.renewal is None or award.issued is None or not award.refreshing(now):
            return None
        return {
            "ready": award.renewable(now),
            "earned": award.renewal.earned,
            "conditions": [self._condition(each) for each in award.renewal.missing],
            "url": url_for("certificates.show", identity=award.issued.id, _anchor="renewal") if self.asks else None,
        }

    def conditions(self, decision: Decision) -> list[dict[str, Any]]:
        """Each condition: .state .title .reason .evidence [texts] .ways [the same of each way, with .mention]."""
        return [self._condition(each) for each in decision.conditions]

    def _condition(self, condition: Condition) -> dict[str, Any]:
        title, reason = self._words(condition)
        need, ways = condition.need, []
        if isinstance(need, SomeOf) and need.what == "way":
            mentions = {group.key: localized(group.mention) if group.mention else None for group in need.groups}
            ways = [
                {**self._condition(part), "mention": mentions[key]}
                for key, parts in condition.parts.items()
                for part in parts
            ]
        evidence = () if ways else condition.evidence
        return {
            "state": "met" if condition.met else self._state(condition),
            "title": title,
            "reason": reason,
            "evidence": [_evidence(each) for each in evidence if not self.anonymous or each.kind != "certificate"],
            "ways": ways,
        }

    def _state(self, condition: Condition) -> str:
        """The state of what is not met yet, as ``macros.need`` says it."""
        if isinstance(condition.need, Passed):
            state = self.states.get(condition.need.module, "todo")
            return "retry" if state == "passed" else state  # its own threshold is reached, not that of the award
        return "now" if condition.have else "todo"

    def asked_for(self, rule: Rule) -> list[dict[str, Any]]:
        """What a rule asks for, whoever reads it: .title .reason .ways [.title .reason .mention] .module (or none)."""
        return [self._need(need) for need in rule.needs]

    def _need(self, need: Need) -> dict[str, Any]:
        title, reason = self._words(need.look(Facts()))
        ways = []
        if isinstance(need, SomeOf):
            ways = [{**self._need(each), "mention": self._said(need, group)}
                    for group in need.groups for each in group.needs]  # fmt: skip
        if isinstance(need, Accepted):
            reason = _("A work accepted by a jury of %(num)s members at least.", num=need.members)
        elif isinstance(need, Holds):
            reason = _("Issued, and valid that day.")
        elif isinstance(need, Followed):
            reason = _("Every lesson read to its end.")
        module = need.module if isinstance(need, Passed | Followed | Accepted) else ""
        of, _slash, key = module.partition("/")
        return {"title": title, "reason": reason, "ways": ways, "module": key if of == self.track.key else None}

    def _said(self, need: SomeOf, group: Group) -> str | None:
        """What is said beside a group: its mention, or the name of its branch."""
        if need.what == "branch":
            branch = self.track.branch(group.key)
            return _("Branch to choose: %(title)s.", title=localized(branch.title)) if branch else None
        return localized(group.mention) if group.mention else None

    def _words(self, condition: Condition) -> tuple[str, str]:
        """(title, reason) of a condition."""
        need, have = condition.need, condition.have
        if isinstance(need, Passed):
            return self._module(need.module), _passed(need, condition)
        if isinstance(need, Followed):
            reason = _("Lessons read: %(read)s of %(total)s.", read=have or 0, total=len(need.lessons))
            return self._module(need.module), reason
        if isinstance(need, Accepted):
            title = _("%(module)s: a work accepted by a jury", module=self._module(need.module))
            return title, _accepted(need, condition)
        if isinstance(need, Holds):
            reason = _("Issued, and valid today.") if condition.met else _("Not valid, or not issued yet.")
            return award_title(need.award), reason
        if isinstance(need, SomeOf):
            return self._some(need, condition)
        assert isinstance(need, Refreshed)
        listed = format_list(list(map(self._module, need.modules)), locale=current_language())
        if need.minutes >= sum(need.modules.values()):  # each of them
            title = _("To pass again, from %(since)s on: %(modules)s", since=day(need.since), modules=listed)
            again = format_list(list(map(self._module, condition.modules)), locale=current_language())
            return title, _("Passed again: %(modules)s.", modules=again) if again else _("None was passed again yet.")
        title = _("Refresher of %(time)s, since %(since)s", time=duration(need.minutes), since=day(need.since))
        return title, _("%(time)s passed since, among: %(modules)s.", time=duration(int(have or 0)), modules=listed)

    def _some(self, need: SomeOf, condition: Condition) -> tuple[str, str]:
        if need.what == "way":
            return ngettext("One of these ways", "%(num)s of these ways", need.needed), ""
        titles = {branch.key: localized(branch.title) for branch in self.track.branches}
        whole = [titles[key] for key, parts in condition.parts.items() if all(each.met for each in parts)]
        title = ngettext("One whole branch", "%(num)s whole branches", need.needed)
        if condition.met:
            return title, _("Passed: %(titles)s.", titles=format_list(whole, locale=current_language()))
        every = format_list([titles[group.key] for group in need.groups], style="or", locale=current_language())
        return title, _("To choose among: %(titles)s.", titles=every)

    def _module(self, name: str) -> str:
        """A module by its code and title; of another track, with the name of that one."""
        of, _slash, key = name.partition("/")
        track = self.track if of == self.track.key else tracks().get(of)
        module = track.module(key) if track else None
        if track is None or module is None:
            return name
        said = f"{module.code}, {localized(module.title)}"
        return said if track is self.track else f"{said} ({localized(track.title)})"


def previewed(state: TrackProgress) -> dict[str, list[dict[str, Any]]]:
    """What a track leads to, for whoever looks at it before anybody begins."""
    return AwardWords(state.track, state).shown(unheld(state.track))


def _passed(need: Passed, condition: Condition) -> str:
    if condition.met:
        return _("%(score)s: the threshold is reached.", score=percent(condition.have))
    if condition.have is not None:
        return _("%(score)s for a threshold of %(need)s.", score=percent(condition.have), need=percent(need.threshold))
    return _("Assessment to pass at %(need)s.", need=percent(need.threshold))


def _accepted(need: Accepted, condition: Condition) -> str:
    if condition.met:
        return _("Accepted by a jury of %(num)s members.", num=condition.have)
    if condition.have is not None:
        return _("Accepted by a jury of %(have)s members; %(need)s are needed.", have=condition.have, need=need.members)
    return _("The jury has accepted none yet.")


def _evidence(each: Evidence) -> str:
    """What a condition rests on, so that it can be found again."""
    when = day(each.at)
    return {
        "attempt": lambda: _("Attempt %(reference)s, %(when)s", reference=each.reference[:8], when=when),
        "exemption": lambda: _("Placement test, %(when)s", when=when),
        "lessons": lambda: _("Last lesson read, %(when)s", when=when),
        "jury": lambda: _("Jury’s decision no. %(reference)s, %(when)s", reference=each.reference, when=when),
        "certificate": lambda: _("Certificate %(reference)s, %(when)s", reference=each.reference, when=when),
    }[each.kind]()


def nature(kind: str) -> str:
    """What an award is, in a word or two."""
    return {"attendance": _("Statement of attendance"), "certificate": _("Certificate"), "label": _("Label")}[kind]


def award_title(key: str) -> str:
    """What an award is called, by its key: the certificate of a track, or a label; its key where nobody gives it."""
    known = tracks()
    track = known.get(key)
    if track is not None:
        return localized(track.certificate.title if track.certificate else track.title)
    labels = (each.label for each in known.values() if each.label and each.label.key == key)
    return next((localized(label.title) for label in labels), key)


def title_with(title: Texts, mention: Texts | None) -> str:
    """What an award is called, with the mention it has: « Manager Public IA, mention Santé »."""
    said = localized(title)
    return _("%(title)s, with the mention %(mention)s", title=said, mention=localized(mention)) if mention else said


def issued_values(issued: Certificate) -> dict[str, Any]:
    """What was issued: .number .issued_on .expires_on .url .state, and the state in words."""
    state = state_at(issued, utcnow())
    return {
        "number": issued.number,
        "issued_on": issued.issued_at,
        "expires_on": issued.valid_until,
        "url": url_for("verify.show", code=issued.code),
        "valid": state == "valid",
        "state": {
            "valid": _("Valid"),
            "expired": _("It has expired"),
            "revoked": _("It was revoked"),
            "suspended": _("It is suspended"),
            "replaced": _("It was replaced"),
        }[state],
    }


def why_waiting(person: Person) -> tuple[str, str | None]:
    """(why what is earned is not issued yet, what its holder can do about the name it will bear, or None)."""
    name, proposed = person.certificate_name, person.display_name
    if not name and proposed:
        return _("It will bear: %(name)s. Confirm this name, or correct it.", name=proposed), _("Confirm the name")
    if not name:
        return _("Your name is missing: your training platform did not send it to us."), _("Give the name to print")
    try:
        holder_name(name)
    except NameRefused:
        return _("Your name holds signs that cannot be printed."), _("Give the name to print")
    return _("Your certificate is being prepared. It takes less than a minute."), None
