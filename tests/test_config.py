"""The configuration: everything wrong told at once, secrets never shown, a secret of one's own made once."""

import stat
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lms.branding import contrast_with_white
from lms.config import Config, ConfigError, load_config

SECRET = "a secret key for tests that is long enough"


def load(tmp_path: Path, **environment: str) -> Config:
    return load_config({"LMS_DATA_DIR": str(tmp_path / "var"), **environment})


def refusal(tmp_path: Path, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, **environment)
    assert not (tmp_path / "var").exists(), "nothing is made from a wrong configuration"
    return refused.value.problems


def test_with_nothing_it_runs_on_sqlite_under_the_data_directory(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config.database == f"sqlite:///{tmp_path}/var/lms.sqlite3"
    assert config.keys == tmp_path / "var" / "keys"
    assert (config.base_url, config.host, config.secure) == ("http://localhost:8000", "localhost:8000", True)
    assert config.issuer_fictitious
    assert not config.testing


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = load(tmp_path)
    assert len(first.secret_key) >= 32
    assert load(tmp_path).secret_key == first.secret_key
    path = tmp_path / "var" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in (tmp_path / "var").iterdir()] == ["secret"]
    assert load_config({"LMS_DATA_DIR": str(tmp_path / "other")}).secret_key != first.secret_key


def test_processes_that_start_together_share_the_secret(tmp_path: Path) -> None:
    barrier, found = threading.Barrier(8), set[str]()

    def start() -> None:
        barrier.wait()
        found.add(load(tmp_path).secret_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert len(found.pop()) >= 32


def test_a_given_secret_is_used_and_none_is_written(tmp_path: Path) -> None:
    assert load(tmp_path, LMS_SECRET_KEY=SECRET).secret_key == SECRET
    assert load(tmp_path, LMS_SECRET_KEY="x" * 1023).secret_key == "x" * 1023
    assert not (tmp_path / "var" / "secret").exists()


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    problems = refusal(
        tmp_path,
        LMS_BASE_URL="formation.example",
        LMS_SESSION_MINUTES="an hour",
        LMS_ISSUER_FICTITIOUS="perhaps",
        LMS_SECRET_KEY="short",
        LMS_DATABSE_URL="x",
        LMS_TRUSTED_PROXIES="-1",
    )
    assert set(problems) == {
        "LMS_DATABSE_URL is not a setting. Remove it or correct its name.",
        "LMS_ISSUER_FICTITIOUS must be true or false.",
        "LMS_SESSION_MINUTES must be a whole number.",
        "LMS_BASE_URL must be a web address without final slash: https://formation.example.",
        "LMS_TRUSTED_PROXIES must not be negative.",
        "LMS_SECRET_KEY must have at least 32 characters.",
    }
    assert len(problems) == 6


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BASE_URL", "ftp://formation.example", "web address"),
        ("BASE_URL", "https://", "web address"),
        ("BASE_URL", "https://formation.example/", "without final slash"),
        ("BASE_URL", "https://[formation", "web address"),
        ("BASE_URL", "https://formation.example:99999", "web address"),
        ("BASE_URL", "https://formation.example?x=1", "web address"),
        ("BASE_URL", "http://formation.example", "must be https"),
        ("DATABASE_URL", "lms.sqlite3", "LMS_DATABASE_URL must be like postgresql://"),
        ("DATABASE_URL", "mysql://u@h/d", "LMS_DATABASE_URL must be like postgresql://"),
        (
            "OWNER_DATABASE_URL",
            "postgresql://o@h/d",
            "must be like postgresql://owner:password@host/name, as LMS_DATABASE",
        ),
        ("KEEP_JOURNAL_DAYS", "30", "must be more than 30"),
        ("SESSION_MINUTES", "4", "at least 5"),
        ("SESSION_MINUTES", "5.5", "whole number"),
        ("SESSION_MINUTES", "", "whole number"),
        ("UPLOAD_LIMIT", "-5", "must not be negative"),
        ("SECRET_KEY", "x" * 31, "at least 32 characters"),
        ("SESSION_MINUTES", "527041", "at most 527040"),
        ("IDLE_MINUTES", "99999999999", "at most 527040"),
        ("LTI_KEY_DAYS", "99999999999", "at most 36500"),
        ("STATEMENT_TIMEOUT", "3000000", "at most 86400"),
        ("EXPORT_DAYS", "367", "at most 366"),
        ("SECRET_KEY", "x" * 1024, "at most 1023 bytes"),
        ("SECRET_KEY", "é" * 512, "at most 1023 bytes"),
        ("IDLE_MINUTES", "4", "at least 5, or 0"),
        ("IDLE_ROLES", "hr, minister", "must be made of learner, trainer"),
        ("SECOND_FACTOR_ROLES", "hr, minister", "must be made of learner, trainer"),
        ("ALLOWED_PRIVATE_HOSTS", "https://lms.intranet", "has https://lms.intranet, which allows nothing"),
        ("ALLOWED_PRIVATE_HOSTS", "lms.intranet, 10.0.0.0/8", "has 10.0.0.0/8, which allows nothing"),
        ("ALLOWED_PRIVATE_HOSTS", "*.intranet", "write hosts in small letters"),
        ("ALLOWED_PRIVATE_HOSTS", "LMS.intranet", "write hosts in small letters"),
        ("ISSUER_NAME_FR", "", "must name the institution that issues"),
        ("ISSUER_NAME_EN", " ", "must name the institution that issues"),
        ("NOTHING", "1", "LMS_NOTHING is not a setting"),
        ("TESTING", "true", "LMS_TESTING is not a setting"),  # it takes every limit of requests away
    ],
)
def test_a_value_that_cannot_be_used_is_refused(tmp_path: Path, name: str, value: str, said: str) -> None:
    (problem,) = refusal(tmp_path, **{f"LMS_{name}": value})
    assert said in problem
    assert name in problem


