"""What the API gives, declared once: the pages, their description (OpenAPI), scopes and filters are all read from here.

Status and dates, never an answer nor a score of a question; no address of a person. A resource is a query whose columns
are its fields, narrowed to a part of the organisation, in the order of its key: so that pages neither lose nor repeat
what was there, whatever is added meanwhile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, false, or_, select

from lms.models import Agent, AgentMatch, BudgetLine, BudgetYear, Certificate, Enrolment, Unit
from lms.models.agents import BRANCHES, CATEGORIES
from lms.services.organisation import HELD, Scope, agents_in, units_in

Kind = Literal["string", "integer", "boolean", "date-time", "uuid"]


@dataclass(frozen=True)
class Field:
    """One value of an item: what it says, its column, whether it may be null, its only values where they are few."""

    key: str
    kind: Kind
    says: str
    column: ColumnElement[Any] | Any
    null: bool = False
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filter:
    """What a list may be narrowed to: how it is written in the address, and what it asks of a row."""

    key: str
    kind: Kind
    says: str
    condition: Callable[[Any], ColumnElement[bool]]
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """A list of items. ``changed`` tells those that changed since a moment; ``at_rest`` which are listed otherwise.

    ``nominative`` ones are about somebody: whoever reads them is written down.
    """

    key: str
    title: str
    says: str
    fields: tuple[Field, ...]
    filters: tuple[Filter, ...]
    order: Any
    source: Callable[[Select[Any]], Select[Any]]
    within: Callable[[Scope], ColumnElement[bool]]
    changed: Callable[[datetime], ColumnElement[bool]]
    nominative: bool = True
    at_rest: ColumnElement[bool] | None = None

    @property
    def scope(self) -> str:
        """What a token must hold to read it."""
        return f"{self.key}:read"

    @property
    def identity(self) -> Field:
        """The field that names an item."""
        return self.fields[0]

    def query(
        self, reach: Scope, asked: Mapping[str, Any], since: datetime | None = None, after: Any = None
    ) -> Select[Any]:
        """The items of a part of the organisation that pass the filters, after that key, in its order."""
        query = self.source(select(*(field.column.label(field.key) for field in self.fields)))
        query = query.where(self.within(reach))
        query = query.where(*(each.condition(asked[each.key]) for each in self.filters if each.key in asked))
        if since is not None:
            query = query.where(self.changed(since))
        elif self.at_rest is not None:
            query = query.where(self.at_rest)
        if after is not None:
            query = query.where(self.order > after)
        return query.order_by(self.order)

    def one(self, reach: Scope, identity: Any) -> Select[Any]:
        """The item of that identifier, if it is in that part of the organisation."""
        return self.source(select(*(field.column.label(field.key) for field in self.fields))).where(
            self.within(reach), self.identity.column == identity
        )


def _of_agent(query: Select[Any], table: Any, person: Any) -> Select[Any]:
    """The rows of a table with the agent that their person is, if one is held to be."""
    held = and_(AgentMatch.person_id == person, AgentMatch.state.in_(HELD))
    joined = query.select_from(table).outerjoin(AgentMatch, held).outerjoin(Agent, Agent.id == AgentMatch.agent_id)
    return joined.outerjoin(Unit, Unit.id == Agent.unit_id)


def _budget_in(reach: Scope) -> ColumnElement[bool]:
    if reach.whole:
        return BudgetLine.id.is_not(None)
    return BudgetLine.unit_id.in_(select(Unit.id).where(units_in(reach)))


def _under(column: Any) -> Callable[[str], ColumnElement[bool]]:
    """Whether a row is of the unit of that code, or of one under it."""

    def condition(code: str) -> ColumnElement[bool]:
        top, below = Unit.__table__.alias(), Unit.__table__.alias()
        under = select(below.c.id).join(top, below.c.path.startswith(top.c.path)).where(top.c.code == code)
        return column.in_(under)  # type: ignore[no-any-return]

    return condition


def _since(*columns: Any) -> Callable[[datetime], ColumnElement[bool]]:
    return lambda moment: or_(false(), *(column >= moment for column in columns))


_STATE = case(
    (Enrolment.completed_at.is_not(None), "completed"), (Enrolment.started_at.is_not(None), "in_progress"),
    else_="enrolled",
)  # fmt: skip
_AGENT = Field("agent", "string", "Number of the agent; null while nobody matched the person.", Agent.number, null=True)
_UNIT = Field("unit", "string", "Code of the unit the agent is in now.", Unit.code, null=True)
_BY_AGENT = Filter("agent", "string", "Of the agent of that number.", lambda number: Agent.number == number)
_BY_UNIT = Filter("unit", "string", "Of the unit of that code and all under it.", _under(Agent.unit_id))
_BY_TRACK = Filter("track", "string", "Of the track of that key.", lambda key: Enrolment.track_key == key)
#: That somebody is found to be an agent, or an agent is moved, changes what is said of them.
_MATCHED = (AgentMatch.decided_at, Agent.updated_at)

AGENTS = Resource(
    key="agents",
    title="Agents",
    says="Civil servants as HR declares them now; those who left keep the moment they did.",
    fields=(
        Field("id", "integer", "Identifier in this service.", Agent.id),
        Field("number", "string", "Number of the agent (identifiant agent).", Agent.number),
        Field("family_name", "string", "Family name.", Agent.family_name),
        Field("given_name", "string", "Given name.", Agent.given_name),
        Field("branch", "string", "Branch of the civil service (versant).", Agent.branch, one_of=BRANCHES),
        Field("category", "string", "Category (catégorie).", Agent.category, one_of=CATEGORIES),
        Field("corps", "string", "Corps or job; may be empty.", Agent.corps),
        Field("unit", "string", "Code of the unit they are in.", Unit.code, null=True),
        Field("siret", "string", "SIRET of the employer, 14 digits.", Agent.siret, null=True),
        Field("population", "boolean", "Whether they are of the declared population P.", Agent.population),
        Field("left_at", "date-time", "Since when they are no longer there.", Agent.left_at, null=True),
        Field("updated_at", "date-time", "When HR last changed something.", Agent.updated_at),
    ),
    filters=(
        Filter("number", "string", "The agent of that number.", lambda number: Agent.number == number),
        _BY_UNIT,
        Filter("branch", "string", "Of that branch.", lambda branch: Agent.branch == branch, BRANCHES),
        Filter("population", "boolean", "Of the population P, or not.", lambda held: Agent.population.is_(held)),
    ),
    order=Agent.id,
    source=lambda query: query.select_from(Agent).outerjoin(Unit, Unit.id == Agent.unit_id),
    within=agents_in,
    changed=_since(Agent.updated_at),
)

ENROLMENTS = Resource(
    key="enrolments",
    title="Enrolments",
    says="Who follows which track, and how far: enrolled, in progress, completed.",
    fields=(
        Field("id", "integer", "Identifier in this service.", Enrolment.id),
        Field("person", "integer", "Number of the person, the same in every list.", Enrolment.person_id),
        _AGENT,
        _UNIT,
        Field("track", "string", "Key of the track.", Enrolment.track_key),
        Field("track_version", "string", "Version of the track they follow.", Enrolment.track_version),
        Field("state", "string", "How far they are.", _STATE, one_of=("enrolled", "in_progress", "completed")),
        Field("enrolled_at", "date-time", "When they were enrolled.", Enrolment.enrolled_at),
        Field("started_at", "date-time", "When they opened the first lesson.", Enrolment.started_at, null=True),
        Field("completed_at", "date-time", "When they completed the track.", Enrolment.completed_at, null=True),
    ),
    filters=(
        _BY_TRACK,
        Filter("state", "string", "In that state.", lambda state: _STATE.in_((state,)),
               ("enrolled", "in_progress", "completed")),
        _BY_AGENT,
        _BY_UNIT,
    ),
    order=Enrolment.id,
    source=lambda query: _of_agent(query, Enrolment, Enrolment.person_id),
    within=agents_in,
    changed=_since(Enrolment.enrolled_at, Enrolment.started_at, Enrolment.completed_at, *_MATCHED),
)  # fmt: skip

COMPLETIONS = Resource(
    key="completions",
    title="Completions",
    says="Tracks that were completed: every module that counts is passed.",
    fields=(
        Field("id", "integer", "Identifier of the enrolment that it completes.", Enrolment.id),
        Field("person", "integer", "Number of the person in this service.", Enrolment.person_id),
        _AGENT,
        _UNIT,
        Field("track", "string", "Key of the track.", Enrolment.track_key),
        Field("track_version", "string", "Version of the track.", Enrolment.track_version),
        Field("enrolled_at", "date-time", "When they were enrolled.", Enrolment.enrolled_at),
        Field("completed_at", "date-time", "When they completed it.", Enrolment.completed_at),
    ),
    filters=(_BY_TRACK, _BY_AGENT, _BY_UNIT),
    order=Enrolment.id,
    source=lambda query: _of_agent(query, Enrolment, Enrolment.person_id).where(Enrolment.completed_at.is_not(None)),
    within=agents_in,
    changed=_since(Enrolment.completed_at, *_MATCHED),
)

CERTIFICATES = Resource(
    key="certificates",
    title="Certificates",
    says="Certificates, labels and statements as issued, and their state today.",
    fields=(
        Field("id", "uuid", "Identifier of the credential.", Certificate.id),
        Field("number", "string", "Number printed on it.", Certificate.number),
        Field("person", "integer", "Number of the person in this service.", Certificate.person_id),
        _AGENT,
        _UNIT,
        Field("award", "string", "What it is for: the key of a track, of a label or of a statement.",
              Certificate.award_key),
        Field("cycle", "integer", "1 at first, more when renewed.", Certificate.cycle),
        Field("edition", "integer", "1 at first, more when corrected.", Certificate.edition),
        Field("state", "string", "As decided; one that is valid ends at « valid_until ».", Certificate.status,
              one_of=("valid", "suspended", "revoked", "replaced")),
        Field("state_at", "date-time", "When that was last decided, if ever.", Certificate.status_at, null=True),
        Field("issued_at", "date-time", "When it was issued.", Certificate.issued_at),
        Field("valid_until", "date-time", "When it ends, if it does.", Certificate.valid_until, null=True),
    ),
    filters=(
        Filter("number", "string", "The one of that number.", lambda number: Certificate.number == number),
        Filter("award", "string", "For that award.", lambda key: Certificate.award_key == key),
        Filter("state", "string", "In that state.", lambda state: Certificate.status == state,
               ("valid", "suspended", "revoked", "replaced")),
        _BY_AGENT,
        _BY_UNIT,
    ),
    order=Certificate.number,
    source=lambda query: _of_agent(query, Certificate, Certificate.person_id),
    within=agents_in,
    changed=_since(Certificate.issued_at, Certificate.status_at, *_MATCHED),
)  # fmt: skip


def _cents(key: str, says: str) -> Field:
    return Field(key, "integer", f"{says}, in cents.", getattr(BudgetYear, key))


BUDGETS = Resource(
    key="budgets",
    title="Budgets",
    says="The training budget by line and fiscal year (exercice). Commitments (AE) and payments (CP) are never mixed.",
    fields=(
        Field("id", "integer", "Identifier of this statement of the amounts.", BudgetYear.id),
        Field("line", "string", "Code of the line.", BudgetLine.code),
        Field("programme", "string", "Programme; may be empty.", BudgetLine.programme),
        Field("bop", "string", "BOP; may be empty.", BudgetLine.bop),
        Field("uo", "string", "UO; may be empty.", BudgetLine.uo),
        Field("label", "string", "Name of the line; may be empty.", BudgetLine.label),
        Field("unit", "string", "Code of its unit; null for the whole institution.", Unit.code, null=True),
        Field("year", "integer", "Fiscal year.", BudgetYear.year),
        _cents("ae_opened", "AE opened"),
        _cents("ae_committed", "AE committed"),
        _cents("cp_opened", "CP opened"),
        _cents("cp_paid", "CP paid"),
        _cents("ai_ae", "AE that train to AI"),
        _cents("ai_cp", "CP that train to AI"),
        Field("since", "date-time", "Since when these amounts hold.", BudgetYear.since),
        Field("until", "date-time", "Since when they no longer do: given with « since » alone.", BudgetYear.until,
              null=True),
    ),
    filters=(
        Filter("year", "integer", "Of that fiscal year.", lambda year: BudgetYear.year == year),
        Filter("line", "string", "Of the line of that code.", lambda code: BudgetLine.code == code),
        Filter("unit", "string", "Of the unit of that code and all under it.", _under(BudgetLine.unit_id)),
    ),
    order=BudgetYear.id,
    source=lambda query: query.select_from(BudgetYear)
    .join(BudgetLine, BudgetLine.id == BudgetYear.line_id)
    .outerjoin(Unit, Unit.id == BudgetLine.unit_id),
    within=_budget_in,
    changed=_since(BudgetYear.since, BudgetYear.until),
    nominative=False,
    at_rest=BudgetYear.until.is_(None),
)  # fmt: skip

RESOURCES = {each.key: each for each in (AGENTS, ENROLMENTS, COMPLETIONS, CERTIFICATES, BUDGETS)}
INDICATORS_SCOPE = "indicators:read"
#: Scope → what it opens, in words.
SCOPES = {
    **{each.scope: f"Read {each.key}." for each in RESOURCES.values()},
    INDICATORS_SCOPE: "Read the indicators, without anybody's name.",
}
