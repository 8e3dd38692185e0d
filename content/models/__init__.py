"""Models of the content app: pages, blocks, revisions, pictures, menus, notices, redirects, search index."""

from content.models.blocks import Block, Callout, DefinitionList, LeadList, NumberedSections, Questions, Section
from content.models.care_blocks import BeforeDuringAfter, CareCard, DoList, RiskTable
from content.models.editing import BlockComment, EditSession, ReviewRequest
from content.models.external_link import ExternalLink
from content.models.menu import Menu, MenuEntry
from content.models.notice import Notice
from content.models.page import LONGEST_LEDE, LONGEST_REVIEW, Page, Snippet
from content.models.page_feedback import PageFeedback
from content.models.picture import Picture
from content.models.picture_file import PictureFile
from content.models.place_map import PlaceMap
from content.models.redirect import SlugRedirect
from content.models.reference_blocks import CallToAction, PersonCard, PlacedPicture, Signpost, SnippetHere, Sources
from content.models.revision import Review, Revision
from content.models.search_index import SearchEntry, SearchIndex
from content.models.search_synonym import SearchSynonym

__all__ = [
    "LONGEST_LEDE",
    "LONGEST_REVIEW",
    "BeforeDuringAfter",
    "Block",
    "BlockComment",
    "CallToAction",
    "Callout",
    "CareCard",
    "DefinitionList",
    "DoList",
    "EditSession",
    "ExternalLink",
    "LeadList",
    "Menu",
    "MenuEntry",
    "Notice",
    "NumberedSections",
    "Page",
    "PageFeedback",
    "PersonCard",
    "Picture",
    "PictureFile",
    "PlaceMap",
    "PlacedPicture",
    "Questions",
    "Review",
    "ReviewRequest",
    "Revision",
    "RiskTable",
    "SearchEntry",
    "SearchIndex",
    "SearchSynonym",
    "Section",
    "Signpost",
    "SlugRedirect",
    "Snippet",
    "SnippetHere",
    "Sources",
]
