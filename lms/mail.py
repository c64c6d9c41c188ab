"""Messages by e-mail, through the server that the configuration names."""

import smtplib
from contextlib import closing, suppress
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lms.config import Config
from lms.tls import verifying

#: How long the server may take to answer, in seconds.
PATIENCE = 20


class MailRefused(Exception):
    """A message that was not sent. ``cause`` holds no address; ``final`` when trying again cannot help."""

    def __init__(self, cause: str, *, final: bool) -> None:
        super().__init__(cause)
        self.cause, self.final = cause, final


def send(config: Config, to: str, subject: str, text: str, identifier: str) -> None:
    """Hand one message to the mail server. Raises ``MailRefused``.

    The same ``identifier`` makes the same Message-ID. A name and a password are only told over TLS.
    """
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = config.mail_from, to, subject
    except Exception as error:  # it would add headers; what is no address at all may end in any error
        raise MailRefused("address", final=True) from error
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{identifier}@{config.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        with closing(_server(config.smtp_url, config.authorities)) as server:
            server.send_message(message)
            with suppress(smtplib.SMTPException, OSError):  # it has the message, whatever it says of our leaving
                server.quit()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _words in error.recipients.values()]
        raise MailRefused("recipient", final=all(code >= 500 for code in codes)) from error
    except smtplib.SMTPResponseException as error:
        raise MailRefused(f"smtp_{error.smtp_code}", final=False) from error
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise MailRefused(type(error).__name__, final=False) from error


def _server(url: str, authorities: Path = Path()) -> smtplib.SMTP:
    """A server that waits for a message; over TLS whenever it can."""
    parts = urlsplit(url)
    host, context = parts.hostname or "", verifying(authorities)
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=PATIENCE, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=PATIENCE)
    try:
        server.ehlo()
        secured = parts.scheme == "smtps"
        if not secured and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            secured = True
        if parts.username:
            if not secured:
                raise smtplib.SMTPNotSupportedError
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server
