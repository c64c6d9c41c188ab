"""Limited pages answer so many requests of one address, then say to wait."""

from pathlib import Path

from lms.app import create_app
from lms.security import limited
from tests.conftest import make_config


def test_a_limited_page_answers_so_often_to_one_address(tmp_path: Path) -> None:
    app = create_app(make_config("", tmp_path, testing=False))

    @limited("3 per minute")
    def busy() -> str:
        return "here"

    @limited("1 per minute")
    def other() -> str:
        return "there"

    app.add_url_rule("/busy", view_func=busy)
    app.add_url_rule("/other", view_func=other)
    client = app.test_client()
    assert [client.get("/busy").status_code for _turn in range(5)] == [200, 200, 200, 429, 429]
    assert client.get("/other").status_code == 200
    assert client.get("/busy", environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
