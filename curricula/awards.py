"""What a track leads to, as its authors wrote it: a certificate, a label, statements of attendance."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from curricula.languages import Localized


@dataclass(frozen=True)
class CertificateRule:
    """What a track leads to: every module of ``modules`` passed at ``threshold``, and so many whole ``branches``."""

    title: Localized
    modules: tuple[str, ...]
    threshold: Fraction
    valid_months: int | None = None
    branches: int = 0


@dataclass(frozen=True)
class Way:
    """One of several ways to a label: another award held and valid, or modules passed at a threshold.

    ``award`` is the key of a track for its certificate; ``modules`` are of this track, or « track/module » of another.
    The ``mention`` is what the label then says beside its title.
    """

    award: str | None = None
    mention: Localized | None = None
    modules: tuple[str, ...] = ()
    threshold: Fraction | None = None

    @property
    def key(self) -> str:
        """What names it in a list."""
        return self.award or "-".join(self.modules).replace("/", "-")


@dataclass(frozen=True)
class JuryRule:
    """A module whose work is to be accepted by a jury of so many members at least."""

    module: str
    members: int = 2


@dataclass(frozen=True)
class Refresher:
    """What renewing asks for: so many ``minutes`` among ``modules``, passed after the last one was issued."""

    modules: tuple[str, ...]
    minutes: int


@dataclass(frozen=True)
class LabelRule:
    """The label a track leads to: its modules passed, one of several ways, a work that a jury accepts."""

    key: str
    title: Localized
    modules: tuple[str, ...]
    threshold: Fraction
    valid_months: int | None = None
    jury: JuryRule | None = None
    refresher: Refresher | None = None
    one_of: tuple[Way, ...] = ()


def own_modules(label: LabelRule) -> tuple[str, ...]:
    """Every module of its own track that a label names, each once."""
    named = [*label.modules, *(key for way in label.one_of for key in way.modules if "/" not in key)]
    named += [label.jury.module] if label.jury else []
    return tuple(dict.fromkeys([*named, *(label.refresher.modules if label.refresher else ())]))


def keeping(
    certificate: CertificateRule | None, label: LabelRule | None, known: Callable[[str], bool]
) -> tuple[CertificateRule | None, LabelRule | None]:
    """Both rules with only the modules of their track that are ``known``, by key."""
    if certificate is not None:
        certificate = replace(certificate, modules=_known(certificate.modules, known))
    if label is not None:
        ways = (replace(way, modules=_known(way.modules, known)) for way in label.one_of)
        again = replace(label.refresher, modules=_known(label.refresher.modules, known)) if label.refresher else None
        label = replace(
            label, modules=_known(label.modules, known), one_of=tuple(way for way in ways if way.award or way.modules),
            jury=label.jury if label.jury and known(label.jury.module) else None,
            refresher=again if again and again.modules else None,
        )  # fmt: skip
    return certificate, label


def _known(modules: tuple[str, ...], known: Callable[[str], bool]) -> tuple[str, ...]:
    return tuple(key for key in modules if "/" in key or known(key))
