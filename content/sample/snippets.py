"""Snippets of the sample, shown in several pages."""

from content.sample.builders import Kind, SamplePage, care_card

AFTER_NEEDLING = SamplePage(
    kind=Kind.SNIPPET,
    fields={"title": "When to call 911 after needling"},
    blocks=[
        care_card(
            "911",
            "Call 911 if after needling you have:",
            [
                "sudden chest pain",
                "trouble breathing or shortness of breath, even hours later",
                "a faint that doesn't pass in a minute",
                "new weakness or numbness in an arm or a leg that doesn't pass",
            ],
        ),
    ],
)
