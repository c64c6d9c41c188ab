"""Where one goes from HR's first page: (endpoint, name), each name marked ``N_`` and said where it is shown."""

from curricula.problems import N_

ROOMS: list[tuple[str, str]] = [
    ("gaps.index", N_("Agents to train")),
    ("budget.index", N_("Training budget")),
    ("literacy.index", N_("AI-literacy register")),
    ("hr_exports.index", N_("Exports")),
    ("hr_organisation.index", N_("Organisation")),
    ("hr_population.index", N_("Population")),
    ("hr_matches.index", N_("Who is whom")),
    ("hr_imports.index", N_("Files of agents and units")),
    ("bulk_verification.index", N_("Check certificates")),
]
#: Those that only whoever sees the whole institution may open.
OF_THE_WHOLE = {"hr_imports.index"}
