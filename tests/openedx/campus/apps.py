"""The campus as a Django application: once loaded, the consumer finds its LMS."""

from django.apps import AppConfig


class CampusConfig(AppConfig):
    """Puts the stand-ins in the consumer's hooks."""

    name = "campus"

    def ready(self) -> None:
        """Called by Django when every application is there."""
        from campus.stand_ins import install

        install()
