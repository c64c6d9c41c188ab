"""What stands for edx-platform behind the consumer's own hooks (``lti_consumer.plugin.compat``).

Hooks not listed do, without edx-platform, what the package itself provides for: no forum roles, no event tracking.
"""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from campus.blocks import load
from campus.models import Membership, Profile
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from lti_consumer.exceptions import LtiError
from lti_consumer.lti_1p3.key_handlers import PlatformKeyHandler
from lti_consumer.plugin import compat
from opaque_keys.edx.keys import CourseKey, UsageKey

TITLE, ORGANISATION = "IA et service public", "Institut de démonstration"


def load_enough_xblock(location: UsageKey) -> Any:
    """The block, for nobody in particular: instead of the modulestore."""
    return load(location)


def load_block_as_user(location: UsageKey) -> Any:
    """The block the tool writes about: no person is behind such a request."""
    return load(location)


def get_user_from_external_user_id(external_user_id: str) -> User:
    """Whom a tool means. Raises ``LtiError``, with edx-platform's words."""
    try:
        return Profile.objects.select_related("user").get(external_user_id=external_user_id).user
    except Profile.DoesNotExist as error:
        raise LtiError("Invalid User") from error
    except ValidationError as error:
        raise LtiError("Invalid userID") from error


def batch_get_or_create_externalids(users: Iterable[User]) -> dict[int, Profile]:
    """The identifiers that tools know these people by."""
    return {user.pk: user.profile for user in users}


def get_course_members(course_key: CourseKey) -> dict[int, dict[str, Any]]:
    """Everybody in a course, in the shape of edx-platform's ``course_api``."""
    members = Membership.objects.filter(course=course_key).select_related("user__profile")
    return {
        member.user.pk: {
            "id": member.user.pk,
            "username": member.user.username,
            "email": member.user.email,
            "name": member.user.profile.name,
            "roles": [member.role],
        }
        for member in members
    }


def get_course_by_id(course_key: CourseKey) -> Any:
    """A course's public face."""
    return SimpleNamespace(
        id=course_key, display_name_with_default=TITLE, display_org_with_default=ORGANISATION, lti_passports=[]
    )


def user_course_access(course: Any, user: User, *_action: str, **_checks: bool) -> bool:
    """Whether the person is in the course."""
    return Membership.objects.filter(course=course.id, user_id=user.pk).exists()


def user_has_access(*_args: Any) -> bool:
    """Blocks are open to whoever is in their course."""
    return True


def user_has_studio_write_access(user: User, course_key: CourseKey) -> bool:
    """Whether the person may edit the course."""
    teams = Membership.objects.filter(course=course_key, user_id=user.pk, role__in=("staff", "instructor"))
    return user.is_staff or teams.exists()


HOOKS = (
    load_enough_xblock,
    load_block_as_user,
    get_user_from_external_user_id,
    batch_get_or_create_externalids,
    get_course_members,
    get_course_by_id,
    user_course_access,
    user_has_access,
    user_has_studio_write_access,
)


def install() -> None:
    """Put every stand-in where the package looks. Raises ``AttributeError`` when a version has no such hook."""
    for hook in HOOKS:
        getattr(compat, hook.__name__)
        setattr(compat, hook.__name__, hook)
    read_keys_once()


def read_keys_once() -> None:
    """Remember each private key once read: the package reads it at every request, which takes a tenth of a second."""
    read, known = PlatformKeyHandler.__init__, {}

    def remember(handler: PlatformKeyHandler, key_pem: str, kid: str | None = None) -> None:
        if (key_pem, kid) not in known:
            read(handler, key_pem, kid)
            known[key_pem, kid] = handler.key
        handler.key = known[key_pem, kid]

    PlatformKeyHandler.__init__ = remember
