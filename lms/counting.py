"""How often somebody did something: counted for all web processes where a server is named, else by each for itself.

The server is a Valkey or a Redis (``LMS_CACHE_URL``). It may be away: each process then counts for itself, and no
request fails nor waits for it (docs/adr/0041).
"""

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from time import monotonic
from typing import Any, TypeVar

from flask import current_app
from limits import RateLimitItem, WindowStats
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from lms.presence import Presence
from lms.tls import CIPHERS, OLDEST

#: How long a request waits for the server at most, in seconds; and after how many it is asked again.
PATIENCE, AGAIN = 0.25, 5.0

T = TypeVar("T")


class Counts:
    """Counts of this service. ``url`` names the server, and may be empty; ``secret`` is the service's own."""

    def __init__(self, url: str, secret: str) -> None:
        self._secret = secret.encode()
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self._presence = Presence("cache", AGAIN)
        self._pool: ConnectionPool | None = None
        self._shared: FixedWindowRateLimiter | None = None
        if url:
            self._pool = pool_of(url)
            storage = RedisStorage("redis://", connection_pool=self._pool, key_prefix="mpia")
            self._shared = FixedWindowRateLimiter(storage)

    def hit(self, limit: RateLimitItem, *what: str) -> bool:
        """Count one more; False when it is too many."""
        place = self._place(what)
        return self._asked(lambda counts: counts.hit(limit, place))

    def take_back(self, limit: RateLimitItem, *what: str) -> None:
        """Count one less."""
        place = self._place(what)
        self._asked(lambda counts: counts.hit(limit, place, cost=-1))

    def window(self, limit: RateLimitItem, *what: str) -> WindowStats:
        """When the count begins again (seconds since 1970), and how many are left."""
        place = self._place(what)
        return self._asked(lambda counts: counts.get_window_stats(limit, place))

    def away(self) -> bool:
        """Whether the server named does not answer now. False where none is named."""
        self._asked(lambda counts: counts.storage.get("nobody"))
        return self._presence.away

    def _place(self, what: tuple[str, ...]) -> str:
        # The server is told neither addresses nor numbers of people; nor do two services that share one meet there.
        return blake2b("\0".join(what).encode(), key=self._secret[:64], digest_size=16).hexdigest()

    def _asked(self, act: Callable[[FixedWindowRateLimiter], T]) -> T:
        if self._shared is not None and self._presence.to_ask():
            try:
                done = act(self._shared)
            except (RedisError, OSError) as error:
                self._presence.failed(type(error).__name__)
                if self._pool is not None:  # those that rest are of the server that went
                    self._pool.disconnect(inuse_connections=False)
            else:
                self._presence.answered()
                return done
        return act(self._here)


class ByMinute:
    """How often each did something in the minute under way, in this process alone: for what every page counts.

    ``Counts`` would start a thread every hundredth of a second then, to pass over everybody (limits 5).
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._minute, self._times = clock, 0, Counter[str]()

    def hit(self, who: str) -> int:
        """Count one more; gives how many that makes. Two threads at once may count one."""
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute, self._times = minute, Counter()
        self._times[who] += 1
        return self._times[who]


def counts() -> Counts:
    """Those of the application under way."""
    found: Counts = current_app.extensions["counts"]
    return found


def pool_of(url: str) -> ConnectionPool:
    """Connections to that server (``redis://``, ``rediss://``, ``valkey://``, ``valkeys://``: one protocol), impatient.

    What ``url`` says in its query comes first: ``?ssl_ca_certs=/etc/ssl/ours.pem``.
    """
    scheme, colon, rest = url.partition(":")
    same = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    tls: dict[str, Any] = {"ssl_min_version": OLDEST, "ssl_ciphers": CIPHERS} if same == "rediss" else {}
    retry = Retry(NoBackoff(), 0)
    return ConnectionPool.from_url(
        same + colon + rest, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE, retry=retry, **tls
    )


def ask(url: str) -> None:
    """Ask that server what the service asks of it, and count nothing. Raises ``RedisError`` or ``OSError``."""
    pool = pool_of(url)
    try:
        client = Redis(connection_pool=pool)
        client.ping()
        client.eval("return 1", 0)  # counts are scripts
    finally:
        pool.disconnect()
