"""Contact, privacy and accessibility."""

from content.sample.builders import Kind, SamplePage, callout, definitions, lead_list, section

CONTACT = SamplePage(
    kind=Kind.CONTACT,
    fields={
        "title": "Contact",
        "lede": "Call, write or stop by. You can book, change or cancel online.",
        "description": "Phone, address, parking and a form to write to us.",
    },
    blocks=[
        callout(
            "warning",
            "Not for emergencies",
            """
We read messages on business days only. In an emergency, [call 911](tel:911). For a nurse's advice any time, day or
night, [call Health Link at 811](tel:811).
""",
            level=2,
        ),
    ],
)

PRIVACY = SamplePage(
    kind=Kind.PRIVACY,
    fields={
        "title": "Privacy",
        "lede": "What we ask you, why we ask, who sees it, and how to see or change it.",
        "description": "What personal information we collect, why, who sees it, and what you can ask of us.",
    },
    blocks=[
        section(
            "In short",
            """
- You can read every page here without telling us anything.
- To book, we ask only for what we need to hold your time and reach you.
- We never sell what you tell us, and we show no ads.
- Nothing on this site is loaded from another company.
""",
        ),
        definitions(
            "What we ask for, and why",
            "",
            [
                ("Your name", "So we know who is coming. You can add the name you go by, and your pronouns."),
                ("Email and phone", "To send you your booking, and to reach you if something changes."),
                ("Date of birth", "Only if we need it, to tell people with the same name apart."),
                (
                    "New or returning",
                    "New patients need a longer first appointment, so we can show you the right times.",
                ),
                (
                    "Days and times that work for you",
                    "Only if you join the waitlist, so we can offer you a time that opens up.",
                ),
                (
                    "Your health",
                    "Not on this site. We ask you at your appointment, and your physiotherapist writes it in your "
                    "file there.",
                ),
            ],
        ),
        section(
            "The law we follow",
            """
Physiotherapists in Alberta are custodians under the Health Information Act. It says that we may collect only what we
need for your care, must tell you why, must keep it safe, and must show it to you when you ask.
""",
        ),
        section(
            "Who sees it",
            """
The people who treat you and the front desk see your bookings. We tell no one else, unless you agree or the law requires
it. The subject lines and calendar entries that we send never name a treatment. The email itself says which appointment
you booked, so keep it where only you can read it.
""",
        ),
        lead_list(
            "Cookies and other traces",
            "",
            [
                ("Reading pages.", "No cookies, no counting of visitors, no fingerprints."),
                (
                    "Booking and writing to us.",
                    "One cookie holds your place while you book. Another keeps strangers from sending forms in your "
                    "name. Both end when you close the browser, or within hours.",
                ),
                (
                    "The server's log.",
                    "It notes which pages were opened, and from which network address, to keep the site safe.",
                ),
            ],
        ),
        section(
            "How long we keep it",
            """
We keep patient files as long as the law and the College require. What you type into a booking and don't send is deleted
within hours. Your place on the waitlist is deleted 90 days after you leave it, book, or its days go by. What you write
in the contact form comes to us by email, and this site deletes its own copy 30 days later.
""",
        ),
        section(
            "What you can ask of us",
            """
You can see your file, get a copy, and have mistakes corrected. If you aren't happy with our answer, the [Office of the
Information and Privacy Commissioner of Alberta](https://oipc.ab.ca/) can help.
""",
        ),
    ],
)

ACCESSIBILITY = SamplePage(
    kind=Kind.ACCESSIBILITY,
    fields={
        "title": "Accessibility",
        "lede": "How we try to make this site and our rooms work for everyone, and how to tell us when they don't.",
        "description": "How this site and our clinic work for people with disabilities, known gaps, and how to reach "
        "us.",
    },
    blocks=[
        section(
            "What we aim for",
            """
This site should work for everyone: with a keyboard, by voice, with a screen reader, on a small phone, on an old
computer and on a slow connection. We build it to the Web Content Accessibility Guidelines (WCAG), version 2.2, level
AA.
""",
        ),
        lead_list(
            "What you can count on",
            "",
            [
                ("No scripts needed.", "Every page, booking included, works without JavaScript."),
                ("Large text.", "You can zoom to 400 percent without scrolling sideways."),
                ("Dark or light.", "The site follows your device, and its colours keep their contrast."),
                (
                    "Calm pages.",
                    "Nothing blinks or plays by itself. We hold the time you choose for ten minutes, and you can "
                    "ask for more.",
                ),
                ("Clear errors.", "When a form needs something, it says what, where and how."),
                ("Plain language.", "We write short sentences and explain the terms we use."),
            ],
        ),
        lead_list(
            "What doesn't work well yet",
            "We aim for that standard, but we don't meet all of it. These are the problems we know of:",
            [
                (
                    "Not tested by others.",
                    "This site hasn't had an outside audit yet. No one who uses a screen reader, a switch or voice "
                    "control every day has tested it for us.",
                ),
                ("Wide tables.", "On a narrow screen they scroll sideways, inside their own frame."),
                (
                    "Calendar files.",
                    "How the file in our emails looks and reads depends on your calendar app. The email says the same.",
                ),
                (
                    "Other sites.",
                    "Some links lead to studies, maps and registers. We can't fix those sites. Call us, and we'll read "
                    "to you what you need from them.",
                ),
                ("English only.", "We have no pages in other languages, in sign language or in easy-read format."),
            ],
        ),
        section(
            "How we test",
            """
Before each release, a program checks every public page and every step of booking against WCAG 2.2 AA, in light and dark
colours. Others check small screens, zoom to 400 percent, high contrast, printing, and pages without scripts. Programs
find only some of the problems. The date of the last check is at the end of this page.
""",
        ),
        section(
            "At the clinic",
            """
The entrance, parking and washrooms are described on the [contact page](/contact/). Call or write to us before you come
if you need more time, an interpreter, a quiet place to wait or a table that lowers. Service dogs are welcome.
""",
        ),
        section(
            "Tell us about a barrier",
            """
If something stops you, [write to us](/contact/) or call. Tell us which page it was and what you were trying to do.
We'll answer within two business days. In the meantime, we can do it for you by phone.

If you aren't happy with our answer, ask for the owner of the clinic. We'll tell you what we can change, and by when.
""",
        ),
    ],
)
