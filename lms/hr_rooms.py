"""The rooms of HR that its first page leads to: endpoint, name, what one does there. Each part adds its line."""

#: Marks a message for extraction; whoever shows it translates it.
N_ = str

ROOMS: list[tuple[str, str, str]] = [
    ("gaps.index", N_("Agents to train"), N_("Who of the population is not trained yet, by name, in your scope.")),
]
