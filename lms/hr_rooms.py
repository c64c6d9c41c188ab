"""What HR's first page leads to: (endpoint, name, sentence), each message marked ``N_`` and said where it is shown."""

from curricula.problems import N_

ROOMS: list[tuple[str, str, str]] = [
    (
        "literacy.index",
        N_("AI-literacy register"),
        N_("AI systems, exposed groups, measures and gaps: a dated register that contributes to the evidence."),
    ),
]
