"""Blocks of words: sections, callouts and the several kinds of list."""

from content_editor.models import PluginBase
from django.db import models

from content.models.page import Page
from content.prose import RichTextField
from content.rows import Column, RowsField


class Block(PluginBase, models.Model):
    """One part of a page. Its place is a region of the page and a number that orders it there."""

    parent = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="%(app_label)s_%(class)s_set")
    region = models.CharField(max_length=255)
    ordering = models.IntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ["ordering"]


class HeadedBlock(Block):
    """A block that may begin with a heading. Its anchor is derived from the words (see reading.py)."""

    class Level(models.IntegerChoices):
        SECTION = 2, "Section"
        SUBSECTION = 3, "Part of the section above"

    heading = models.CharField(max_length=120, blank=True)
    level = models.PositiveSmallIntegerField(
        choices=Level, default=Level.SECTION, help_text="Sections are listed under “On this page”."
    )

    class Meta(Block.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.heading or str(self._meta.verbose_name)

    @property
    def item_level(self) -> int:
        """The level of headings inside this block: one below its own, or its own if it has none."""
        return self.level + 1 if self.heading else self.level


class Section(HeadedBlock):
    """A heading and running text."""

    body = RichTextField(blank=True, help_text="Write [1] or [1, 3] where a sentence rests on a source below.")

    class Meta(HeadedBlock.Meta):
        verbose_name = "section"


class Callout(HeadedBlock):
    """A few sentences that must not be missed, on a tint of their own."""

    class Tone(models.TextChoices):
        NOTE = "note", "Note"
        IMPORTANT = "important", "Important"
        TIP = "tip", "Tip"
        WARNING = "warning", "Warning"

    tone = models.CharField(max_length=10, choices=Tone, default=Tone.NOTE)
    body = RichTextField()

    class Meta(HeadedBlock.Meta):
        verbose_name = "callout"


class LeadList(HeadedBlock):
    """A list whose items may begin with a few words in bold."""

    class Purpose(models.TextChoices):
        PLAIN = "plain", "A plain list"
        ASK_FIRST = "ask_first", "Who should not have it, or should ask first"

    purpose = models.CharField(
        max_length=10,
        choices=Purpose,
        default=Purpose.PLAIN,
        help_text="Search engines are told which list says who should not have a treatment.",
    )
    intro = RichTextField(blank=True)
    items = RowsField(
        columns=[
            Column("lead", "First words, in bold", is_required=False, max_length=120),
            Column("body", "Text", is_long=True, max_length=2000, is_required=False),
        ]
    )

    class Meta(HeadedBlock.Meta):
        verbose_name = "list"


class NumberedSections(HeadedBlock):
    """Numbered parts with a title each: steps, or ideas that are counted."""

    class Counting(models.TextChoices):
        IDEAS = "ideas", "Ideas, counted"
        STEPS = "steps", "Steps, one after another"

    counting = models.CharField("what is numbered", max_length=5, choices=Counting, default=Counting.IDEAS)
    intro = RichTextField(blank=True)
    items = RowsField(
        columns=[
            Column("title", "Title", max_length=120),
            Column("body", "Text", is_long=True, max_length=2000),
        ]
    )

    class Meta(HeadedBlock.Meta):
        verbose_name = "numbered sections"
        verbose_name_plural = "numbered sections"


class DefinitionList(HeadedBlock):
    """Terms and what they mean."""

    intro = RichTextField(blank=True)
    items = RowsField(
        columns=[
            Column("term", "Term", max_length=120),
            Column("text", "Text", is_long=True, max_length=2000),
        ]
    )

    class Meta(HeadedBlock.Meta):
        verbose_name = "definitions"
        verbose_name_plural = "definitions"


class Questions(HeadedBlock):
    """Questions whose answers unfold."""

    items = RowsField(
        columns=[
            Column("question", "Question", max_length=200),
            Column("answer", "Answer", is_long=True, max_length=3000),
        ]
    )

    class Meta(HeadedBlock.Meta):
        verbose_name = "questions and answers"
        verbose_name_plural = "questions and answers"
