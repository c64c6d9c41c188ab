"""The XBlock runtime: gives the consumer's block the services it wants, for one person."""

from typing import Any

from campus.models import Grade, Membership, Placement
from django.contrib.auth.models import User
from lti_consumer import LtiConsumerXBlock
from opaque_keys.edx.keys import UsageKey
from xblock.core import XBlockMixin
from xblock.field_data import DictFieldData
from xblock.fields import Boolean, DateTime, Scope, ScopeIds, Timedelta
from xblock.reference.user_service import XBlockUser
from xblock.runtime import Runtime


class Inherited(XBlockMixin):
    """What every block of edx-platform takes from its course (``InheritanceMixin``)."""

    start = DateTime(scope=Scope.settings)
    due = DateTime(scope=Scope.settings)
    graceperiod = Timedelta(scope=Scope.settings)
    graded = Boolean(default=True, scope=Scope.settings)

    @property
    def location(self) -> UsageKey:
        """Where the block is."""
        return self.scope_ids.usage_id


class UserService:
    """Who is looking; nobody when the tool calls."""

    def __init__(self, user: User | None, location: UsageKey) -> None:
        self._user, self._location = user, location

    def get_current_user(self) -> XBlockUser:
        """The person, described as edx-platform does (``DjangoXBlockUserService``)."""
        user = self._user
        if user is None:
            return XBlockUser(is_current_user=False)
        member = Membership.objects.filter(course=self._location.course_key, user=user).first()
        described = XBlockUser(is_current_user=True, emails=[user.email], full_name=user.profile.name)
        described.opt_attrs = {
            "edx-platform.is_authenticated": True,
            "edx-platform.user_id": user.pk,
            "edx-platform.username": user.username,
            "edx-platform.user_role": member.role if member else "student",
            "edx-platform.user_is_staff": user.is_staff,
        }
        return described

    def get_external_user_id(self, kind: str) -> str | None:
        """The identifier that tools of that kind know the person by."""
        assert kind == "lti"
        return str(self._user.profile.external_user_id) if self._user else None


class RebindService:
    """Gives a block loaded for nobody to the person being graded: our blocks keep no state to change."""

    def rebind_noauth_module_to_user(self, block: Any, user: User) -> None:
        """Called before a grade is published, which itself names the person."""


class CampusRuntime(Runtime):
    """Where a block lives for the time of a request."""

    def __init__(self, user: User | None, location: UsageKey) -> None:
        services = {"user": UserService(user, location), "rebind_user": RebindService()}
        super().__init__(id_reader=None, id_generator=None, mixins=(Inherited,), services=services)

    def publish(self, block: Any, event_type: str, event_data: dict[str, Any]) -> None:
        """Keep a grade. The consumer publishes nothing else."""
        assert event_type == "grade"
        Grade.objects.create(
            location=block.location,
            user_id=event_data["user_id"],
            earned=event_data["value"],
            possible=event_data["max_value"],
        )

    def handler_url(self, *args: Any, **kwargs: Any) -> str:
        """Handlers of blocks are for LTI 1.1."""
        raise NotImplementedError

    resource_url = local_resource_url = handler_url


def load(location: UsageKey, user: User | None = None) -> Any:
    """The block placed there, as ``user`` would see it. Raises ``Placement.DoesNotExist``."""
    fields = Placement.objects.get(location=location).fields
    ids = ScopeIds(user.pk if user else None, "lti_consumer", location, location)
    runtime = CampusRuntime(user, location)
    return runtime.construct_xblock_from_class(LtiConsumerXBlock, ids, DictFieldData(dict(fields)))
