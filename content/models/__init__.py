"""The pages and what they are made of; see each file for its subject."""

from content.models.blocks import Callout, DefinitionList, LeadList, NumberedSections, Questions, Section
from content.models.care import BeforeDuringAfter, CareCard, DoList, RiskTable
from content.models.links import CallToAction, PersonCard, PlacedPicture, Signpost, SnippetHere, Sources
from content.models.page import Page, Snippet
from content.models.picture import Picture
from content.models.revision import Review, Revision

__all__ = [
    "BeforeDuringAfter",
    "CallToAction",
    "Callout",
    "CareCard",
    "DefinitionList",
    "DoList",
    "LeadList",
    "NumberedSections",
    "Page",
    "PersonCard",
    "Picture",
    "PlacedPicture",
    "Questions",
    "Review",
    "Revision",
    "RiskTable",
    "Section",
    "Signpost",
    "Snippet",
    "SnippetHere",
    "Sources",
]
