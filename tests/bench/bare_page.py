"""The bare page that load is compared with: Flask and SQLAlchemy, so many rows read one by one, a line of text."""

import os

from flask import Flask
from sqlalchemy import create_engine, text


def bare_page() -> Flask:
    """The application as granian starts it: ``/`` asks ``BENCH_QUERIES`` queries of ``BENCH_DATABASE``."""
    app, engine = Flask("bare"), create_engine(os.environ["BENCH_DATABASE"])
    queries, query = int(os.environ["BENCH_QUERIES"]), text("select id, full_name from person where id = :id")

    @app.get("/")
    def page() -> str:
        with engine.connect() as connection:
            found = [connection.execute(query, {"id": number + 1}).first() for number in range(queries)]
        return f"Bonjour {len(found)}"

    return app
