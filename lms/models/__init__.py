"""Every table, one metadata, one migration chain."""

from lms.models.agents import Agent, AuditEntry, ImportRun
from lms.models.base import Base, utcnow
from lms.models.certificates import Certificate, CertificateFile, IssuerDocument, StatusList
from lms.models.database import db, writing
from lms.models.learning import Answer, Attempt, Enrolment, LessonProgress, Participation
from lms.models.outbox import OutboxJob
from lms.models.people import ROLES, LocalAccount, Membership, Person, WebSession
from lms.models.platforms import Context, Deployment, LaunchState, Platform, ResourceLink, ToolKey

__all__ = [
    "ROLES",
    "Agent",
    "Answer",
    "Attempt",
    "AuditEntry",
    "Base",
    "Certificate",
    "CertificateFile",
    "Context",
    "Deployment",
    "Enrolment",
    "ImportRun",
    "IssuerDocument",
    "LaunchState",
    "LessonProgress",
    "LocalAccount",
    "Membership",
    "OutboxJob",
    "Participation",
    "Person",
    "Platform",
    "ResourceLink",
    "StatusList",
    "ToolKey",
    "WebSession",
    "db",
    "utcnow",
    "writing",
]
