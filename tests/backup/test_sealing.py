"""The envelope: whatever is done to it is refused, and told as what it is."""

import io
import os

import pytest

from lms.backup import BackupError, sealing
from lms.backup.parts import PartsReader, PartsWriter
from lms.backup.sealing import CHUNK, TAG, Opener, Sealer
from tests.backup.conftest import PASSPHRASE

HEAD = sealing._HEADER.size + sealing._MAC
WHOLE = CHUNK + TAG


def sealed(content: bytes) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, PASSPHRASE)
    for start in range(0, len(content), 50_000):
        sealer.write(content[start : start + 50_000])
    sealer.close()
    return file.getvalue()


def opened(data: bytes, passphrase: str = PASSPHRASE) -> bytes:
    opener = Opener(io.BytesIO(data), passphrase)
    return b"".join(iter(opener.chunk, None))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_what_was_sealed_is_opened(size: int) -> None:
    content = os.urandom(size)
    assert opened(sealed(content)) == content


def test_the_same_content_is_never_sealed_alike() -> None:
    assert sealed(b"same")[HEAD:] != sealed(b"same")[HEAD:]


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(BackupError, match="passphrase does not open"):
        opened(sealed(b"content"), "another passphrase than that")


def test_any_bit_that_changes_is_seen() -> None:
    data = sealed(os.urandom(CHUNK + 10))
    places = [*range(HEAD), HEAD, HEAD + CHUNK // 2, HEAD + WHOLE - 1, HEAD + WHOLE, len(data) - 1]
    for place in places:
        altered = bytearray(data)
        altered[place] ^= 1
        with pytest.raises(BackupError):
            opened(bytes(altered))


def test_any_end_that_is_missing_is_seen() -> None:
    data = sealed(os.urandom(2 * CHUNK + 10))
    for size in [*range(HEAD + 2), HEAD + WHOLE - 1, HEAD + WHOLE, HEAD + 2 * WHOLE, len(data) - 1]:
        with pytest.raises(BackupError):
            opened(data[:size])


def test_an_end_that_is_missing_is_called_so() -> None:
    data = sealed(os.urandom(2 * CHUNK + 10))
    with pytest.raises(BackupError, match="its end is missing"):
        opened(data[: HEAD + 2 * WHOLE])


def test_chunks_that_change_places_or_come_twice_are_seen() -> None:
    data = sealed(os.urandom(3 * CHUNK + 10))
    head, *chunks, last = data[:HEAD], *(data[HEAD + n * WHOLE : HEAD + (n + 1) * WHOLE] for n in range(4))
    first, second, third = chunks
    for order in ([second, first, third, last], [first, third, last], [first, first, second, third, last],
                  [first, second, third, last, last], [last, first, second, third]):  # fmt: skip
        with pytest.raises(BackupError, match="damaged"):
            opened(head + b"".join(order))


def test_chunks_of_another_backup_under_the_same_passphrase_are_seen() -> None:
    one, other = sealed(os.urandom(2 * CHUNK)), sealed(os.urandom(2 * CHUNK))
    with pytest.raises(BackupError, match="damaged"):
        opened(one[: HEAD + WHOLE] + other[HEAD + WHOLE :])


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 some archive", b"SQLite format 3\x00" * 20])
def test_another_file_is_called_no_backup(data: bytes) -> None:
    with pytest.raises(BackupError, match="no backup of this service"):
        opened(data)


def test_a_cost_that_would_take_the_machine_is_refused() -> None:
    data = bytearray(sealed(b"content"))
    data[len(sealing.MAGIC) + 1] = 40
    with pytest.raises(BackupError, match="damaged"):
        opened(bytes(data))


def test_a_later_form_asks_for_a_later_release() -> None:
    data = bytearray(sealed(b"content"))
    data[len(sealing.MAGIC)] = 9
    with pytest.raises(BackupError, match="later form"):
        opened(bytes(data))


def test_parts_come_back_in_order_with_their_counts() -> None:
    file = io.BytesIO()
    large = os.urandom(700_000)
    writer = PartsWriter(Sealer(file, PASSPHRASE), {"made": "today"})
    writer.add("table/person", [b"1\tAda\n2\tZ", b"oe\n"], columns=["id", "name"])
    writer.add("database", [large, b"", large], mode=0o640)
    writer.add("empty", [])
    writer.close()
    reader = PartsReader(Opener(io.BytesIO(file.getvalue()), PASSPHRASE))
    assert reader.opening == {"made": "today"}
    found = [(part, b"".join(pieces)) for part, pieces in reader.parts()]
    assert [(part.name, part.rows, content) for part, content in found] == [
        ("table/person", 2, b"1\tAda\n2\tZoe\n"), ("database", None, large + large), ("empty", None, b""),
    ]  # fmt: skip
    assert found[0][0].about == {"columns": ["id", "name"]}
    assert reader.seen == writer.parts


def test_parts_that_nobody_wants_are_read_all_the_same() -> None:
    file = io.BytesIO()
    writer = PartsWriter(Sealer(file, PASSPHRASE), {})
    writer.add("zeros", [bytes(5_000_000)])
    writer.add("database", [os.urandom(400_000)])
    writer.close()
    reader = PartsReader(Opener(io.BytesIO(file.getvalue()), PASSPHRASE))
    assert [part.name for part, _pieces in reader.parts()] == ["zeros", "database"]
    assert len(file.getvalue()) < 500_000, "what repeats is compressed"
