"""The smallest track that is right, to be broken one thing at a time."""

from pathlib import Path

import pytest

from assessments.registry import anatomies
from curricula.load import load_track
from curricula.problems import CurriculumError

TRACK = """\
key = "mini"
code = "M"
version = "2026.1"
languages = ["fr", "en"]
licence = "CC-BY-SA-4.0"
recommendations = [1, 17]
title = { fr = "Petit parcours", en = "Small track" }
promise = { fr = "Vous saurez.", en = "You will know." }
audience = { fr = "Tout le monde", en = "Everybody" }

[certificate]
title = { fr = "Certificat", en = "Certificate" }
modules = ["m1"]
threshold = 50
valid_months = 36

[[legal]]
key = "ai-act-4"
reference = "Règlement (UE) 2024/1689, art. 4"
title = { fr = "Maîtrise de l’IA", en = "AI literacy" }
in_force_from = 2025-02-02
version = "2024-07-12"
checked_on = "2026-11"
source = "https://eur-lex.europa.eu/eli/reg/2024/1689/oj"
"""
MODULE = """\
key = "m1"
code = "M1"
order = 1
status = "published"
duration_minutes = 60
recommendations = [1]
legal = ["ai-act-4"]
title = { fr = "Premier module", en = "First module" }
summary = { fr = "Un geste.", en = "A gesture." }

[quiz]
questions = 2
threshold = 50
attempts = 3
cooldown_minutes = 30

[[objectives]]
key = "m1-o1"
text = { fr = "repérer", en = "spot" }

[[objectives]]
key = "m1-o2"
text = { fr = "choisir", en = "choose" }

[[sources]]
key = "white-paper"
title = { fr = "Livre blanc", en = "White paper" }
published_on = "2025"
checked_on = "2026-11"
mark = "W"

[[sources]]
key = "to-check"
title = { fr = "À vérifier", en = "To be checked" }
mark = "M"
"""
PLANNED = """\
key = "m2"
code = "M2"
order = 2
status = "planned"
duration_minutes = 90
title = { fr = "Second module", en = "Second module" }
summary = { fr = "Bientôt.", en = "Soon." }
"""
LESSON_FR = """\
+++
title = "Première leçon"
minutes = 20
able = ["repérer", "choisir"]
objectives = ["m1-o1", "m1-o2"]
sources = ["white-paper"]
+++

::: situation
Mme R. lit une note.
:::

## Une idée

Le texte : une règle.
"""
LESSON_EN = """\
+++
title = "First lesson"
minutes = 20
able = ["spot", "choose"]
objectives = ["m1-o1", "m1-o2"]
sources = ["white-paper"]
+++

::: situation
Mrs R. reads a note.
:::

## One idea

The text: a rule.
"""
QUESTIONS = """\
[[questions]]
key = "m1-q1"
type = "single"
objective = "m1-o1"
difficulty = 1
source = "white-paper"
stem.fr = "Que faire ?"
stem.en = "What is to be done?"

[[questions.options]]
key = "a"
correct = true
text = { fr = "Lire", en = "Read" }
feedback = { fr = "Oui.", en = "Yes." }

[[questions.options]]
key = "b"
text = { fr = "Signer", en = "Sign" }
feedback = { fr = "Non.", en = "No." }
misconception = "haste"

[[questions]]
key = "m1-q2"
type = "multiple"
objective = "m1-o2"
difficulty = 3
source = "to-check"
stem = { fr = "Lesquels ?", en = "Which?" }

[[questions.options]]
key = "a"
correct = true
text = { fr = "L’un", en = "One" }
feedback = { fr = "Oui.", en = "Yes." }

[[questions.options]]
key = "b"
correct = true
text = { fr = "L’autre", en = "The other" }
feedback = { fr = "Oui.", en = "Yes." }

[[questions.options]]
key = "c"
text = { fr = "Aucun", en = "None" }
feedback = { fr = "Non.", en = "No." }
"""
FILES = {
    "track.toml": TRACK,
    "m1/module.toml": MODULE,
    "m1/01-first.fr.md": LESSON_FR,
    "m1/01-first.en.md": LESSON_EN,
    "m1/questions.toml": QUESTIONS,
    "m2/module.toml": PLANNED,
}


def write_track(root: Path, key: str = "mini") -> Path:
    """The folder of the track under ``root``."""
    folder = root / key
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace('key = "mini"', f'key = "{key}"'), encoding="utf-8")
    return folder


def rewrite(folder: Path, file: str, old: str, new: str) -> None:
    """Change in a file of the folder the first ``old``, which is there, to ``new``."""
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def told(folder: Path) -> list[str]:
    """What is said of a folder that is refused, problem after problem."""
    with pytest.raises(CurriculumError) as refused:
        load_track(folder, anatomies())
    return [str(problem) for problem in refused.value.problems]
