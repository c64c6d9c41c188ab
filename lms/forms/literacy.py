"""Forms of the AI-literacy register: one for each kind of entry, made from its fields; the signature."""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field as FormField
from wtforms import HiddenField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired

from lms.forms.files import FileField
from lms.forms.parts import DatedField, NumberField, at_most, clean, one_line, ticks, web_address
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.services.literacy_fields import Field, Kind
from lms.services.literacy_sources import reference_name, teaching_name
from lms.services.literacy_words import day

#: Numbers or codes one field may list.
MOST = 5000
LINE, TEXT = 300, 5000


@dataclass(frozen=True)
class Known:
    """What the answers may be: references and teachings by name, entries of each kind, and what checks codes."""

    laws: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    taught: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    entries: Mapping[str, Sequence[tuple[int, str]]] = field(default_factory=dict)
    #: Given codes of units, or numbers of agents, those of the register.
    units: Callable[[Collection[str]], Collection[str]] = frozenset
    agents: Callable[[Collection[str]], Collection[str]] = frozenset


class EntryForm(FlaskForm):  # type: ignore[misc]
    """An entry of the register; ``before`` names the state that was read."""

    before = HiddenField()
    kind: Kind
    held: Mapping[str, Any]
    known: Known

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each answer, then those that go together."""
        fine = bool(super().validate(extra_validators))
        for key, message in self._together():
            if not self[key].errors:
                self[key].errors = [message]
                fine = False
        return fine

    def content(self) -> dict[str, Any]:
        """What the entry says: nothing for what was left empty."""
        said = {each.key: self._value(each) for each in self.kind.fields}
        return {key: value for key, value in said.items() if value not in (None, "", [])}

    def _together(self) -> list[tuple[str, str]]:
        """(field, what is wrong) of answers that do not go together."""
        said, wrong = self.content(), []
        if self.kind.key == "group" and said.get("who") == "contractors" and not said.get("count"):
            wrong.append(("count", _("Give the number of contractors.")))
        if self.kind.key == "review" and said.get("closed_on") and not said.get("outcome"):
            wrong.append(("outcome", _("Say what came of the review before closing it.")))
        opened = said.get("opened_on", "")  # days are ISO texts, which sort as days
        early = [name for name in ("due_on", "closed_on") if name in said and said[name] < opened]
        wrong += [(name, _("This day comes before the one on which the review was opened.")) for name in early]
        if self.kind.key == "measure" and not said.get("taught") and not said.get("objectives"):
            wrong.append(("taught", _("Choose a track or a module, or write the objectives.")))
        if self.kind.key == "remedy" and not said.keys() & {"deadline", "exempt", "remedy"}:
            wrong.append(("deadline", _("Give a deadline, a reason of exemption or a remediation.")))
        return wrong

    def _value(self, each: Field) -> Any:
        data = self[each.key].data
        match each.kind:
            case "day":
                return data.isoformat() if hasattr(data, "isoformat") else data
            case "law" | "taught":
                return _chosen(self.known, each, self.held).get(data)
            case "entry":
                return int(data) if data else None
            case "entries":
                return sorted(int(number) for number in data)
            case "agents" | "units":
                return listed(data)
            case "file":
                return _digested(data) if data and data.filename else self.held.get(each.key)
            case _:
                return data


class SignForm(FlaskForm):  # type: ignore[misc]
    """The yearly signature: ``read`` is the fingerprint of what is on the page."""

    function = StringField(filters=[one_line])
    words = TextAreaField(filters=[clean])
    read = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.function.label.text = _("Your function")
        self.function.description = _("As the signed edition is to say it.")
        self.function.validators = [DataRequired(_("This is needed.")), at_most(LINE)]
        self.function.flags.required = True
        self.words.label.text = _("Remarks")
        self.words.validators = [at_most(TEXT)]
        self.words.render_kw = {"rows": 3}


class OpenForm(FlaskForm):  # type: ignore[misc]
    """The unit whose register is opened, by its code."""

    unit = StringField(filters=[one_line])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit.label.text = _("Unit of the organisation")
        self.unit.description = _("Its code, as HR's files call it.")
        self.unit.validators = [DataRequired(_("This is needed.")), at_most(200)]
        self.unit.flags.required = True
        self.unit.render_kw = {"list": "units", "autocomplete": "off"}


def entry_form(kind: Kind, held: Mapping[str, Any], known: Known, state: str = "") -> EntryForm:
    """The form of an entry, filled with what it says; ``state`` names the state read."""
    fields = {each.key: _field(each, held, known) for each in kind.fields}
    made = type("KindForm", (EntryForm,), {**fields, "kind": kind, "held": held, "known": known})
    shown = {each.key: _shown(each, held.get(each.key)) for each in kind.fields if held.get(each.key)}
    form: EntryForm = made(data={**shown, "before": state})
    return form


def listed(text: str | None) -> list[str]:
    """The codes or numbers of a text, one a line or between commas, each once, in order."""
    parts = (" ".join(part.split()) for part in re.split(r"[\n;,]", text or ""))
    return list(dict.fromkeys(part for part in parts if part))


def _field(each: Field, held: Mapping[str, Any], known: Known) -> FormField:
    label = localized(each.label)
    more: dict[str, Any] = {"description": localized(each.help) if each.help else ""}
    needed = [DataRequired(_("This is needed."))] if each.needed else []
    match each.kind:
        case "text":
            return TextAreaField(label, [*needed, at_most(TEXT)], filters=[clean], render_kw={"rows": 3}, **more)
        case "day":
            return DatedField(
                label, whole=True, validators=[InputRequired(_("This is needed."))] if each.needed else [], **more
            )
        case "number":
            return NumberField(label, 0, 1_000_000, needed=each.needed, **more)
        case "choice":
            options = [(key, localized(words)) for key, words in each.choices.items()]
            return SelectField(label, choices=options, validators=needed, **more)
        case "ticks":
            return ticks(label, choices=[(key, localized(words)) for key, words in each.choices.items()], **more)
        case "law" | "taught":
            options = [(name, _option(each, said)) for name, said in _chosen(known, each, held).items()]
            return SelectField(label, choices=[("", _("None")), *options], default="", validators=needed, **more)
        case "entry":
            options = [(str(number), title) for number, title in known.entries.get(each.of, ())]
            return SelectField(label, choices=[("", _("None")), *options], default="", validators=needed, **more)
        case "entries":
            options = [(str(number), title) for number, title in known.entries.get(each.of, ())]
            return ticks(label, choices=options, **more)
        case "agents" | "units":
            check = _all_known(known.agents if each.kind == "agents" else known.units)
            return TextAreaField(label, [*needed, check], filters=[clean], render_kw={"rows": 4}, **more)
        case "agent" | "unit":
            check = _all_known(known.agents if each.kind == "agent" else known.units)
            offered = {"list": "units"} if each.kind == "unit" else {}
            return StringField(
                label, [*needed, at_most(200), check], filters=[one_line],
                render_kw={"autocomplete": "off", **offered}, **more,
            )  # fmt: skip
        case "file":
            return FileField(label, **more)
        case _:
            checks = [web_address] if each.kind == "address" else []
            return StringField(label, [*needed, at_most(LINE), *checks], filters=[one_line], **more)


def _shown(each: Field, value: Any) -> Any:
    """A value as its form field takes it."""
    match each.kind:
        case "law":
            return reference_name(value)
        case "taught":
            return teaching_name(value)
        case "entry":
            return str(value)
        case "entries":
            return [str(number) for number in value]
        case "agents" | "units":
            return "\n".join(value)
        case "file":
            return None
        case _:
            return value


def _chosen(known: Known, each: Field, held: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What may be chosen, by name: what tracks say today, and what the entry holds already."""
    offered = known.laws if each.kind == "law" else known.taught
    name = reference_name if each.kind == "law" else teaching_name
    own = held.get(each.key)
    return {**({name(own): own} if own else {}), **offered, **({name(own): own} if own else {})}


