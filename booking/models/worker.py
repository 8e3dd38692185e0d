"""What the worker last did, so that a monitor sees when it stops."""

from django.db import models


class WorkerStep(models.Model):
    """One part of the worker's round, and when it last went well, in whichever worker."""

    name = models.CharField(max_length=40, unique=True)
    went_well_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
