"""Hands mails to the organisation's mail server: with TLS or not at all, where a password is sent."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, Self

from countermark.errors import InputRefused, NotPermitted, Unavailable
from countermark.limits import DEFAULT_LIMITS
from countermark_node.mails.address import check_address
from countermark_node.settings import NodeSettings
from countermark_wallet.files.safe import read_bounded

Security = Literal["starttls", "tls", "none"]
PUT_OFF, _FAILED = "mail-put-off", "mail-failed"
_CLOSING = 421
"""Status of a server that ends the connection, whoever the mail is for (RFC 5321, 4.2.2)."""
_PASSWORD_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in. Without `starttls` or `tls` no password is sent."""

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    seconds: float = DEFAULT_LIMITS.outbound_seconds

    @classmethod
    def of(cls, settings: NodeSettings) -> Self | None:
        """As the settings say; None where no mails are sent. Raises InputRefused (mail-settings, bad-address)."""
        if not settings.smtp_host:
            return None
        check_address(settings.mail_from)
        password = "" if settings.smtp_password is None else settings.smtp_password.get_secret_value()
        if settings.smtp_password_file is not None:
            raw = read_bounded(settings.smtp_password_file, _PASSWORD_BYTES, what="password of the mail server")
            password = raw.decode("utf-8", "replace").strip()
        if settings.smtp_security == "none" and (settings.smtp_user or password):
            raise InputRefused(
                got="a password for a mail server without TLS",
                expected="COUNTERMARK_SMTP_SECURITY=starttls or tls",
                next_step="turn TLS on, or leave user and password out",
                reason="mail-settings",
            )
        return cls(settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, password)

    def send(self, mail: EmailMessage) -> None:
        """Hand one mail in.

        Raises NotPermitted (mail-refused) for what the server will never take, Unavailable (mail-put-off) for what it
        does not take now although it may take others, and Unavailable (mail-failed) where it takes none.
        """
        try:
            with self._connected() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, _ = next(iter(error.recipients.values()))
            if code >= 500:
                raise _refused(code) from None
            raise _failed(f"status {code}", _FAILED if code == _CLOSING else PUT_OFF) from None
        except smtplib.SMTPResponseException as error:
            raise _failed(f"status {error.smtp_code}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise _failed(type(error).__name__) from None

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.seconds, context=self._context())
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.seconds)
        try:
            if self.security == "starttls":
                # Raises where the server offers none: nothing goes on in the clear.
                server.starttls(context=self._context())
            if self.user:
                server.login(self.user, self.password)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        return self.tls or ssl.create_default_context()


def _refused(code: int) -> NotPermitted:
    return NotPermitted(
        got=f"status {code} for the receiver",
        expected="an address that the mail server takes mails for",
        next_step="correct the address: countermark node mail remove, then add",
        reason="mail-refused",
    )


def _failed(got: str, reason: str = _FAILED) -> Unavailable:
    return Unavailable(
        got=f"the mail server: {got}",
        expected="a mail server that takes the mail",
        next_step="check COUNTERMARK_SMTP_…; it is tried again by itself",
        reason=reason,
    )
