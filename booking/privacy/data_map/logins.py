"""The data map's entries about logs and staff logins."""

from booking.privacy.data_map.entry import (
    NOBODY,
    OFFICER,
    OWNER,
    Entry,
    Kept,
    Whose,
    entries,
)

LOGS: tuple[Entry, ...] = (
    *entries(
        "booking.AccessLogEntry",
        Whose.STAFF,
        purpose="Tell who was shown which patients",
        roles=OFFICER,
        kept=Kept.ACCESS_LOG,
        fields={
            "at staff role": "When which login was shown patients, and its roles then",
            "kind page count": "What kind of page, its address without search words, and how many people it showed",
            "address": "The network address of the staff member's device",
            "reason": "Why they opened another practitioner's patient, in free text",
        },
    ),
    *entries(
        "booking.AccessLogPerson",
        Whose.PATIENT,
        purpose="Tell who was shown which patients",
        roles=OFFICER,
        kept=Kept.ACCESS_LOG,
        fields={"entry at patient waitlist_entry": "Which patient or waitlist entry was shown, when"},
    ),
    *entries(
        "booking.ChangeLogEntry",
        Whose.PATIENT,
        purpose="Tell who changed what, and correct a record without losing what it said",
        roles=OFFICER,
        kept=Kept.PATIENTS,
        fields={
            "before after": "The changed values, before and after",
            "reason": "Why, such as a refused correction with the patient's statement",
        },
    ),
    *entries(
        "booking.ChangeLogEntry",
        Whose.PATIENT,
        purpose="Tell who changed what",
        roles=OFFICER,
        kept=Kept.ANONYMOUS,
        fields={"patient object_id": "Whose data, and which row", "at action model actor_kind": "What was done, when"},
    ),
    *entries(
        "booking.ChangeLogEntry",
        Whose.STAFF,
        purpose="Tell who changed what",
        roles=OFFICER,
        kept=Kept.RECORD,
        fields={
            "actor": "The staff member who did it",
            "label": "What the row was called, such as a practitioner; empty for patients' data",
        },
    ),
    *entries(
        "booking.Disposal",
        Whose.STAFF,
        purpose="Certify what was disposed of",
        roles=OFFICER,
        kept=Kept.RECORD,
        fields={"by at": "Who disposed of data, and when"},
    ),
    *entries(
        "booking.DisposalItem",
        Whose.PATIENT,
        purpose="Let the database accept the disposal",
        roles=NOBODY,
        kept=Kept.ANONYMOUS,
        fields={"patient": "The number of the emptied record"},
    ),
    *entries(
        "admin.LogEntry",
        Whose.PATIENT,
        purpose="Tell what was changed in the office, row by row",
        roles=("Front desk", "Editor", "Publisher", "Owner"),
        kept=Kept.PATIENTS,
        fields={
            "object_repr": "What the row was called: a patient's or colleague's name, or a page's title",
            "change_message": "Which fields were changed, and a few words",
        },
    ),
    *entries(
        "admin.LogEntry",
        Whose.STAFF,
        purpose="Tell what was changed in the office, row by row",
        roles=("Front desk", "Editor", "Publisher", "Owner"),
        kept=Kept.RECORD,
        fields={
            "user action_time": "Who changed it, and when",
            "object_id": "The number of the row",
        },
    ),
)

LOGINS: tuple[Entry, ...] = (
    *entries(
        "auth.User",
        Whose.STAFF,
        purpose="Let staff log in, and know who did what",
        roles=OWNER,
        kept=Kept.LOGIN,
        fields={
            "username first_name last_name": "Name",
            "email": "Email address, for links to choose a password and news about the login",
            "is_active is_staff is_superuser groups user_permissions": "Whether the login works, and what it may do",
            "last_login date_joined": "When it was made and last used",
        },
    ),
    *entries(
        "auth.User",
        Whose.STAFF,
        purpose="Check the password",
        roles=NOBODY,
        kept=Kept.LOGIN,
        fields={"password": "A salted hash of the password"},
    ),
    *entries(
        "mfa.Authenticator",
        Whose.STAFF,
        purpose="Check the second step",
        roles=OWNER,
        kept=Kept.LOGIN,
        fields={
            "user type created_at last_used_at": "Which second steps somebody has, and when they were used. The owner "
            "sees whether there is one, and can remove it"
        },
    ),
    *entries(
        "mfa.Authenticator",
        Whose.STAFF,
        purpose="Check the second step",
        roles=NOBODY,
        kept=Kept.LOGIN,
        fields={"data": "The app's secret, the passkey's public key, or what the recovery codes are made from"},
    ),
    *entries(
        "account.EmailAddress",
        Whose.STAFF,
        purpose="Part of the login library. Staff logins use the address of the login itself",
        roles=NOBODY,
        kept=Kept.LOGIN,
        fields={"user email verified primary": "The login's email address again"},
    ),
    *entries(
        "account.EmailConfirmation",
        Whose.STAFF,
        purpose="Part of the login library, and not used here",
        roles=NOBODY,
        kept=Kept.DAYS,
        fields={"email_address created sent key": "A request to confirm an email address"},
    ),
    *entries(
        "clinic.PasswordLinkRequest",
        Whose.VISITOR,
        purpose="Send a link to choose a password",
        roles=NOBODY,
        kept=Kept.DAYS,
        fields={"email requested_at due_at": "The email address that was typed, and when"},
    ),
    *entries(
        "sessions.Session",
        Whose.VISITOR,
        purpose="Keep a booking in progress, or a staff login, in one browser",
        roles=NOBODY,
        kept=Kept.DAYS,
        fields={
            "session_key expire_date": "The number in the browser's cookie, and until when it is good",
            "session_data": "The chosen time and what was typed until it is booked; links that were opened; of staff: "
            "who logged in and how, and whose record they opened with which reason",
        },
    ),
)
