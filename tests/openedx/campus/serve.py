"""``python -m campus.serve FOLDER``: serves the campus on the loopback and says where, until its input ends."""

import os
import secrets
import sys
import threading

import django
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application


class Handler(WSGIRequestHandler):
    """Silent: the output carries the address alone."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        """The peer's address, without asking any name server."""
        return str(self.client_address[0])


def main() -> None:
    """Migrate, make the staff account, listen, and end with whoever started us."""
    # Bound before Django starts, whose settings need the address.
    server = ThreadedWSGIServer(("127.0.0.1", 0), Handler)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "campus.settings",
        "CAMPUS_FOLDER": sys.argv[1],
        "CAMPUS_SECRET": secrets.token_hex(32),
        "CAMPUS_URL": f"http://127.0.0.1:{server.server_port}",
    }
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    make_staff()
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(os.environ["CAMPUS_URL"], flush=True)
    sys.stdin.read()


def make_staff() -> None:
    """The account that manages the whole site."""
    from campus.models import Profile
    from django.contrib.auth.models import User

    user = User.objects.create_user("staff", "staff@example.org", is_staff=True)
    Profile.objects.create(user=user, name="Équipe de démonstration")


if __name__ == "__main__":
    main()
