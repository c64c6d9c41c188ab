"""Every table, one metadata, one migration chain."""

from lms.models.agents import Agent, AuditEntry, ImportRun
from lms.models.authoring import (
    OPEN_STATES,
    STUDIO_ROLES,
    BankUpload,
    Curriculum,
    Draft,
    DraftChange,
    DraftComment,
    DraftPiece,
    Institution,
    ReviewTask,
    StudioRole,
)
from lms.models.base import Base, utcnow
from lms.models.certificates import Certificate, CertificateFile, IssuerDocument, StatusList
from lms.models.curricula import TrackRevision
from lms.models.database import db, writing
from lms.models.learning import Answer, Attempt, Enrolment, LessonProgress, Participation
from lms.models.outbox import OutboxJob
from lms.models.people import (
    ROLES,
    CourseGroup,
    DeepLinkRequest,
    GroupMember,
    LocalAccount,
    Membership,
    Person,
    WebSession,
)
from lms.models.platforms import (
    AccessToken,
    Context,
    Deployment,
    Invitation,
    LaunchState,
    LegacyConsumer,
    Platform,
    ResourceLink,
    SeenNotice,
    ToolKey,
)

__all__ = [
    "OPEN_STATES",
    "ROLES",
    "STUDIO_ROLES",
    "AccessToken",
    "Agent",
    "Answer",
    "Attempt",
    "AuditEntry",
    "BankUpload",
    "Base",
    "Certificate",
    "CertificateFile",
    "Context",
    "CourseGroup",
    "Curriculum",
    "DeepLinkRequest",
    "Deployment",
    "Draft",
    "DraftChange",
    "DraftComment",
    "DraftPiece",
    "Enrolment",
    "GroupMember",
    "ImportRun",
    "Institution",
    "Invitation",
    "IssuerDocument",
    "LaunchState",
    "LegacyConsumer",
    "LessonProgress",
    "LocalAccount",
    "Membership",
    "OutboxJob",
    "Participation",
    "Person",
    "Platform",
    "ResourceLink",
    "ReviewTask",
    "SeenNotice",
    "StatusList",
    "StudioRole",
    "ToolKey",
    "TrackRevision",
    "WebSession",
    "db",
    "utcnow",
    "writing",
]
