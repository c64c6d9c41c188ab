"""Keys that outlive the secret key."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base


class KeptKey(Base):
    """A key under which something was named or hashed for long: it stays when the secret key is replaced.

    Where a purpose has no row, its key is derived from the secret key, which was then never replaced.
    """

    __tablename__ = "kept_key"

    #: What it serves for (``lms.services.kept_keys``).
    purpose: Mapped[str] = mapped_column(String(40), primary_key=True)
    #: The key, encrypted under the secret key.
    sealed: Mapped[str] = mapped_column(String(300))
