"""A track's folder as a ZIP archive: taken into a draft whole, or not at all; what it changes can be put back."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curricula.exchange.model import NotReadable
from curricula.exchange.safe import archive
from curricula.folder import Folder
from curricula.load import read_track_file
from curricula.merge import named
from curricula.pieces import Piece, is_piece, pieces, track_in
from curricula.problems import N_
from lms.models import Draft, DraftPiece
from lms.services import drafts, merging, revisions
from lms.services.audit import record

#: Longest path of a piece (``DraftPiece.path``), and largest one, in bytes.
PATH, SIZE = 300, 5_000_000


class Changed(Exception):
    """Somebody wrote in the draft since it was looked at."""


@dataclass(frozen=True)
class Taken:
    """What an archive did to a draft, in pieces."""

    added: int
    changed: int
    removed: int


def state_of(session: Session, draft: Draft) -> str:
    """What a page shows of a draft as a whole: another word as soon as somebody writes in it."""
    query = select(func.count(), func.max(DraftPiece.id), func.sum(DraftPiece.edition)).filter_by(draft_id=draft.id)
    return "-".join(str(number or 0) for number in session.execute(query).one())


def read(content: bytes, key: str) -> Folder:
    """The folder of the track ``key`` in an archive; it may be unfinished. Nothing is written anywhere.

    Raises ``NotReadable``, and ``CurriculumError`` for a file of it that cannot be read.
    """
    files = {path: said for path, said in archive(content).items() if _written(path)}
    roots = [path.removesuffix("track.toml") for path in files if path.rpartition("/")[2] == "track.toml"]
    if len(roots) != 1 or roots[0].count("/") > 1:
        raise NotReadable(N_("The archive does not hold the folder of one track, with its track.toml."))
    inside = {path.removeprefix(roots[0]): said for path, said in files.items() if path.startswith(roots[0])}
    for path, said in inside.items():
        if len(path) > PATH or is_piece(path):
            raise NotReadable(N_("« %(name)s » is not the name of a file of a track."), name=path[:100])
        if len(said) > SIZE:
            raise NotReadable(N_("« %(name)s » is larger than %(most)s MB."), name=path, most=str(SIZE // 1_000_000))
    folder = Folder(key, inside)
    found = read_track_file(folder.place("track.toml"), []).key
    if found != key:
        raise NotReadable(N_("The archive holds the track « %(found)s », not « %(key)s »."), found=found[:60], key=key)
    _pieces(folder)
    return folder


def take(session: Session, draft: Draft, folder: Folder, state: str, person_id: int | None) -> Taken:
    """Make a draft what a folder says, under a version that is not published yet.

    ``state`` is the draft as it was looked at (``state_of``).

    Raises ``Changed`` when somebody wrote meanwhile, and ``drafts.Frozen``: then nothing changes.
    """
    drafts.hold(session, draft)
    if state_of(session, draft) != state:
        raise Changed
    said = [Piece(path, content) for path, content in _pieces(folder).items()]
    own = track_in(folder.files["track.toml"]).version
    found = named(said, draft.track_key, revisions.free_version(session, draft.track_key, own))
    wanted = {piece.path: piece.content for piece in found}
    before = {row.path: row.content for row in drafts.contents(session, draft)}
    gone = before.keys() - wanted.keys()
    new = wanted.keys() - before.keys()
    changed = [path for path in before.keys() & wanted.keys() if wanted[path] != before[path]]
    merging.rewrite(session, draft, found, person_id)
    record(
        session, "draft_taken_in", f"track:{draft.track_key}", person_id,
        draft=draft.id, added=len(new), changed=len(changed), removed=len(gone),
    )  # fmt: skip
    return Taken(len(new), len(changed), len(gone))


def _written(path: str) -> bool:
    """Whether somebody wrote a file: tools put others in archives."""
    return not any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


def _pieces(folder: Folder) -> dict[str, bytes]:
    """What each piece says, in order. Raises ``NotReadable`` where two would have one name, or one none."""
    found: dict[str, bytes] = {}
    for piece in pieces(folder):
        if piece.path not in folder.files and not is_piece(piece.path):
            raise NotReadable(N_("« %(name)s » is not the name of a part of a track."), name=piece.path[:100])
        if piece.path in found:
            raise NotReadable(N_("« %(name)s » is there twice."), name=piece.path[:100])
        found[piece.path] = piece.content
    return found
