"""Which rows came with the sample clinic, so that they can be taken away again."""

from django.contrib.contenttypes.models import ContentType
from django.db import models


class SampleRow(models.Model):
    """A mark that some row is sample data. Taking the mark away makes the row the clinic's own."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id"], name="sample_row_marked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type} {self.object_id}"
