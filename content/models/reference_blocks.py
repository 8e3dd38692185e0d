"""Blocks that reference a picture, service, practitioner, page, snippet or source."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from content.fields.rich_text import RichTextField
from content.fields.rows import Column, RowsField
from content.models.blocks import Block, HeadedBlock

DOI = RegexValidator(r"^10\.\d{4,9}/[^\s<>\"]+$", _("enter the DOI as 10.2519/jospt.2021.0304."))
HTTPS_ADDRESS = URLValidator(schemes=["https"], message=_("enter a full address that starts with https://."))


class PlacedPicture(Block):
    """A picture of the library with its alt text and caption in this place."""

    picture = models.ForeignKey(
        "content.Picture",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="placed",
        help_text="Pictures one after another stand side by side, such as photographs of your rooms and people on the "
        "team page or the contact page.",
    )
    alt = models.CharField(
        "what the picture shows", max_length=200, blank=True, help_text=_("Read aloud to people who can't see it.")
    )
    is_decorative = models.BooleanField(
        _("it's only decoration"), default=False, help_text=_("Tick this if it tells readers nothing new.")
    )
    caption = models.CharField(max_length=300, blank=True)

    class Meta(Block.Meta):
        verbose_name = "picture"

    def __str__(self) -> str:
        return self.alt or "Picture"

    @classmethod
    def get_queryset(cls) -> Any:
        return cls.objects.select_related("picture")


class CallToAction(HeadedBlock):
    """A band with one button that books a service. Its URL comes from the service and is never typed."""

    body = RichTextField(blank=True)
    label = models.CharField(_("text on the button"), max_length=60, blank=True)
    service = models.ForeignKey(
        "booking.Service", on_delete=models.PROTECT, null=True, blank=True, related_name="calls_to_action"
    )

    class Meta(HeadedBlock.Meta):
        verbose_name = "call to action"
        verbose_name_plural = "calls to action"

    def __str__(self) -> str:
        return self.heading or self.label or "Call to action"

    @classmethod
    def get_queryset(cls) -> Any:
        return cls.objects.select_related("service")


class PersonCard(HeadedBlock):
    """A practitioner with a button that leads to the contact form."""

    practitioner = models.ForeignKey(
        "booking.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="person_cards"
    )
    label = models.CharField(_("text on the button"), max_length=60, blank=True, default="Contact me")

    class Meta(HeadedBlock.Meta):
        verbose_name = "person"
        verbose_name_plural = "people"

    @classmethod
    def get_queryset(cls) -> Any:
        return cls.objects.select_related("practitioner")


class Signpost(Block):
    """A card that links to a page or to booking a service. Consecutive signposts share a grid."""

    title = models.CharField(max_length=80, blank=True)
    text = models.CharField(max_length=200, blank=True)
    page = models.ForeignKey(
        "content.Page", on_delete=models.PROTECT, null=True, blank=True, related_name="signposts_here"
    )
    service = models.ForeignKey(
        "booking.Service", on_delete=models.PROTECT, null=True, blank=True, related_name="signposts_here"
    )
    for_returning = models.BooleanField(
        "for returning patients",
        default=False,
        db_default=False,
        help_text=_("Whoever presses this card has been here before: booking won't ask."),
    )

    class Meta(Block.Meta):
        verbose_name = "signpost"

    def __str__(self) -> str:
        return self.title or "Signpost"

    @classmethod
    def get_queryset(cls) -> Any:
        return cls.objects.select_related("page", "service")


class SnippetHere(Block):
    """Includes a snippet by reference: publishing the snippet changes every page that includes it."""

    snippet = models.ForeignKey(
        "content.Page",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="shown_here",
        limit_choices_to={"kind": "snippet"},
    )

    class Meta(Block.Meta):
        verbose_name = "snippet"

    def __str__(self) -> str:
        return str(self.snippet or "Snippet")

    def clean(self) -> None:
        if self.parent_id and self.parent.kind == "snippet":
            raise ValidationError(gettext("A snippet can't contain another snippet."))

    @classmethod
    def get_queryset(cls) -> Any:
        return cls.objects.select_related("snippet")


class Sources(HeadedBlock):
    """The numbered sources of a page. A citation [1] in a text links to the first of them."""

    items = RowsField(
        columns=[
            Column("text", "Authors, title, journal, year", max_length=400),
            Column(
                "doi",
                "DOI",
                is_required=False,
                max_length=100,
                hint="Such as 10.2519/jospt.2021.0304.",
                validators=(DOI,),
            ),
            Column(
                "address",
                "Address",
                is_required=False,
                max_length=300,
                hint="For a source without a DOI.",
                validators=(HTTPS_ADDRESS,),
            ),
        ]
    )

    class Meta(HeadedBlock.Meta):
        verbose_name = "sources"
        verbose_name_plural = "sources"