@pytest.mark.parametrize("name", ["EXPORT_FOLDER", "TRACKS_DIR", "EXPORT_SFTP_KEY"])
def test_what_a_folder_above_lets_nobody_see_is_explained_and_not_traced(tmp_path: Path, name: str) -> None:
    # A name that is too long is refused by the system, to root too, where others meet « Permission denied ».
    given = {"LMS_EXPORT_SFTP": "sftp://lms@files.example/in", "LMS_EXPORT_SFTP_KNOWN_HOSTS": __file__}
    problems = refusal(
        tmp_path, **(given if name == "EXPORT_SFTP_KEY" else {}), **{f"LMS_{name}": str(tmp_path / ("x" * 300))}
    )
    (problem,) = problems
    assert name in problem
    assert "the account of this process may reach" in problem


def test_other_programs_variables_are_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, PATH="/bin", FILMS_TITLE="x").base_url == "http://localhost:8000"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:////data/x.sqlite3", "sqlite:////data/x.sqlite3"),
        ("postgresql://u:p@a:5432,b:5433/d", "postgresql+psycopg://u:p@/d?host=a%2Cb&port=5432%2C5433"),
        (
            "postgresql://u:p@a,[2001:db8::1]:5433/d?target_session_attrs=read-write",
            "postgresql+psycopg://u:p@/d?host=a%2C2001%3Adb8%3A%3A1&port=5432%2C5433&target_session_attrs=read-write",
        ),
    ],
)
def test_a_database_address_names_the_driver_we_ship(tmp_path: Path, given: str, used: str) -> None:
    assert load(tmp_path, LMS_DATABASE_URL=given).database == used


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://u@h:port/d",
        "postgresql://u@a:1,b:port/d",
        "postgresql://u@a:1/d?host=b&host=c&port=1",
        "mysql://u@a,b/d",
        "postgresql+psycopg2://u@h/d",
        "postgresql+asyncpg://u@h/d",
        "sqlite+aiosqlite:////data/x.sqlite3",
        "sqlite:////data/x.sqlite3?timeout=abc",
        "sqlite://data/x.sqlite3",
    ],
)
def test_a_database_address_that_cannot_be_used_is_told(tmp_path: Path, given: str) -> None:
    (told,) = refusal(tmp_path, LMS_DATABASE_URL=given)
    assert "LMS_DATABASE_URL must be like postgresql://" in told


