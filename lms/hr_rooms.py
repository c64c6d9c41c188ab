"""What HR's first page leads to: (endpoint, name, sentence), each message marked ``N_`` and said where it is shown."""

from curricula.problems import N_

ROOMS: list[tuple[str, str, str]] = [
    ("budget.index", N_("Training budget"), N_("Lines, baseline, costs, the path to the double and what is foreseen.")),
]
