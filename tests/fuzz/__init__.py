"""Every parser, given what nobody should send: only what it says it raises may come out of it (``make fuzz``)."""