def _option(each: Field, said: Mapping[str, Any]) -> str:
    if each.kind == "law":
        return _("%(law)s, version of %(day)s", law=said["reference"], day=day(said["version"]))
    title = localized(said["title"])
    if said["module"] is None:
        return _("Track %(title)s, version %(version)s", title=title, version=said["version"])
    return _("%(title)s, version %(version)s", title=title, version=said["version"])


def _all_known(check: Callable[[Collection[str]], Collection[str]]) -> Callable[[Any, FormField], None]:
    """Refuses a code or a number the register's unit does not have, by name."""

    def refuse(_form: Any, of: FormField) -> None:
        asked = listed(of.data)
        if len(asked) > MOST:
            raise ValidationError(_("Give %(count)s at most.", count=MOST))
        there = set(check(asked)) if asked else set()
        unknown = [each for each in asked if each not in there]
        if unknown:
            more = len(unknown) - 5
            shown = ", ".join(f"« {each[:60]} »" for each in unknown[:5]) + (f" (+ {more})" if more > 0 else "")
            raise ValidationError(_("Not known in this part of the organisation: %(names)s.", names=shown))

    return refuse


def _digested(upload: Any) -> dict[str, Any]:
    """Name, size and SHA-256 of a file, which is not kept."""
    digest, size = hashlib.sha256(), 0
    upload.stream.seek(0)
    while piece := upload.stream.read(1 << 16):
        digest.update(piece)
        size += len(piece)
    name = one_line(PurePosixPath(upload.filename.replace("\\", "/")).name)[:200]
    return {"name": name, "size": size, "sha256": digest.hexdigest()}
