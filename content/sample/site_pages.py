"""Home, the list of treatments, the team and the fees."""

from content.sample.builders import (
    Kind,
    SamplePage,
    call_to_action,
    definitions,
    lead_list,
    numbered,
    questions,
    section,
    signpost,
)

HOME = SamplePage(
    kind=Kind.HOME,
    fields={
        "title": "Physiotherapy in Okotoks",
        "lede": "Tell us what hurts and what you want to get back to. We'll build a plan together, in plain language.",
        "description": "Book a physiotherapy appointment in Okotoks online. See the fee, the time and who you'll see "
        "before you book.",
        "booking_label": "Book a first visit",
        "hero_alt": "A runner, a person in a wheelchair and an older person with a dog on a path before the foothills.",
    },
    refers_to={"service": "physiotherapy-assessment", "hero_picture": "On the path"},
    blocks=[
        section(
            "Where does it hurt?",
            "Pick what sounds like you. We'll point you to the right page, or straight to booking.",
        ),
        signpost(
            "Back",
            "What may be behind it, what may help, and when to get help right away.",
            page="dry-needling-for-back-pain",
        ),
        signpost(
            "Tight or sore muscles", "What needles can and can't do, and the rest of the plan.", page="dry-needling"
        ),
        signpost(
            "Pelvis, bladder or bowel",
            "Open to everyone. We start with a conversation.",
            service="pelvic-health-assessment",
        ),
        signpost(
            "Trans, non-binary and intersex pelvic health",
            "What to expect: at your pace, in your words.",
            page="trans-non-binary-intersex-pelvic-health",
        ),
        signpost(
            "Neck, shoulder, hip, knee or foot",
            "Start with an assessment. We look at all of you, not just the sore spot.",
            service="physiotherapy-assessment",
        ),
        signpost(
            "I'm a returning patient",
            "Book your next appointment.",
            service="physiotherapy-follow-up",
            for_returning=True,
        ),
        signpost("I'm not sure", "Write or call. We'll help you choose.", page="contact"),
        numbered(
            "Your first visit in three steps",
            "",
            [
                (
                    "Choose a time",
                    "Online in a few minutes, or by phone. You'll see the fee and who you're booking with first.",
                ),
                ("Talk and move", "You tell us what's going on. We'll watch you move and tell you what we think."),
                ("Leave with a plan", "One or two things to do at home, and a date to check how they're working."),
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
            "Start with an assessment. We'll look at what you need, and you decide what comes next.",
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
        "lede": "Who you'll meet here, what they do, and how to book with each of them.",
        "description": "The physiotherapists of our clinic in Okotoks, and how to book with each of them.",
        "hero_alt": "The clinic from the street: a low house with a level door and a bench beside it.",
    },
    refers_to={"hero_picture": "The clinic"},
    blocks=[
        section(
            "Who may treat you in Alberta",
            """
Only people on the register of the College of Physiotherapists of Alberta may call themselves physiotherapists. Needling
and exams inside the pelvis need its authorization as well. Look us up in the
[public register](https://www.cpta.ab.ca/).
""",
            region="end",
        ),
        section(
            "You choose who you see",
            """
You can ask for someone when you book, and you can change later without giving a reason. You can also bring someone with
you to any appointment.
""",
            region="end",
        ),
    ],
)

FEES = SamplePage(
    kind=Kind.FEES,
    fields={
        "title": "Fees",
        "lede": "What an appointment costs, how you can pay, and what happens if you can't make it.",
        "description": "Fees for each appointment, insurance, receipts, and what a missed appointment costs.",
    },
    blocks=[
        definitions(
            "Insurance and other help",
            "",
            [
                (
                    "Benefits from work",
                    "Many plans cover part of physiotherapy. Ask yours how much, and whether they need a doctor's "
                    "note. You don't need one to see us.",
                ),
                (
                    "Hurt at work (WCB)",
                    "Report the injury to your employer and to the Workers' Compensation Board first. Then ask us: "
                    "call before you book, and have your claim number ready, so that you don't pay for what "
                    "WCB covers.",
                ),
                (
                    "Car accident (MVA)",
                    "Tell your auto insurer about the accident first. Then ask us: call before you book, and have your "
                    "claim number and your adjuster's name ready. Other forms and time limits apply.",
                ),
                (
                    "Care without a fee",
                    "Some clinics in Alberta offer physiotherapy that the province pays for. Health Link at 811 can "
                    "tell you where to ask.",
                ),
            ],
            region="end",
        ),
        lead_list(
            "What to bring for a claim",
            "",
            [
                ("Benefits card:", "with your plan and member number, if you'd like us to bill your plan."),
                ("Photo ID:", "on your first visit."),
                ("A doctor's note:", "only if your plan asks for one."),
                ("Claim number:", "for WCB or a car accident, with the date of the injury and your adjuster's name."),
            ],
            region="end",
        ),
        questions(
            "If you can't make it",
            [
                (
                    "How do I cancel or change an appointment?",
                    "Use the link in the email we sent you, or call us. The email tells you the deadline.",
                ),
                (
                    "What does a late cancellation cost?",
                    "If you cancel less than 24 hours ahead, half the fee may apply. If you're sick or the roads are "
                    "bad, call us: we know that life happens.",
                ),
                (
                    "What if money is tight?",
                    "Let us know. We can plan fewer appointments and more that you do at home.",
                ),
            ],
            region="end",
        ),
    ],
)
