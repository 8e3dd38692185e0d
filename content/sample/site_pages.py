"""Home, the list of treatments, the team and the fees."""

from content.sample.builders import (
    Kind,
    SamplePage,
    call_to_action,
    definitions,
    numbered,
    questions,
    section,
    signpost,
)

HOME = SamplePage(
    kind=Kind.HOME,
    fields={
        "title": "Physiotherapy in Okotoks",
        "lede": "Tell us what hurts and what you want to do again. We make a plan with you, in plain words.",
        "description": "Book a physiotherapy visit in Okotoks online. See the fee, the time and the person before you "
        "choose.",
        "booking_label": "Book a first visit",
        "hero_alt": "A runner, a person in a wheelchair and an older person with a dog on a path before the foothills.",
    },
    refers_to={"service": "physiotherapy-assessment", "hero_picture": "On the path"},
    blocks=[
        section(
            "Where does it hurt?", "Choose the words that fit. Each leads to a page to read, or to a time to book."
        ),
        signpost("Back", "What may be behind it, what helps, and when not to wait.", page="dry-needling-for-back-pain"),
        signpost(
            "Tight or sore muscles", "What needles can and cannot do, and the rest of the plan.", page="dry-needling"
        ),
        signpost(
            "Pelvis, bladder or bowel",
            "A visit for everybody, which begins with talking.",
            service="pelvic-health-assessment",
        ),
        signpost(
            "Trans, non-binary and intersex pelvic health",
            "What to expect, at your pace, with your words.",
            page="trans-non-binary-intersex-pelvic-health",
        ),
        signpost(
            "Neck, shoulder, hip, knee or foot",
            "Start with a first assessment. We look at the whole of you.",
            service="physiotherapy-assessment",
        ),
        signpost("I have been here before", "Book your next visit.", service="physiotherapy-follow-up"),
        signpost("I do not know", "Write or call. We help you choose.", page="contact"),
        numbered(
            "Your first visit in three steps",
            "",
            [
                ("Choose a time", "Online in a few minutes, or by phone. You see the fee and the person first."),
                ("Talk and move", "You tell us your story. We watch you move and tell you what we think."),
                ("Leave with a plan", "One or two things to do at home, and a date to see if they work."),
            ],
            steps=True,
        ),
    ],
)

TREATMENTS = SamplePage(
    kind=Kind.TREATMENTS,
    fields={
        "title": "Treatments",
        "lede": "What each treatment is, what it may do for you, what can go wrong, and what else you could choose.",
        "description": "Treatments at our clinic in Okotoks, with their risks in numbers and other choices.",
    },
    blocks=[
        call_to_action(
            "Not sure which one?",
            "Book a first assessment. We look at what you need, and you decide what comes next.",
            "Book a first assessment",
            "physiotherapy-assessment",
            region="end",
        ),
    ],
)

TEAM = SamplePage(
    kind=Kind.TEAM,
    fields={
        "title": "Our team",
        "lede": "The people you meet here, what they do, and how to book with each of them.",
        "description": "The physiotherapists of our clinic in Okotoks, and how to book with each of them.",
        "hero_alt": "The clinic from the street: a low house with a level door and a bench beside it.",
    },
    refers_to={"hero_picture": "The clinic"},
    blocks=[
        section(
            "Who may treat you in Alberta",
            """
Only people on the College's register may call themselves physiotherapists. Using needles and exams inside the pelvis
need the College's permission as well. You can look up anybody in the
[public register](https://www.cpta.ab.ca/), ours included.
""",
            region="end",
        ),
        section(
            "You choose whom you see",
            """
You can ask for a person when you book, and you can change later without giving a reason. You can also bring somebody
with you to any visit.
""",
            region="end",
        ),
    ],
)

FEES = SamplePage(
    kind=Kind.FEES,
    fields={
        "title": "Fees",
        "lede": "What a visit costs, how you can pay, and what happens if you cannot come.",
        "description": "Fees for each visit, insurance, receipts, and what a missed visit costs.",
    },
    blocks=[
        definitions(
            "Insurance and other help",
            "",
            [
                (
                    "Health insurance from work",
                    "Many plans pay for part of physiotherapy. Ask yours how much, and whether it needs a note from a "
                    "doctor. You need none to see us.",
                ),
                (
                    "Hurt at work or in a crash",
                    "Other rules and forms apply. Call us before you book, so that you do not pay for what another "
                    "insurer owes.",
                ),
                (
                    "Care without a fee",
                    "Some clinics in Alberta offer physiotherapy that the province pays for. Health Link on 811 can "
                    "tell you where to ask.",
                ),
            ],
            region="end",
        ),
        questions(
            "If you cannot come",
            [
                (
                    "How do I cancel or change a visit?",
                    "Use the link in the mail we sent you, or call. The mail and the booking pages say until when you "
                    "can do it online.",
                ),
                (
                    "What does a late cancellation cost?",
                    "A visit that you cancel less than a day before it costs half its fee. You see this when you book, "
                    "too. Call us if you are ill or the roads are bad: we know that life happens.",
                ),
                (
                    "What if money is tight?",
                    "Tell us. We can plan fewer visits and more that you do at home.",
                ),
            ],
            region="end",
        ),
    ],
)
