"""Tables of facts for HR, one file a report; a report knows no file format."""
