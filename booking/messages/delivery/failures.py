"""Map exceptions from sending to advice for staff, without personal data.

SMTP reply texts often contain the recipient's address, so only the reply code is stored.
"""

import smtplib
from dataclasses import dataclass

from booking.messages.rendering.email import ClinicMissing
from booking.messages.sms.gateway import SmsOutcomeUnknown, SmsRefused

SERVICE_CLOSING = 421  # RFC 5321, 3.8: the server closes the connection; may be sent in reply to any command.


@dataclass(frozen=True)
class Failure:
    """``is_final``: do not retry; somebody has to correct something first.

    ``is_server_failure``: the failure is not specific to this message, so the next one will probably fail, too.
    """

    advice: str
    is_final: bool = False
    is_server_failure: bool = False


def explain(error: Exception) -> Failure:
    """Classify an exception that was raised while rendering or sending a message."""
    match error:
        case ClinicMissing():
            return Failure("The clinic's details are missing. Fill them in under Clinic.")
        case smtplib.SMTPRecipientsRefused():
            code = max((reply[0] for reply in error.recipients.values()), default=450)
            if code >= 500:
                return Failure(f"The email server refuses this address ({code}). Check it with the patient.", True)
            return Failure(f"The email server isn't taking email for this address now ({code}). Give it some time.")
        case smtplib.SMTPAuthenticationError():
            return Failure(
                f"The email server refuses our login ({error.smtp_code}). Check EMAIL_URL.", is_server_failure=True
            )
        case smtplib.SMTPSenderRefused():
            code = error.smtp_code
            return Failure(
                f"The email server refuses our own address ({code}). Check DEFAULT_FROM_EMAIL.", is_server_failure=True
            )
        case smtplib.SMTPNotSupportedError():
            return Failure("The email server can't handle the letters in this address. Ask for another.", True)
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError() | smtplib.SMTPServerDisconnected():
            return Failure("The email server ended the conversation. Check that it runs.", is_server_failure=True)
        case smtplib.SMTPResponseException():
            if error.smtp_code >= 500:
                return Failure(f"The email server refused this email ({error.smtp_code}). Ask who runs it why.", True)
            return Failure(
                f"The email server is busy ({error.smtp_code}). Give it some time.",
                is_server_failure=error.smtp_code == SERVICE_CLOSING,
            )
        case SmsRefused():
            suffix = f" ({error.code})" if error.code else ""
            return Failure(f"No text message can be sent to this number{suffix}. Call the patient.", True)
        case SmsOutcomeUnknown():
            return Failure("The text-message service broke off. Check that it runs.", is_server_failure=True)
        case TimeoutError():
            return Failure("The email server didn't answer in time. Check that it runs.", is_server_failure=True)
        case OSError():
            return Failure(
                "The email server can't be reached. Check EMAIL_URL if this goes on.", is_server_failure=True
            )
        case ValueError():  # A line break in a header, or characters that cannot be encoded (UnicodeError).
            return Failure("An address or name has characters that no email can carry. Correct it.", True)
        case _:
            name = type(error).__name__
            return Failure(f"This message could not be written ({name}). Tell whoever runs the site.")


def explain_undelivered(code: str) -> Failure:
    """The advice about a text message that the gateway accepted and could not deliver."""
    suffix = f" ({code})" if code else ""
    return Failure(f"The text message did not arrive{suffix}. Call the patient.", True)
