"""File formats that stream rows, one file a format; a format knows no report."""
