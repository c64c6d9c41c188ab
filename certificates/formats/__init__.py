"""Forms a certificate takes, one file each, found by :mod:`certificates.format`."""

from collections.abc import Callable
from dataclasses import dataclass

from certificates.model import Record
from certificates.sign.keys import Keys


class RenderError(Exception):
    """The certificate could not be made in this form as it must be, and nothing is issued."""


@dataclass(frozen=True)
class Format:
    """A form: each module of this folder defines one as ``FORMAT``.

    ``suffix`` ends file names and addresses, with its dot. ``render(record, keys)`` gives the whole file, or
    raises :class:`RenderError`; it reads nothing from the network.
    """

    key: str
    suffix: str
    media_type: str
    render: Callable[[Record, Keys], bytes]
