"""A track with a common core, two branches and modules that wait for others, made of the shipped one."""

from dataclasses import replace

from curricula.model import Branch, CertificateRule, Competency, Framework, Level, Module, Track
from tests.learner_in_test import TRACK, module

DECIDE = Competency(
    "decide", {"fr": "Décider", "en": "Decide"}, (Level(1, {"fr": "Cite une source.", "en": "Quotes a source."}),)
)


def part(of: str, key: str, order: int, minutes: int, **more: object) -> Module:
    """A copy of a published module under another key."""
    return replace(module(of), key=key, code=key.upper(), order=order, duration_minutes=minutes, **more)  # type: ignore[arg-type]


def branching() -> Track:
    """« a1 » then « a2 », then health (« s1 » then « s2 ») or justice (« j1 »)."""
    assert TRACK.certificate is not None
    decides = replace(module("d1").objectives[0], competency="decide", level=1)
    return replace(
        TRACK,
        key="agents",
        code="A",
        version="2026.1",
        requires=("decideurs", "managers"),
        branches=(
            Branch("health", {"fr": "Spécialité santé", "en": "Health"}, {"fr": "Soins.", "en": "Care."}),
            Branch("justice", {"fr": "Spécialité justice", "en": "Justice"}),
        ),
        framework=Framework("public-ai", "2026.1", DECIDE.title, (DECIDE,)),
        certificate=CertificateRule(
            TRACK.certificate.title, ("a1", "a2"), TRACK.certificate.threshold, TRACK.certificate.valid_months, 1
        ),
        modules=(
            part("d1", "a1", 1, 100, objectives=(decides, *module("d1").objectives[1:])),
            part("d2", "a2", 2, 100, requires=("a1",)),
            part("d1", "s1", 3, 120, branch="health", requires=("a2",)),
            part("d2", "s2", 4, 120, branch="health", requires=("s1", "a1")),
            part("d1", "j1", 5, 200, branch="justice"),
        ),
    )
