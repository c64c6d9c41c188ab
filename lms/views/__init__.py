"""Pages, one blueprint a file."""