@pytest.mark.parametrize(("value", "true"), [("1", 1), ("TRUE", 1), ("yes", 1), ("0", 0), ("False", 0), ("no", 0)])
def test_true_and_false_are_read_as_people_write_them(tmp_path: Path, value: str, true: int) -> None:
    assert load(tmp_path, LMS_ISSUER_FICTITIOUS=value).issuer_fictitious is bool(true)


def test_a_list_is_separated_by_commas(tmp_path: Path) -> None:
    config = load(tmp_path, LMS_ALLOWED_PRIVATE_HOSTS=" moodle.local, ,127.0.0.1 ")
    assert config.allowed_private_hosts == ("moodle.local", "127.0.0.1")


def test_a_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    path = tmp_path / "lms.toml"
    path.write_text(
        'base_url = "https://formation.example"\nsession_minutes = 60\nissuer_fictitious = false\n'
        'allowed_private_hosts = ["a", "b"]\nkeys_dir = "/keys"\nissuer_name_fr = "Préfecture d’essai"\n',
        "utf-8",
    )
    config = load(tmp_path, LMS_CONFIG=str(path), LMS_SESSION_MINUTES="90")
    assert (config.base_url, config.session_minutes) == ("https://formation.example", 90)
    assert config.issuer_fictitious is False
    assert config.allowed_private_hosts == ("a", "b")
    assert config.keys == Path("/keys")
    assert config.issuer_name_fr == "Préfecture d’essai"


def test_several_files_are_read_and_the_last_one_wins(tmp_path: Path) -> None:
    one, two = tmp_path / "lms.toml", tmp_path / "owner.toml"
    one.write_text("api_rate = 1\nappeal_days = 2")
    (told,) = refusal(tmp_path, LMS_CONFIG=f"{one}:{two}")
    assert told == f"LMS_CONFIG names {two}, which cannot be read."
    two.write_text("appeal_days = 3\nexport_days = 4")
    config = load(tmp_path, LMS_CONFIG=f"{one}:{two}:")
    assert (config.api_rate, config.appeal_days, config.export_days) == (1, 3, 4)


def test_the_owner_s_address_is_of_postgresql_and_a_secret(tmp_path: Path) -> None:
    served = {"LMS_DATABASE_URL": "postgresql://s@h/d"}
    (told,) = refusal(tmp_path, **served, LMS_OWNER_DATABASE_URL="sqlite:///x")
    assert "LMS_OWNER_DATABASE_URL must be like postgresql://" in told
    config = load(tmp_path, **served, LMS_OWNER_DATABASE_URL="postgres://o:hidden@h/d")
    assert (config.owner, load(tmp_path).owner) == ("postgresql+psycopg://o:hidden@h/d", "")
    assert "hidden" not in str(config.shown())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"base_url = ", "is not TOML"),
        (b"issuer_name_fr = '\xe9'", "is not TOML"),
        (b"session_minutes = 60.5", "LMS_SESSION_MINUTES must be a whole number."),
        (b"session_minutes = [60]", "LMS_SESSION_MINUTES must be a whole number."),
        (b"session_minutes = true", "LMS_SESSION_MINUTES must be a whole number."),
        (b"open_data = 3", "LMS_OPEN_DATA must be true or false."),
        (b"base_url = 5", "LMS_BASE_URL must be a text."),
        (b"allowed_private_hosts = [1]", "LMS_ALLOWED_PRIVATE_HOSTS must be a list of texts."),
        (b"keys_dir = {}", "LMS_KEYS_DIR must be a path."),
        (b"[server]\nport = 1", "LMS_SERVER is not a setting."),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "lms.toml"
    path.write_bytes(content)
    (problem,) = refusal(tmp_path, LMS_CONFIG=str(path))
    assert said in problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, LMS_CONFIG="/nowhere/lms.toml") == [
        "LMS_CONFIG names /nowhere/lms.toml, which cannot be read."
    ]


