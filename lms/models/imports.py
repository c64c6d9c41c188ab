"""Files of HR between the page that shows how they are read and what became of their rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base, Id, utcnow


class ImportFile(Base):
    """A file that somebody sent or gave to a command. One not taken in is swept; its content goes once it is."""

    __tablename__ = "import_file"

    id: Mapped[Id]
    #: ``agents`` or ``units``.
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    sent_at: Mapped[datetime] = mapped_column(default=utcnow)
    content: Mapped[bytes] = mapped_column(LargeBinary, default=b"", deferred=True)
    #: The sheet chosen (empty: the one that looks most like it), and the name of where such files come from.
    sheet: Mapped[str] = mapped_column(String(200), default="")
    source: Mapped[str] = mapped_column(String(100), default="")
    #: The field read in each column, as chosen for this file; None: as its source or its headings say.
    fields: Mapped[list[str | None] | None] = mapped_column(JSON)
    #: What a worker is asked to do with it: ``write``, ``whole``, ``partial``, ``confirmed``; empty once it is done.
    work: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    #: How far the worker is, in thousandths, and why it could not read the file (``lms.cells.Problem``).
    progress: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    #: What was found when it was last checked or taken in (``lms.services.imports.Result``), and row by row.
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    report: Mapped[bytes] = mapped_column(LargeBinary, default=b"", deferred=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"), index=True)
