"""Why a message could not be sent, in a sentence that says what to do, without personal data.

A mail server's own words repeat the address they are about, so they are never kept: only its code.
"""

import smtplib
from dataclasses import dataclass

from django.core.mail import BadHeaderError

from booking.messages.rendering import ClinicMissing
from booking.messages.texting import TextRefused, TextUncertain

SERVICE_CLOSING = 421  # RFC 5321, 3.8: the server ends the conversation, whatever was asked.


@dataclass(frozen=True)
class Failure:
    """``is_final``: trying again cannot help before somebody has mended something.

    ``is_the_servers``: the next message will most likely fail alike.
    """

    advice: str
    is_final: bool = False
    is_the_servers: bool = False


def explain(problem: Exception) -> Failure:
    """What an exception from writing or sending a mail means for staff."""
    match problem:
        case ClinicMissing():
            return Failure("The clinic's details are missing. Fill them in under Clinic.")
        case smtplib.SMTPRecipientsRefused():
            code = max((reply[0] for reply in problem.recipients.values()), default=450)
            if code >= 500:
                return Failure(f"The mail server refuses this address ({code}). Check it with the patient.", True)
            return Failure(f"The mail server does not take mail for this address just now ({code}). Give it some time.")
        case smtplib.SMTPAuthenticationError():
            return Failure(
                f"The mail server refuses our login ({problem.smtp_code}). Check EMAIL_URL.", is_the_servers=True
            )
        case smtplib.SMTPSenderRefused():
            code = problem.smtp_code
            return Failure(
                f"The mail server refuses our own address ({code}). Check DEFAULT_FROM_EMAIL.", is_the_servers=True
            )
        case smtplib.SMTPNotSupportedError():
            return Failure("The mail server cannot carry the letters of this address. Ask for another.", True)
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError() | smtplib.SMTPServerDisconnected():
            return Failure("The mail server ended the conversation. Check that it runs.", is_the_servers=True)
        case smtplib.SMTPResponseException():
            if problem.smtp_code >= 500:
                return Failure(
                    f"The mail server refuses this mail ({problem.smtp_code}). Ask whoever runs it why.", True
                )
            return Failure(
                f"The mail server is busy ({problem.smtp_code}). Give it some time.",
                is_the_servers=problem.smtp_code == SERVICE_CLOSING,
            )
        case TextRefused():
            why = f" ({problem.code})" if problem.code else ""
            return Failure(f"No text message can be sent to this number{why}. Call the patient.", True)
        case TextUncertain():
            return Failure("The text-message service broke off. Check that it runs.", is_the_servers=True)
        case TimeoutError():
            return Failure("The mail server did not answer in time. Check that it runs.", is_the_servers=True)
        case OSError():
            return Failure("The mail server cannot be reached. Check EMAIL_URL if this goes on.", is_the_servers=True)
        case BadHeaderError() | UnicodeError():
            return Failure("An address or name holds characters that no mail can carry. Correct it.", True)
        case _:
            name = type(problem).__name__
            return Failure(f"This message could not be written ({name}). Tell whoever runs the site.")