def test_a_data_directory_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="LMS_DATA_DIR must be a folder that can be written"):
        load_config({"LMS_DATA_DIR": str(tmp_path / "file" / "var")})


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    shown = load(tmp_path, LMS_DATABASE_URL="postgresql://u:hidden@h/d", LMS_SECRET_KEY=SECRET).shown()
    assert shown["secret_key"] == shown["database_url"] == "********"
    assert "hidden" not in str(shown)
    assert SECRET not in str(shown)
    assert set(shown) == set(vars(Config())) - {"testing"}
    assert load(tmp_path).shown()["database_url"] == "", "nothing is not a secret"


@pytest.mark.parametrize(
    ("url", "secure"),
    [("https://a.example", True), ("http://localhost:8000", True), ("http://127.0.0.1", True), ("http://a.b", False)],
)
def test_secure_cookies_need_https_or_this_machine(url: str, secure: bool) -> None:
    assert Config(base_url=url).secure is secure


def test_overrides_win_over_everything(tmp_path: Path) -> None:
    values: dict[str, Any] = {"data_dir": tmp_path, "session_minutes": 10, "secret_key": SECRET}
    assert load_config({"LMS_SESSION_MINUTES": "20"}, **values).session_minutes == 10


@pytest.mark.parametrize(
    ("colour", "words"),
    [("#ffffff", "1.0"), ("#e3a53a", "too light"), ("#777777", "4.5"), ("blue", "like #42204a"), ("#12345", "like")],
)
def test_a_colour_white_cannot_be_read_on_is_refused(tmp_path: Path, colour: str, words: str) -> None:
    (problem,) = refusal(tmp_path, LMS_ISSUER_COLOUR=colour)
    assert problem.startswith("LMS_ISSUER_COLOUR")
    assert words in problem


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast_with_white("#000000") == pytest.approx(21)
    assert contrast_with_white("#ffffff") == pytest.approx(1)
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.01)


def test_a_signatory_is_given_in_both_languages(tmp_path: Path) -> None:
    (problem,) = refusal(tmp_path, LMS_ISSUER_SIGNATORY_FR="La directrice")
    assert "LMS_ISSUER_SIGNATORY_EN" in problem
    (problem,) = refusal(tmp_path, LMS_ISSUER_SIGNATORY_FR="x" * 91, LMS_ISSUER_SIGNATORY_EN="x")
    assert "90 characters" in problem
    both = load(tmp_path, LMS_ISSUER_SIGNATORY_FR="La directrice", LMS_ISSUER_SIGNATORY_EN="The director")
    assert both.issuer_signatory_en == "The director"


def test_a_logo_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "half.png").write_bytes(picture_bytes((300, 100))[:60])
    (tmp_path / "heavy.png").write_bytes(picture_bytes((10, 10)) + bytes(1_000_001))
    (tmp_path / "wide.png").write_bytes(picture_bytes((7000, 2)))
    for name in ("nowhere.png", "logo.svg", "half.png", "heavy.png", "wide.png", ""):
        (problem,) = refusal(tmp_path, LMS_ISSUER_LOGO=str(tmp_path / name))
        assert problem.startswith("LMS_ISSUER_LOGO"), name
    Image.new("CMYK", (30, 10)).save(tmp_path / "inks.jpg")
    assert load(tmp_path, LMS_ISSUER_LOGO=str(tmp_path / "inks.jpg")).issuer_logo.name == "inks.jpg"
    (tmp_path / "good.png").write_bytes(picture_bytes((300, 100)))
    assert load(tmp_path, LMS_ISSUER_LOGO=str(tmp_path / "good.png")).issuer_logo == tmp_path / "good.png"


