"""What edx-platform would keep: people, their courses, where blocks are placed, grades."""

import uuid

from django.conf import settings
from django.db import models
from opaque_keys.edx.django.models import CourseKeyField, UsageKeyField


class Profile(models.Model):
    """Somebody's name, and the opaque identifier that tools know them by."""

    # The consumer reads people's profiles under this very name.
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    name = models.CharField(max_length=255)
    external_user_id = models.UUIDField(default=uuid.uuid4, unique=True)


class Membership(models.Model):
    """Somebody in a course, as ``student``, ``staff`` or ``instructor``."""

    course = CourseKeyField(max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    role = models.CharField(max_length=20)

    class Meta:
        """One role a course."""

        unique_together = (("course", "user"),)


class Placement(models.Model):
    """An LTI block of a course, with the fields Studio would have saved."""

    location = UsageKeyField(max_length=255, unique=True)
    fields = models.JSONField()


class Grade(models.Model):
    """A grade the consumer published, the last one of a person and a block being theirs."""

    location = UsageKeyField(max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    earned = models.FloatField(null=True)
    possible = models.FloatField(null=True)
