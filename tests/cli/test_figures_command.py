"""``lms figures``: counted now, checked against the facts, made again."""

from lms.app import create_app
from lms.models import Figure, db
from tests.cli.conftest import Run
from tests.figures_in_test import two_ministries


def test_figures_are_checked_and_made_again(ready: Run) -> None:
    app = create_app()
    with app.app_context():
        two_ministries(db.session())
    assert "what the facts say" in ready("figures", "check").out
    with app.app_context():
        db.session.query(Figure).filter_by(unit_id=0).update({"enrolled": 99})
        db.session.commit()
    wrong = ready("figures", "check")
    assert wrong.status == 1
    assert "figures differ" in wrong.err
    assert "22 agents counted" in ready("figures", "refresh", "--rebuild").out
    assert ready("figures", "check").status == 0
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["outbound"].close()
