"""The data map's entries about the team and the public website."""

from booking.privacy.data_map.entry import (
    DESK,
    EDITORS,
    EVERYBODY,
    NOBODY,
    OWNER,
    Entry,
    Kept,
    Whose,
    entries,
)

TEAM: tuple[Entry, ...] = (
    *entries(
        "booking.Practitioner",
        Whose.STAFF,
        purpose="Show patients who treats them",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={
            "name slug pronouns languages": "Name, address of the page, pronouns and languages",
            "protected_title credentials register_number register_url authorised_for_needling": "Title, degrees and "
            "registration with the College",
            "summary bio photo photo_credit": "Portrait, in words and as a photo",
            "declared_interests": "Paid work and shares that readers of their pages should know of",
            "takes_new_patients is_active": "Whether they work here, and take new patients",
        },
    ),
    *entries(
        "booking.Practitioner",
        Whose.STAFF,
        purpose="Tell practitioners of their bookings",
        roles=OWNER,
        kept=Kept.STAFF,
        fields={
            "email notices": "Email address, and how they want to be told",
            "user": "Their login",
            "feed_uid feed_shows_names": "The number from which their calendar feed's address is made, and whether the "
            "feed shows names",
        },
    ),
    *entries(
        "booking.PractitionerDraft",
        Whose.STAFF,
        purpose="Let practitioners write their own page",
        roles=("Practitioner", "Owner"),
        kept=Kept.STAFF,
        fields={
            "practitioner state edited_at": "Whose draft it is, and how far it is",
            "summary bio languages pronouns photo": "What they wrote, not published yet",
            "reply replied_by": "What the office answered, and who",
        },
    ),
    *entries(
        "booking.PractitionerService",
        Whose.STAFF,
        purpose="Know who offers what",
        roles=EVERYBODY,
        kept=Kept.STAFF,
        fields={"practitioner service own_duration own_price": "What they offer, how long it takes and costs"},
    ),
    *entries(
        "booking.PractitionerService",
        Whose.STAFF,
        purpose="Send patients the link to a video visit",
        roles=DESK,
        kept=Kept.STAFF,
        fields={"own_meeting_link": "The address of their video room"},
    ),
    *(
        entry
        for model, fields in {
            "booking.WorkingHours": "practitioner location weekday start_time end_time ends_next_day starts_on ends_on",
            "booking.Break": "practitioner weekday start_time end_time ends_next_day starts_on ends_on",
            "booking.HoursOverride": "practitioner location on start_time end_time ends_next_day note",
            "booking.RunningLate": "practitioner on late_by said_at",
        }.items()
        for entry in entries(
            model,
            Whose.STAFF,
            purpose="Know when a practitioner can be booked",
            roles=DESK,
            kept=Kept.STAFF,
            fields={fields: "When and where they work, with a note for staff"},
        )
    ),
    *entries(
        "booking.TimeOff",
        Whose.STAFF,
        purpose="Know when a practitioner cannot be booked",
        roles=DESK,
        kept=Kept.STAFF,
        fields={
            "practitioner starts_on start_time ends_on end_time": "When they are away",
            "kind note": "Why, such as sick or vacation, and a note for staff",
            "created_by": "Who entered it",
        },
    ),
    *entries(
        "booking.ExternalCalendar",
        Whose.STAFF,
        purpose="Know when a practitioner cannot be booked",
        roles=("Practitioner", "Owner"),
        kept=Kept.STAFF,
        fields={
            "practitioner kind label": "Whose calendar it is, of which kind, and what they call it",
            "added_by added_at": "Who added it, and when",
        },
    ),
    *entries(
        "booking.ExternalCalendar",
        Whose.STAFF,
        purpose="Read a practitioner's own calendar",
        roles=NOBODY,
        kept=Kept.STAFF,
        fields={
            "secret_address secret_login secret_password": "What opens the calendar, encrypted with a key that is made "
            "from SECRET_KEY",
        },
    ),
    *entries(
        "booking.BusyTime",
        Whose.STAFF,
        purpose="Know when a practitioner cannot be booked",
        roles=DESK,
        kept=Kept.DAYS,
        fields={
            "calendar starts_at ends_at": "When they are busy in their own calendar, and nothing of why. Deleted a "
            "day after it is over",
        },
    ),
    *entries(
        "booking.Closure",
        Whose.STAFF,
        purpose="Say who closed the clinic",
        roles=NOBODY,
        kept=Kept.STAFF,
        fields={"created_by": "Who entered the closure"},
    ),
    *entries(
        "booking.SetupCheck",
        Whose.STAFF,
        purpose="Show what of the set-up is done",
        roles=OWNER,
        kept=Kept.RECORD,
        fields={"by at": "Who ticked a step, and when"},
    ),
)

