"""Whether pages help: what readers say of them, counted."""

from django.db import models

from content.models.page import Page


class PageAnswers(models.Model):
    """How many readers said in one month that a page helped, or wrote what was missing. Nobody is named."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="answers")
    month = models.DateField(help_text="Its first day.")
    helped = models.PositiveIntegerField(default=0)
    did_not_help = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["page", "-month"]
        verbose_name = "readers' answers"
        verbose_name_plural = "readers' answers"
        constraints = [models.UniqueConstraint(fields=["page", "month"], name="page_answers_once_a_month")]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}: {self.helped} helped, {self.did_not_help} did not"
