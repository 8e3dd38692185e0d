"""Menus in the header and footer of every page, and their entries."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from content.models.page import Page


class Menu(models.Model):
    """A list of links shown on every page. One row of each kind exists, created after migrate."""

    class Kind(models.TextChoices):
        MAIN = "main", "Main menu"
        REACH = "reach", "Footer, under “Reach us”"
        LAST = "last", "Footer, last line"

    kind = models.CharField(max_length=10, choices=Kind, unique=True, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class MenuEntry(models.Model):
    """One link of a menu: a page, or one of the fixed places of the site.

    The target is a reference, so the link cannot break: an entry whose page is not published is left out
    until the page is published again.
    """

    class Place(models.TextChoices):
        """Fixed link targets. A place that is a page has the same value as the page's kind."""

        TREATMENTS = "treatments", "Treatments"
        TEAM = "team", "Team"
        FEES = "fees", "Fees"
        CONTACT = "contact", "Contact"
        BOOK = "book", _("Book an appointment")
        CHANGE = "change", _("Change or cancel an appointment")
        SEARCH = "search", "Search"
        PRIVACY = "privacy", "Privacy"
        ACCESSIBILITY = "accessibility", "Accessibility"

    menu = models.ForeignKey(Menu, on_delete=models.CASCADE, related_name="entries")
    place = models.CharField(max_length=20, choices=Place, blank=True)
    page = models.ForeignKey(Page, on_delete=models.PROTECT, null=True, blank=True, related_name="menu_entries")
    label = models.CharField(max_length=40, blank=True)
    position = models.PositiveSmallIntegerField("order", default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("menu link")
        verbose_name_plural = _("menu links")
        constraints = [
            models.CheckConstraint(
                condition=Q(page__isnull=True) & ~Q(place="") | Q(page__isnull=False, place=""),
                name="menu_entry_leads_to_one_place",
                violation_error_message=_("Choose one place for the link to go."),
            ),
            models.UniqueConstraint(fields=["menu", "place"], condition=~Q(place=""), name="menu_names_a_place_once"),
            models.UniqueConstraint(fields=["menu", "page"], name="menu_names_a_page_once"),
        ]

    def __str__(self) -> str:
        return self.label or (str(self.page) if self.page else str(self.get_place_display()))