WEBSITE: tuple[Entry, ...] = (
    *entries(
        "booking.Clinic",
        Whose.STAFF,
        purpose="Tell patients whom to ask about their data",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={"privacy_contact": "The name or role of who answers, and how to reach them"},
    ),
    *entries(
        "content.Page",
        Whose.STAFF,
        purpose="Say who wrote and reviewed a page",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={"written_by reviewed_by": "Practitioners named on the page"},
    ),
    *entries(
        "content.Page",
        Whose.STAFF,
        purpose="Keep reviewers apart from authors",
        roles=EDITORS,
        kept=Kept.STAFF,
        fields={"edited_by edited_at": "Who last changed the draft, and when"},
    ),
    *entries(
        "content.Revision",
        Whose.STAFF,
        purpose="Say who published what",
        roles=EDITORS,
        kept=Kept.RECORD,
        fields={
            "made_by made_at edited_by": "Who published it, when, and who changed it last",
            "note override_reason": "What they noted, and why they published despite a check",
        },
    ),
    *entries(
        "content.Review",
        Whose.STAFF,
        purpose="Say who reviewed a page clinically",
        roles=EDITORS,
        kept=Kept.RECORD,
        fields={
            "reviewer reviewed_on": "Which practitioner reviewed it, and when",
            "made_by made_at override_reason": "Who recorded it, when, and why the author was the reviewer",
        },
    ),
    *entries(
        "content.ReviewRequest",
        Whose.STAFF,
        purpose="Ask a practitioner to review a page",
        roles=EDITORS,
        kept=Kept.RECORD,
        fields={
            "asked_by asked_at reviewer closed_at": "Who asked whom to review a page, when, and when it was done",
            "note": "What they noted for the reviewer",
        },
    ),
    *entries(
        "content.BlockComment",
        Whose.STAFF,
        purpose="Talk about a draft where the words are",
        roles=EDITORS,
        kept=Kept.STAFF,
        fields={
            "made_by made_at resolved_by resolved_at": "Who wrote a comment on a draft and who resolved it, and when",
            "text": "The comment, which readers never see",
        },
    ),
    *entries(
        "content.EditSession",
        Whose.STAFF,
        purpose="Show editors that someone else is editing the same page, and undo a session",
        roles=EDITORS,
        kept=Kept.STAFF,
        fields={"user started_at seen_at saved_at": "Who edited a draft, from when to when"},
    ),
    *entries(
        "content.Picture",
        Whose.STAFF,
        purpose="Show pictures on pages",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={"image credit": "A picture, which may show people, and who took it"},
    ),
    *entries(
        "content.PersonCard",
        Whose.STAFF,
        purpose="Show a practitioner on a page",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={"practitioner": "Whom the card shows"},
    ),
    *entries(
        "content.ExternalLink",
        Whose.STAFF,
        purpose="Check links to other sites",
        roles=EDITORS,
        kept=Kept.STAFF,
        fields={"people": "Practitioners whose register line has this link"},
    ),
    *entries(
        "content.SlugRedirect",
        Whose.STAFF,
        purpose="Lead from an earlier address to the page of today",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={"practitioner path": "The earlier address of a practitioner's page, which may hold an earlier name"},
    ),
    *entries(
        "content.PictureFile",
        Whose.STAFF,
        purpose="Show pictures in the size that a screen needs",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={"name renditions": "Names of the files of portraits and pictures, which may hold a person's name"},
    ),
    *entries(
        "content.SearchEntry",
        Whose.STAFF,
        purpose="Search the public pages",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={"address title trail lede body": "A copy of what public pages say, the team's included"},
    ),
    *entries(
        "content.SearchIndex",
        Whose.STAFF,
        purpose="Search the public pages",
        roles=EVERYBODY,
        kept=Kept.PUBLIC,
        fields={"names": "Titles of public pages, among them practitioners' names"},
    ),
    *entries(
        "booking.RateLimitBucket",
        Whose.VISITOR,
        purpose="Limit how often one network or email address does something",
        roles=("Owner",),
        kept=Kept.DAYS,
        fields={
            "key": "A keyed hash of the network or email address",
            "kind used ends_at": "What was done how often, and until when it counts",
        },
    ),
)
