"""Text blocks: sections, callouts and lists."""

from content_editor.models import PluginBase
from django.db import models
from django.utils.translation import gettext_lazy as _

from content.fields.rich_text import RichTextField
from content.fields.rows import Column, RowsField
from content.models.page import Page


class Block(PluginBase, models.Model):
    """Abstract base of every content block, placed in a region of its page and sorted by ``ordering``."""

    parent = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="%(app_label)s_%(class)s_set")
    region = models.CharField(max_length=255)
    ordering = models.IntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ["ordering"]


class HeadedBlock(Block):
    """A block with an optional heading. The heading's anchor is a slug of its text (see pages/page_view.py)."""

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
        """The level of headings inside this block: one below its heading, or its own level without a heading."""
        return self.level + 1 if self.heading else self.level


class Section(HeadedBlock):
    """A heading and rich text. A folded section also holds the blocks after it (see blocks/folds.py)."""

    is_folded = models.BooleanField(
        "fold this on the page",
        default=False,
        db_default=False,
        help_text=_(
            "Readers open it when they want to. It includes what follows, up to the next section. "
            "Care cards, warnings, buttons and people always stay visible."
        ),
    )
    short_answer = models.CharField(
        "the short answer",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("One line under the heading that already gives the answer. Readers see it while this is folded."),
    )
    body = RichTextField(blank=True, help_text=_("Write [1] or [1, 3] where a sentence is based on a source below."))

    class Meta(HeadedBlock.Meta):
        verbose_name = "section"


class Callout(HeadedBlock):
    """A short highlighted text: a note, tip, warning or important remark."""

    class Tone(models.TextChoices):
        NOTE = "note", "Note"
        IMPORTANT = "important", "Important"
        TIP = "tip", "Tip"
        WARNING = "warning", "Warning"

    tone = models.CharField(max_length=10, choices=Tone, default=Tone.NOTE)
    body = RichTextField(blank=True)

    class Meta(HeadedBlock.Meta):
        verbose_name = "callout"


class LeadList(HeadedBlock):
    """A bulleted list whose items may start with a lead in bold."""

    class Purpose(models.TextChoices):
        PLAIN = "plain", "A plain list"
        ASK_FIRST = "ask_first", _("Who shouldn't have it, or should ask first")

    purpose = models.CharField(
        max_length=10,
        choices=Purpose,
        default=Purpose.PLAIN,
        help_text=_("We tell search engines which list says who shouldn't have a treatment."),
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
    """Numbered items, each with a title: steps or ideas."""

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
    """Terms with their definitions."""

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
    """Questions with collapsible answers (an FAQ)."""

    items = RowsField(
        columns=[
            Column("question", "Question", max_length=200),
            Column("answer", "Answer", is_long=True, max_length=3000),
        ]
    )

    class Meta(HeadedBlock.Meta):
        verbose_name = "questions and answers"
        verbose_name_plural = "questions and answers"
