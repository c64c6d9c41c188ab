"""Django's settings: what the LTI consumer asks of the LMS around it."""

import os
from pathlib import Path

#: Where this process listens, without a final slash: also the issuer of its LTI messages.
LMS_ROOT_URL = os.environ["CAMPUS_URL"]
PLATFORM_NAME = "Campus de démonstration"
SERVICE_VARIANT = "lms"
LEARNING_MICROFRONTEND_URL = LMS_ROOT_URL
#: edx-platform's own (lms/envs/common.py).
USAGE_ID_PATTERN = r"(?P<usage_id>(?:i4x://?[^/]+/[^/]+/[^/]+/[^@]+(?:@[^/]+)?)|(?:[^/]+))"

SECRET_KEY = os.environ["CAMPUS_SECRET"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "campus.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["CAMPUS_FOLDER"]) / "campus.sqlite3",
        # Nothing here need outlive a power cut.
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous = OFF"},
        "ATOMIC_REQUESTS": True,
    }
}
# As on any edX site: a tool's frame on another site must find the person signed in.
SESSION_COOKIE_SAMESITE = "None"
SESSION_COOKIE_SECURE = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "django_filters",
    "lti_consumer",
    "campus.apps.CampusConfig",
]
MIDDLEWARE = [
    "edx_django_utils.cache.middleware.RequestCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "edx_django_utils.cache.middleware.TieredCacheMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
