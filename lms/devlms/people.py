"""The people of the development LMS: fictitious, and named by their role so that nobody mistakes them."""

from dataclasses import dataclass

from lms.devlms.vocabulary import INSTITUTION_ADMINISTRATOR, INSTRUCTOR, LEARNER, MANAGER

AGENT_A, AGENT_B, TRAINER, HR_OFFICER, ADMINISTRATOR = "11", "12", "13", "14", "15"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone enrolled in the course; ``id`` is the ``sub`` of launches, numeric text as Moodle sends it."""

    id: str
    given_name: str
    family_name: str
    email: str
    sourcedid: str
    roles: tuple[str, ...]
    role_label: str
    locale: str = "fr"
    #: Active, Inactive or Deleted, as rosters say it (NRPS 2.0, section 2.2).
    status: str = "Active"

    @property
    def name(self) -> str:
        """The full name, as launches and rosters carry it."""
        return f"{self.given_name} {self.family_name}"

    @property
    def is_active(self) -> bool:
        """Only those still enrolled open activities and receive grades."""
        return self.status == "Active"

    @property
    def is_learner(self) -> bool:
        """Grades are for learners alone: a platform refuses them for anybody else."""
        return LEARNER in self.roles

    @property
    def is_trainer(self) -> bool:
        """Trainers build the course: they add activities, copy it, and review what learners did."""
        return INSTRUCTOR in self.roles

    @property
    def is_administrator(self) -> bool:
        """Administrators connect tools and open data-privacy launches."""
        return INSTITUTION_ADMINISTRATOR in self.roles


PEOPLE = (
    Person(AGENT_A, "Agent", "de démonstration A", "agent.a@example.org", "A-0001", (LEARNER,), "Apprenant"),
    Person(AGENT_B, "Agent", "de démonstration B", "agent.b@example.org", "A-0002", (LEARNER,), "Apprenant"),
    Person(
        TRAINER,
        "Formateur",
        "de démonstration",
        "formateur@example.org",
        "A-0003",
        (INSTRUCTOR,),
        "Formateur",
    ),
    Person(
        HR_OFFICER,
        "Responsable RH",
        "de démonstration",
        "rh@example.org",
        "A-0004",
        (MANAGER,),
        "Ressources humaines",
    ),
    Person(
        ADMINISTRATOR,
        "Administrateur",
        "de démonstration",
        "administrateur@example.org",
        "A-0005",
        # Moodle's administrators carry Instructor in every course they open.
        (INSTITUTION_ADMINISTRATOR, INSTRUCTOR),
        "Administrateur",
    ),
)
