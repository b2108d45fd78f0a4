"""The words of a mail: plain text from the catalogues, one line for each notification, as many as somebody reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from countermark_node.mails.address import check_address
from countermark_node.notifications.tables import NotificationRow
from countermark_node.notifications.view import sentence_of
from countermark_node.notifications.words import sentence
from countermark_node.times import moment
from countermark_scanner.messages import Language

LINES = 50


@dataclass(frozen=True, slots=True)
class Digest:
    """What one mail tells: the first notifications, how many there are in all, and whether some were forgotten."""

    rows: Sequence[NotificationRow]
    count: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Letterhead:
    """From which address, and which node it is."""

    sender: str
    node: str


def write_mail(
    subscription: str, account: str, to: str, digest: Digest, head: Letterhead, language: Language, now: datetime
) -> EmailMessage:
    """A mail to one address. Sent twice after a crash it has the same Message-ID. Raises InputRefused (bad-address)."""
    mail = EmailMessage(policy=SMTP)
    one = digest.count == 1
    mail["Subject"] = sentence("mail.subject-one" if one else "mail.subject", {"count": digest.count}, language)
    mail["From"], mail["To"] = check_address(head.sender), check_address(to)
    mail["Date"] = format_datetime(now)
    first = digest.rows[0].sequence if digest.rows else 0
    mail["Message-ID"] = f"<{subscription}.{first}@{head.sender.rpartition('@')[2]}>"
    # Answering machines leave such mails alone (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(_lines(subscription, account, digest, head, language)) + "\n")
    return mail


def _lines(subscription: str, account: str, digest: Digest, head: Letterhead, language: Language) -> list[str]:
    params = {"node": head.node, "account": account, "id": subscription, "count": digest.count - len(digest.rows)}
    lines = [sentence("mail.intro", params, language), ""]
    lines += [f"{moment(row.at):%Y-%m-%d %H:%M} UTC  {sentence_of(row, language)}" for row in digest.rows]
    if digest.count > len(digest.rows):
        lines.append(sentence("mail.more", params, language))
    if digest.lost:
        lines += ["", sentence("mail.lost", params, language)]
    return [*lines, "", sentence("mail.outro", params, language)]