def picture_bytes(size: tuple[int, int]) -> bytes:
    """A plain PNG."""
    out = BytesIO()
    Image.new("RGB", size, "#123456").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("url", "sender", "problem"),
    [
        ("https://mail.example", "a@example.org", "LMS_SMTP_URL must be like"),
        ("smtp://", "a@example.org", "LMS_SMTP_URL must be like"),
        ("smtp://mail.example:99999", "a@example.org", "LMS_SMTP_URL must be like"),
        ("smtps://user:p%C3%A9@mail.example", "a@example.org", "The name and the password in LMS_SMTP_URL"),
        ("smtps://us\u00e9r@mail.example", "a@example.org", "The name and the password in LMS_SMTP_URL"),
        ("smtp://mail.example", "", "LMS_SMTP_URL and LMS_MAIL_FROM go together"),
        ("", "a@example.org", "LMS_SMTP_URL and LMS_MAIL_FROM go together"),
        ("smtp://mail.example", "nobody", "LMS_MAIL_FROM must be an e-mail address"),
        ("smtp://mail.example", "a@example.org, b@example.org", "LMS_MAIL_FROM must be an e-mail address"),
    ],
)
def test_mail_is_configured_whole_or_not_at_all(tmp_path: Path, url: str, sender: str, problem: str) -> None:
    (told,) = refusal(tmp_path, LMS_SMTP_URL=url, LMS_MAIL_FROM=sender)
    assert told.startswith(problem)


def test_the_password_of_the_mail_server_is_not_shown(tmp_path: Path) -> None:
    url = "smtps://someone:a-password@mail.example"
    config = load(tmp_path, LMS_SMTP_URL=url, LMS_MAIL_FROM="a@example.org")
    assert config.mails
    assert "a-password" not in str(config.shown())
    assert not load(tmp_path).mails


def test_the_service_does_not_start_without_its_assertions(tmp_path: Path) -> None:
    command = (
        "from lms.config import ConfigError, load_config\ntry:\n load_config({})\nexcept ConfigError as e: print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "PYTHONOPTIMIZE must be empty" in done.stdout
    assert list(tmp_path.iterdir()) == []


OIDC = {
    "LMS_OIDC_ISSUER": "https://sign-in.example/api/v2",
    "LMS_OIDC_CLIENT_ID": "formation",
    "LMS_OIDC_CLIENT_SECRET": "the secret of the sign-in",
}


def test_a_sign_in_asks_for_nothing_but_who_signs_in_unless_told(tmp_path: Path) -> None:
    config = load(tmp_path, **OIDC)
    assert (config.oidc_scope, config.oidc_link_by_email) == ("openid", False)
    assert config.shown()["oidc_client_secret"] == "********"
    assert OIDC["LMS_OIDC_CLIENT_SECRET"] not in str(config.shown())
    for written in ("openid email siret", "openid,email, siret", "openid,email siret,openid"):
        assert load(tmp_path, **OIDC, LMS_OIDC_SCOPES=written).oidc_scope == "openid email siret"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"OIDC_CLIENT_SECRET": ""}, "go together"),
        ({"OIDC_ISSUER": "http://sign-in.example"}, "must be https"),
        ({"OIDC_ISSUER": "sign-in.example"}, "the provider's issuer"),
        ({"OIDC_ISSUER": "https://sign-in.example?x=1"}, "the provider's issuer"),
        ({"OIDC_NAME_FR": "Connexion"}, "go together"),
        ({"OIDC_SCOPES": "email"}, "openid"),
        ({"OIDC_LINK_BY_EMAIL": "yes"}, "scope email"),
    ],
)
def test_a_sign_in_that_cannot_work_is_refused(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    (problem,) = refusal(tmp_path, **{**OIDC, **{f"LMS_{name}": value for name, value in changes.items()}})
    assert said in problem


def test_linking_by_address_needs_a_sign_in(tmp_path: Path) -> None:
    assert refusal(tmp_path, LMS_OIDC_LINK_BY_EMAIL="yes") == ["LMS_OIDC_LINK_BY_EMAIL needs LMS_OIDC_ISSUER."]
