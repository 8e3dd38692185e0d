"""What visitors have used of what is limited: counted in the database, so that all workers agree."""

from django.db import models


class Allowance(models.Model):
    """What one address has used of one limited thing in the present stretch of time.

    ``key`` is a keyed hash: nobody who reads this table learns an address from it. When
    ``ends_at`` has passed, the row counts for nothing, and the worker deletes it.
    """

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=40)
    used = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="allowance_ends")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.used}"
