"""What the register says, in words: label and text of each field, the same on a page, on paper and in a file."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from curricula.fields import ISO_DATE
from curricula.model import Localized
from lms.i18n import ZONE
from lms.services.literacy_content import remedies
from lms.services.literacy_fields import KINDS, PARTS, REASONS, Field


class Said(NamedTuple):
    """A line of the register: its part, of what, which field, what it says, of which day."""

    part: int
    item: str
    field: str
    value: str
    on: date | None


_WORDS: dict[str, Localized] = {
    "version": {"fr": "Version enseignée", "en": "Version taught"},
    "digest": {"fr": "Empreinte de la version", "en": "Digest of the version"},
    "objectives": {"fr": "Objectifs", "en": "Objectives"},
    "minutes": {"fr": "Durée", "en": "Duration"},
    "languages": {"fr": "Langues", "en": "Languages"},
    "laws": {"fr": "Textes de droit, dans leur version", "en": "Texts of law, in their version"},
    "training": {"fr": "Formation achevée", "en": "Training completed"},
    "none": {"fr": "aucune à ce jour", "en": "none to date"},
    "exposed": {"fr": "Agents exposés", "en": "Agents exposed"},
    "enrolled": {"fr": "Inscrits", "en": "Enrolled"},
    "completed": {"fr": "Achevé par", "en": "Completed by"},
    "certified": {"fr": "Certificats en cours de validité", "en": "Valid certificates"},
    "versions": {"fr": "Achevé, par version", "en": "Completed, by version"},
    "mean": {"fr": "Score moyen de ceux qui ont réussi", "en": "Mean score of those who passed"},
    "trained": {"fr": "Agents formés", "en": "Agents trained"},
    "missing": {"fr": "Agents non formés", "en": "Agents not trained"},
    "one_missing": {"fr": "Agent non formé", "en": "Agent not trained"},
    "deadline": {"fr": "Échéance", "en": "Deadline"},
    "late": {"fr": "échéance dépassée", "en": "past the deadline"},
    "lines": {"fr": "Lignes du journal", "en": "Lines of the journal"},
    "chained": {"fr": "Dernière ligne chaînée", "en": "Last line chained"},
    "signed": {"fr": "Signé par", "en": "Signed by"},
    "edition": {"fr": "Édition", "en": "Edition"},
    "words": {"fr": "Observations", "en": "Remarks"},
    "state": {"fr": "version du", "en": "version of"},
    "force": {"fr": "en vigueur depuis le", "en": "in force from"},
    "checked_on": {"fr": "vérifié le", "en": "checked on"},
    "checked_in": {"fr": "vérifié en", "en": "checked in"},
    "to_check": {"fr": "à vérifier", "en": "still to be checked"},
}


class Speaker:
    """Says what a register holds in one language. ``names`` are those of agents, where they may be seen."""

    def __init__(self, content: Mapping[str, Any], speech: str, names: Mapping[str, str] | None = None) -> None:
        self.content, self.speech, self.names = content, speech, names or {}
        self._titles = {entry["id"]: self.title(entry) for entry in content["entries"]}

    def word(self, key: str) -> str:
        """One of the words above."""
        return self.of(_WORDS[key])

    def of(self, text: Mapping[str, str]) -> str:
        """A text in the language, else in French."""
        return text.get(self.speech) or text.get("fr", "")

    def title(self, entry: Mapping[str, Any]) -> str:
        """What an entry is called."""
        said = entry["content"]
        if entry["kind"] in {"overseer", "remedy"}:
            return self.agent(said["agent"])
        if entry["kind"] == "review":
            reason = self.of(REASONS[said["reason"]])
            return f"{reason[:1].upper()}{reason[1:]}, {day(said['opened_on'])}"
        return str(said.get("name", ""))

    def titled(self, number: int) -> str:
        """What the entry of that number is called; empty for one that was taken away."""
        return self._titles.get(number, "")

    def agent(self, number: str) -> str:
        """An agent: the number, with the name where it may be seen."""
        return f"{self.names[number]} ({number})" if number in self.names else number

    def fields(self, entry: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Label and text of each field that says something."""
        said, found = entry["content"], list[tuple[str, str]]()
        for field in KINDS[entry["kind"]].fields:
            value = said.get(field.key)
            if value in (None, "", [], {}):
                continue
            if field.kind == "taught":
                found += self.taught(value)
            elif text := self._text(field, value):
                found.append((self.of(field.label), text))
        if entry["kind"] == "overseer":
            done = [f"{self.of(each['title'])} {each['version']}, {day(each['on'])}"
                    for each in self.content["training"].get(said["agent"], ())]  # fmt: skip
            found.append((self.word("training"), " ; ".join(done) or self.word("none")))
        return found

    def law(self, said: Mapping[str, Any]) -> str:
        """A legal reference with its dates."""
        parts = [f"{said['reference']} ({self.of(said['title'])})", f"{self.word('state')} {day(said['version'])}"]
        if said.get("in_force_from"):
            parts.append(f"{self.word('force')} {day(said['in_force_from'])}")
        checked = said.get("checked_on")
        when = "checked_on" if checked and checked.count("-") == 2 else "checked_in"
        parts.append(f"{self.word(when)} {day(checked)}" if checked else self.word("to_check"))
        return ", ".join(parts)

    def taught(self, said: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What a measure teaches, in its version."""
        hours, minutes = divmod(int(said["minutes"]), 60)
        return [
            (self.word("version"), f"{self.of(said['title'])}, {said['version']}"),
            (self.word("digest"), said["digest"]),
            (self.word("objectives"), "\n".join(self.of(each) for each in said["objectives"])),
            (self.word("minutes"), f"{hours} h {minutes:02}"),
            (self.word("languages"), ", ".join(said["languages"])),
            *([(self.word("laws"), "\n".join(self.law(each) for each in said["legal"]))] if said["legal"] else []),
        ]

    def evidence(self, row: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What came of a measure."""
        found = [(self.word(key), str(row[key])) for key in ("exposed", "enrolled", "completed", "certified")]
        if row["versions"]:
            by_version = (f"{version} : {count}" for version, count in row["versions"].items())
            found.append((self.word("versions"), " ; ".join(by_version)))
        if row["mean_score"]:
            hundredths = Fraction(row["mean_score"]) * 100
            found.append((self.word("mean"), f"{hundredths.numerator // hundredths.denominator} %"))
        return found

    def gap(self, row: Mapping[str, Any]) -> list[tuple[str, str]]:
        """How far a group is trained."""
        found = [
            (self.word("exposed"), str(row["exposed"])), (self.word("trained"), str(row["trained"])),
            (self.word("missing"), str(len(row["not_trained"]))),
        ]  # fmt: skip
        if row["deadline"]:
            late = f" ({self.word('late')})" if row["late"] else ""
            found.append((self.word("deadline"), f"{day(row['deadline'])}{late}"))
        return found

    def lines(self) -> Iterator[Said]:
        """The register as one table: every part, and each agent who is not trained."""
        at = datetime.fromisoformat(self.content["at"]).astimezone(ZONE).date()
        kept = remedies(self.content)
        for part in PARTS:
            for entry in self.content["entries"]:
                if KINDS[entry["kind"]].part == part:
                    on = datetime.fromisoformat(entry["since"]).astimezone(ZONE).date()
                    item = f"{self.of(KINDS[entry['kind']].label)} : {self.title(entry)}"
                    yield from (Said(part, item, label, text, on) for label, text in self.fields(entry))
            if part == 5:
                for row in self.content["evidence"]:
                    yield from (Said(5, self.titled(row["measure"]), *pair, at) for pair in self.evidence(row))
            if part == 6:
                for row in self.content["gaps"]:
                    item = self.titled(row["group"])
                    yield from (Said(6, item, *pair, at) for pair in self.gap(row))
                    for number in row["not_trained"]:
                        own = kept.get(number, {}).get("content", {}).get("deadline") or row["deadline"]
                        due = date.fromisoformat(own) if own else None
                        yield Said(6, item, self.word("one_missing"), self.agent(number), due)
        signed, journal = self.content.get("signed"), self.content["journal"]
        if signed:
            item = f"{self.word('edition')} {signed['edition']}"
            yield Said(7, item, self.word("signed"), f"{signed['name']}, {signed['function']}", at)
            if signed["words"]:
                yield Said(7, item, self.word("words"), signed["words"], at)
        yield from (Said(8, self.of(PARTS[8]), *pair, at) for pair in self.journal(journal))

    def journal(self, row: Mapping[str, Any]) -> list[tuple[str, str]]:
        """How long the register's journal is, and where its chain is."""
        found = [(self.word("lines"), str(row["lines"]))]
        if row["position"]:
            found.append((self.word("chained"), f"{row['position']}, {row['hash']}"))
        return found

    def _text(self, field: Field, value: Any) -> str:
        sayers: dict[str, Callable[[Any], str]] = {
            "day": day,
            "law": self.law,
            "choice": lambda key: self.of(field.choices.get(key, {})),
            "ticks": lambda keys: ", ".join(self.of(field.choices.get(key, {})) for key in keys),
            "agent": self.agent,
            "agents": lambda numbers: f"{len(numbers)}",
            "units": ", ".join,
            "entry": self.titled,
            "entries": lambda numbers: ", ".join(filter(None, map(self.titled, numbers))),
            "file": lambda file: f"{file['name']}, SHA-256 {file['sha256']}",
        }
        return sayers.get(field.kind, str)(value)


def day(iso: str) -> str:
    """An ISO day, month or year as it is written, 30/09/2026, 11/2026, 2026; what is none stays as it is."""
    return "/".join(reversed(iso.split("-"))) if ISO_DATE.fullmatch(iso) else iso
