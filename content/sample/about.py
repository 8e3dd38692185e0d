"""About us: the sample's ordinary page."""

from content.sample.builders import Kind, SamplePage, lead_list, person, questions, section

PAGE = SamplePage(
    kind=Kind.ORDINARY,
    slug="about-us",
    fields={
        "title": "About us",
        "lede": "Who we are, how we work, and what it's like to come here.",
        "description": "A small physiotherapy clinic in Okotoks: who we are, how we work, and what it's like to come "
        "here.",
        "hero_alt": "The clinic from the street: a low house with a level door and a bench beside it.",
    },
    refers_to={"hero_picture": "The clinic"},
    blocks=[
        section(
            "A small clinic near the river",
            """
We're a team of physiotherapists in Okotoks, in a low white house between the parking lot and the bakery. There are two
treatment rooms, so it stays quiet. There are no steps between the parking lot and the treatment rooms.
""",
        ),
        lead_list(
            "How we work",
            "",
            [
                ("We listen first.", "You tell us what's going on and what you want to get back to."),
                ("You decide.", "We explain what we suggest and why. You can say no, or stop, at any time."),
                ("We check.", "If something isn't helping after a few visits, we stop and try something else."),
                ("You know the price.", "All our [fees](/fees/) are listed, and you'll see yours before you book."),
            ],
        ),
        questions(
            "Good to know",
            [
                ("Do I need a doctor's note?", "Not to see us. Some insurance plans ask for one."),
                (
                    "Do you bill my insurance?",
                    "We bill many insurers directly. The [fees page](/fees/) has the list and what to bring.",
                ),
                (
                    "Can I bring someone?",
                    "Yes, to any appointment. You can also ask for a certain physiotherapist when you book.",
                ),
            ],
        ),
        person("steve-hansen", "Ask us anything"),
    ],
)
