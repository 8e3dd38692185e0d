"""The pages and what they are made of; see each file for its subject."""

from content.models.blocks import Callout, DefinitionList, LeadList, NumberedSections, Questions, Section
from content.models.care import BeforeDuringAfter, CareCard, DoList, RiskTable
from content.models.links import CallToAction, PersonCard, PlacedPicture, Signpost, Sources
from content.models.page import Page
from content.models.picture import Picture

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
    "RiskTable",
    "Section",
    "Signpost",
    "Sources",
]
