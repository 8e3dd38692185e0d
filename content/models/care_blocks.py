"""Safety blocks: risks, emergencies, do and do not, the course of a visit."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from content.fields.rich_text import RichTextField
from content.fields.rows import Column, RowsField
from content.models.blocks import HeadedBlock

SOURCE_NUMBERS = RegexValidator(r"^\d{1,2}(, ?\d{1,2})*$", _("enter the numbers of the sources, such as 1 or 1, 3."))


class DoList(HeadedBlock):
    """Two lists side by side: do and do not."""

    do = RowsField(columns=[Column("text", "Do", max_length=300)])
    do_not = RowsField(columns=[Column("text", "Don't", max_length=300)])

    class Meta(HeadedBlock.Meta):
        verbose_name = _("do and don't")
        verbose_name_plural = _("do and don't")


class RiskTable(HeadedBlock):
    """Adverse effects with their frequency and the numbers of their sources."""

    intro = RichTextField(blank=True)
    caption = models.CharField(
        max_length=200, blank=True, help_text=_("What is counted, such as: out of 100 treatments.")
    )
    rows = RowsField(
        columns=[
            Column("effect", "What can happen", max_length=200),
            Column("how_often", "How often", max_length=200),
            Column(
                "sources",
                "Source numbers",
                is_required=False,
                max_length=40,
                hint="Such as 1 or 1, 3.",
                validators=(SOURCE_NUMBERS,),
            ),
        ]
    )
    note = RichTextField(blank=True)

    class Meta(HeadedBlock.Meta):
        verbose_name = "risk table"


class CareCard(HeadedBlock):
    """Whom to call and for which signs. Self-contained: readers in an emergency read nothing else."""

    class Call(models.TextChoices):
        AMBULANCE = "911", "911: emergency"
        HEALTH_LINK = "811", "811: Health Link, a nurse's advice"
        CLINIC = "call", "Call the clinic"

    call = models.CharField(_("who to call"), max_length=4, choices=Call, default=Call.AMBULANCE)
    items = RowsField(columns=[Column("text", "Sign", max_length=300)])
    body = RichTextField("what else to say", blank=True)

    class Meta(HeadedBlock.Meta):
        verbose_name = "care card"

    @property
    def signs(self) -> list[str]:
        return [row.get("text", "") for row in self.items]


class BeforeDuringAfter(HeadedBlock):
    """The course of a visit, in three parts."""

    before = RichTextField(blank=True)
    during = RichTextField(blank=True)
    after = RichTextField(blank=True)

    class Meta(HeadedBlock.Meta):
        verbose_name = "before, during and after"
        verbose_name_plural = "before, during and after"
