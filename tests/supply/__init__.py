"""What is built from, and with what: known faults, licences, the bill of materials."""
