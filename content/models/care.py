"""Blocks that keep readers safe: risks, emergencies, what to do and what to leave."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from content.models.blocks import HeadedBlock
from content.prose import RichTextField
from content.rows import Column, RowsField

SOURCE_NUMBERS = RegexValidator(r"^\d{1,2}(, ?\d{1,2})*$", "write the numbers of the sources, such as 1 or 1, 3.")


class DoList(HeadedBlock):
    """What to do and what not to do, side by side."""

    do = RowsField(columns=[Column("text", "Do", max_length=300)])
    do_not = RowsField(columns=[Column("text", "Do not", max_length=300)])

    class Meta(HeadedBlock.Meta):
        verbose_name = "do and do not"
        verbose_name_plural = "do and do not"


class RiskTable(HeadedBlock):
    """Unwanted effects and how often they happen, each number with its source."""

    intro = RichTextField(blank=True)
    caption = models.CharField(max_length=200, help_text="What the numbers count, such as: out of 100 treatments.")
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
    """Whom to call, and when. Complete in itself: readers in trouble read nothing else."""

    class Call(models.TextChoices):
        AMBULANCE = "911", "911: emergency"
        HEALTH_LINK = "811", "811: Health Link, a nurse's advice"
        CLINIC = "call", "Call the clinic"

    call = models.CharField("whom to call", max_length=4, choices=Call, default=Call.AMBULANCE)
    items = RowsField(columns=[Column("text", "Sign", max_length=300)])
    body = RichTextField("what else to say", blank=True)

    class Meta(HeadedBlock.Meta):
        verbose_name = "care card"

    def clean(self) -> None:
        if not self.heading:
            raise ValidationError({"heading": "Say whom to call and when, such as: Call 911 if you have"})

    @property
    def signs(self) -> list[str]:
        return [row.get("text", "") for row in self.items]


class BeforeDuringAfter(HeadedBlock):
    """What a visit is like, in order."""

    before = RichTextField()
    during = RichTextField()
    after = RichTextField()

    class Meta(HeadedBlock.Meta):
        verbose_name = "before, during and after"
        verbose_name_plural = "before, during and after"
