"""What the pages show that bring into a draft what was published elsewhere or meanwhile, and what their form says."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request

from curricula.merge import Conflict, Merged, Side
from curricula.piece_changes import piece_changes
from lms.models import Draft, TrackRevision, db
from lms.services import drafts, merging
from lms.services.descriptions import described
from lms.services.merging import Settled
from lms.studio_pages import Group, Labels, Shown, piece_name, shown_part

#: Most pieces that a page shows.
SHOWN = 100


def merge_shown(
    draft: Draft | None, base: TrackRevision | None, theirs: TrackRevision, settled: Mapping[str, Settled] | None = None
) -> dict[str, Any]:
    """What comes by itself and what is to choose, as ``author/merge_parts.html`` shows them.

    ``settled``: what was chosen so far, when the form comes back.
    """
    found = merging.merged(db.session(), draft, base, theirs)
    rows = drafts.listed(db.session(), draft) if draft is not None else []
    editions, labels = {row.path: row.edition for row in rows}, _labels(found, {row.path: row.label for row in rows})
    coming = list(found.changes())
    return {
        "digest": theirs.digest,
        "asked": settled is not None,
        "coming": [_group(*each, labels) for each in coming[:SHOWN]],
        "count": len(coming),
        "conflicts": [
            _conflict(each, editions.get(each.path, 0), labels, (settled or {}).get(each.path))
            for each in found.conflicts
        ],
    }


def settled() -> dict[str, Settled]:
    """What the form says: ``path-N``, ``edition-N`` and ``side-N`` of each conflict."""
    found = {}
    sides: dict[str, Side] = {"mine": "mine", "theirs": "theirs"}
    for name, path in request.form.items():
        number = name.removeprefix("path-")
        side = sides.get(request.form.get(f"side-{number}", ""))
        if number != name and side is not None:
            found[path] = Settled(side, request.form.get(f"edition-{number}", -1, type=int))
    return found


def _conflict(each: Conflict, edition: int, labels: Labels, chosen: Settled | None) -> dict[str, Any]:
    """One choice to make; what was chosen before a colleague wrote is to choose again."""
    return {
        "path": each.path, "name": piece_name(each.path, labels), "edition": edition,
        "mine": _parts(each.path, each.base, each.mine), "theirs": _parts(each.path, each.base, each.theirs),
        "mine_gone": each.mine is None, "theirs_gone": each.theirs is None,
        "side": chosen.side if chosen is not None and chosen.edition == edition else "",
    }  # fmt: skip


def _group(path: str, before: bytes | None, after: bytes | None, labels: Labels) -> Group:
    return Group(path, piece_name(path, labels), _parts(path, before, after))


def _parts(path: str, before: bytes | None, after: bytes | None) -> list[Shown]:
    return [shown_part(each, path) for each in piece_changes(path, before, after)]


def _labels(found: Merged, known: Labels) -> Labels:
    """What lists show of each piece, those included that the draft does not have."""
    sides: Iterable[tuple[str, bytes | None]] = [
        *((path, after or before) for path, before, after in found.changes()),
        *((each.path, each.theirs or each.mine) for each in found.conflicts),
    ]
    return {**{path: described(path, content)[0] for path, content in sides if content}, **known}
