"""Register the template of each kind of block."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from feincms3.renderer import RegionRenderer, render_in_context, template_renderer

from content import models
from content.blocks.marks import mark


class PageRenderer(RegionRenderer):
    def render_plugin(self, plugin: Any, context: Any) -> str:
        return mark(plugin, super().render_plugin(plugin, context), context)

    def handle_signposts(self, plugins: "deque[Any]", context: Any) -> Iterator[str]:
        """Render consecutive signposts in one grid."""
        signposts = list(self.takewhile_subregion(plugins, "signposts"))
        yield render_in_context(context, "content/blocks/_signposts.html", {"signposts": signposts})

    def handle_care_cards(self, plugins: "deque[Any]", context: Any) -> Iterator[str]:
        """Render consecutive care cards in one grid."""
        care_cards = list(self.takewhile_subregion(plugins, "care_cards"))
        yield render_in_context(context, "content/blocks/_care_cards.html", {"care_cards": care_cards})

    def handle_pictures(self, plugins: "deque[Any]", context: Any) -> Iterator[str]:
        """Render consecutive pictures side by side."""
        pictures = list(self.takewhile_subregion(plugins, "pictures"))
        yield render_in_context(context, "content/blocks/_pictures.html", {"pictures": pictures})


renderer = PageRenderer()
for block, template in {
    models.Section: "section",
    models.Callout: "callout",
    models.LeadList: "lead_list",
    models.NumberedSections: "numbered_sections",
    models.DefinitionList: "definition_list",
    models.DoList: "do_list",
    models.RiskTable: "risk_table",
    models.BeforeDuringAfter: "before_during_after",
    models.CallToAction: "call_to_action",
    models.PersonCard: "person_card",
    models.Questions: "questions",
}.items():
    renderer.register(block, template_renderer(f"content/blocks/_{template}.html"))
renderer.register(models.CareCard, "", subregion="care_cards")
renderer.register(models.Signpost, "", subregion="signposts")
renderer.register(models.PlacedPicture, "", subregion="pictures")
renderer.register(models.Sources, "")  # Numbered and rendered last: see pages/page_view.py.
renderer.register(models.SnippetHere, "")  # Replaced by the snippet's blocks: see pages/page_view.py.
