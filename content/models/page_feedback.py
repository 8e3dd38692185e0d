"""Page feedback: counters of readers' answers."""

from django.db import models

from content.models.page import Page


class PageFeedback(models.Model):
    """Anonymous monthly counters: readers whom a page helped, and readers who wrote what was missing."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="feedback")
    month = models.DateField(help_text="Its first day.")
    helped = models.PositiveIntegerField(default=0)
    did_not_help = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "content_pageanswers"
        ordering = ["page", "-month"]
        verbose_name = "readers' answers"
        verbose_name_plural = "readers' answers"
        constraints = [models.UniqueConstraint(fields=["page", "month"], name="page_answers_once_a_month")]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}: {self.helped} helped, {self.did_not_help} did not"
