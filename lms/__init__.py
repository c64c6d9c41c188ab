"""The Flask service: LTI, web pages, API, database, worker and command line."""
