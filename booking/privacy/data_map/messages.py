"""The data map's entries about messages and the waitlist."""

from booking.privacy.data_map.entry import (
    DESK,
    DESK_AND_EXPORT,
    FRONT_DESK,
    FRONT_DESK_AND_EXPORT,
    NOBODY,
    Entry,
    Kept,
    Whose,
    entries,
)

MESSAGES: tuple[Entry, ...] = (
    *entries(
        "booking.Message",
        Whose.VISITOR,
        purpose="Answer who wrote to the clinic, and send lost links again. "
        "Texts about visits are written when they are sent, and not kept",
        roles=FRONT_DESK_AND_EXPORT,
        kept=Kept.CONTACT,
        fields={
            "content": "Of the contact form and of feedback: name, email address, phone and words. Of a lost link: the "
            "email address. Of messages about visits: numbers only, such as how many hours before",
            "key": "An id against sending twice; it holds a hash of these words",
        },
    ),
    *entries(
        "booking.Message",
        Whose.PATIENT,
        purpose="Send messages once, and tell staff what was sent",
        roles=DESK_AND_EXPORT,
        kept=Kept.ANONYMOUS,
        fields={
            "appointment waitlist_entry waitlist_offer": "What it is about, and thereby to whom it goes",
            "kind channel state delivery": "What kind of message, by email or text, and whether it arrived",
            "due_at sent_at created_at": "When",
        },
    ),
    *entries(
        "booking.Message",
        Whose.PATIENT,
        purpose="Find out why a message did not arrive",
        roles=FRONT_DESK,
        kept=Kept.MESSAGES,
        fields={
            "last_error": "What staff are advised to do about a message that failed",
            "provider_id": "The text message's number at the SMS gateway",
        },
    ),
    *entries(
        "booking.Message",
        Whose.STAFF,
        purpose="Send practitioners their notices",
        roles=DESK,
        kept=Kept.RECORD,
        fields={"practitioner": "The practitioner whom it is for"},
    ),
)

WAITLIST: tuple[Entry, ...] = (
    *entries(
        "booking.WaitlistEntry",
        Whose.PATIENT,
        purpose="Offer freed times to who waits for one",
        roles=FRONT_DESK_AND_EXPORT,
        kept=Kept.WAITLIST,
        fields={
            "name contact_name": "Who waits, and who asked for them",
            "email phone": "How to reach them",
            "patient": "Their record, if staff added them",
            "service practitioner location is_first_visit": "What they wait for: it tells what they are treated for",
            "first_on last_on mornings afternoons evenings known_starts": "Which times suit them",
            "notice_version": "Which collection notice they were shown",
            "unanswered created_at ended_at outcome": "What became of the entry",
        },
    ),
    *entries(
        "booking.WaitlistEntry",
        Whose.PATIENT,
        purpose="Let each person wait for the same thing once",
        roles=NOBODY,
        kept=Kept.WAITLIST,
        fields={
            "person_key wish_key": "Keyed hashes of the person, and of what they wait for",
            "uid": "The number from which the link in the email is made",
        },
    ),
    *entries(
        "booking.WaitlistOffer",
        Whose.PATIENT,
        purpose="Offer freed times to who waits for one",
        roles=FRONT_DESK_AND_EXPORT,
        kept=Kept.WAITLIST,
        fields={
            "entry appointment": "Who was offered which time",
            "state starts_at offered_at expires_at": "When, until when, and what they answered",
        },
    ),
)
