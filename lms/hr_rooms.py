"""What HR's first page leads to: (endpoint, name, sentence), each message marked ``N_`` and said where it is shown."""

from curricula.problems import N_

ROOMS: list[tuple[str, str, str]] = [
    ("budget.index", N_("Training budget"), N_("Lines, baseline, costs, the path to the double and what is foreseen.")),
    ("gaps.index", N_("Agents to train"), N_("Who of the population is not trained yet, by name, in your scope.")),
    (
        "literacy.index",
        N_("AI-literacy register"),
        N_("AI systems, exposed groups, measures and gaps: a dated register that contributes to the evidence."),
    ),
    (
        "hr_exports.index",
        N_("Exports"),
        N_("Large exports with their progress, exports saved under a name, and those that make themselves."),
    ),
    (
        "hr_organisation.index",
        N_("Organisation"),
        N_("Ministries, directorates, services, and how many agents are there."),
    ),
    (
        "hr_imports.index",
        N_("Files of agents and units"),
        N_("Bring what your HR software exports: see how it is read, check it, take it in, undo it."),
    ),
    ("hr_matches.index", N_("Who is whom"), N_("People of training platforms who may be agents: confirm or refuse.")),
    ("hr_population.index", N_("Population"), N_("The agents that the indicators count, by a declared rule.")),
]
