"""Which tests write in PostgreSQL as the account that owns the tables: every other one does as web processes do.

These write what the service never does: a certificate that ends earlier, a line of the journal altered, the revision of
another release. What the service does itself is tried under the lesser account, here and in ``tests/rights``.
"""

from pathlib import Path

_TESTS = Path(__file__).parent
#: Files and folders of tests.
OWNERS = {
    "api/test_api_resources.py": "certificates of another date", "api/test_api_verification.py": "one renewed",
    "backup": "a database put in the place of this one", "cli/test_purge.py": "results of an earlier date",
    "doctor": "the revision of another release", "jobs/test_send_reminder.py": "certificates that end",
    "reports/test_certificates_report.py": "certificates that end", "reports/test_expiries.py": "certificates that end",
    "services/test_analysis_service.py": "numbers of rows chosen", "services/test_awards.py": "certificates that end",
    "services/test_certificate_life.py": "a record of before", "services/test_certificate_numbers.py": "numbers",
    "services/test_certificate_words.py": "other names", "services/test_chain.py": "lines altered",
    "services/test_connections.py": "lines of an earlier date", "services/test_corrections.py": "certificates that end",
    "services/test_key_drills.py": "certificates that end", "services/test_retention.py": "an earlier date",
    "services/test_verification.py": "certificates that end", "test_benches.py": "rows unchecked, for their number",
    "views/test_analysis_pages.py": "numbers of rows chosen", "views/test_journal_page.py": "lines altered",
    "views/test_my_certificates.py": "certificates that end",
}  # fmt: skip


def writes_as_owner(test: Path) -> bool:
    """Whether the tests of that file do."""
    own = test.relative_to(_TESTS)
    return any(str(each) in OWNERS for each in (own, *own.parents))
