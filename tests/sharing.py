"""Shares the tests out among the processes that run them: those that stand on the same costly thing stay together."""

from collections.abc import Callable

from xdist.scheduler import LoadScopeScheduling

#: Folders whose tests share servers or a browser, and what a test (its pytest id) of each shares.
SHARED: dict[str, Callable[[str], str]] = {
    "tests/browser/": lambda _test: "browser",
    "tests/openedx/": lambda _test: "openedx",
    "tests/hostile/": lambda test: "hostile, " + ("postgresql" if "postgresql" in test else "sqlite"),
}


def together(test: str) -> str:
    """The group of a test; itself where it shares nothing."""
    return next((share(test) for folder, share in SHARED.items() if test.startswith(folder)), test)


class Sharing(LoadScopeScheduling):
    """Gives each process a group when it is free: the largest first, then single tests.

    xdist's own groups are kept in what pytest no longer uses as the id of a test (pytest 9.2, xdist 3.8).
    """

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)
