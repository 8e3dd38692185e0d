"""What several pages show, written once: a change here changes them all."""

from content.sample.writing import Kind, WrittenPage, care_card

AFTER_NEEDLING = WrittenPage(
    kind=Kind.SNIPPET,
    fields={"title": "When to call 911 after needling"},
    blocks=[
        care_card(
            "911",
            "Call 911 if after needling you have:",
            [
                "sudden chest pain",
                "trouble breathing or shortness of breath, even hours later",
                "a faint that does not pass in a minute",
                "new weakness or numbness in an arm or a leg that does not pass",
            ],
        ),
    ],
)
