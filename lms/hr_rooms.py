"""The rooms of HR that its first page leads to: endpoint, name, and what is done there."""

#: Marks a message for extraction; whoever shows it translates it.
N_ = str

ROOMS: list[tuple[str, str, str]] = [
    (
        "hr_organisation.index",
        N_("Organisation"),
        N_("Ministries, directorates, services, and how many agents are there."),
    ),
    ("hr_matches.index", N_("Who is whom"), N_("People of training platforms who may be agents: confirm or refuse.")),
    ("hr_population.index", N_("Population"), N_("The agents that the indicators count, by a declared rule.")),
]
