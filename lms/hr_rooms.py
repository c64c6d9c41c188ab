"""The rooms of human resources: what the page /hr leads to."""

#: Marks a message for extraction; the page translates it.
N_ = str

#: Endpoint, name, sentence.
ROOMS: list[tuple[str, str, str]] = [
    (
        "hr_exports.index",
        N_("Exports"),
        N_("Large exports with their progress, exports saved under a name, and those that make themselves."),
    ),
]
