"""The pages and what they are made of; see each file for its subject."""

from content.models.answers import PageAnswers
from content.models.blocks import Callout, DefinitionList, LeadList, NumberedSections, Questions, Section
from content.models.care import BeforeDuringAfter, CareCard, DoList, RiskTable
from content.models.external import ExternalLink
from content.models.former import FormerAddress
from content.models.links import CallToAction, PersonCard, PlacedPicture, Signpost, SnippetHere, Sources
from content.models.menu import Menu, MenuEntry
from content.models.notice import Notice
from content.models.page import Page, Snippet
from content.models.picture import Picture
from content.models.place_map import PlaceMap
from content.models.revision import Review, Revision
from content.models.search import SearchEntry, SearchIndex

__all__ = [
    "BeforeDuringAfter",
    "CallToAction",
    "Callout",
    "CareCard",
    "DefinitionList",
    "DoList",
    "ExternalLink",
    "FormerAddress",
    "LeadList",
    "Menu",
    "MenuEntry",
    "Notice",
    "NumberedSections",
    "Page",
    "PageAnswers",
    "PersonCard",
    "Picture",
    "PlaceMap",
    "PlacedPicture",
    "Questions",
    "Review",
    "Revision",
    "RiskTable",
    "SearchEntry",
    "SearchIndex",
    "Section",
    "Signpost",
    "Snippet",
    "SnippetHere",
    "Sources",
]
