"""The rooms of HR that its first page leads to: endpoint, name, and what is done there."""

#: Marks a message for extraction; whoever shows it translates it.
N_ = str

ROOMS: list[tuple[str, str, str]] = [
    (
        "hr_imports.index",
        N_("Files of agents and units"),
        N_("Bring what your HR software exports: see how it is read, check it, take it in, undo it."),
    ),
]
