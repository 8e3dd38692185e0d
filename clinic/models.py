"""Who works here, and what each role was given."""

from django.contrib.auth.models import Group, User, UserManager
from django.db import models


class StaffManager(UserManager["StaffMember"]):
    def get_queryset(self) -> models.QuerySet["StaffMember"]:
        return super().get_queryset().filter(is_staff=True)


class StaffMember(User):
    """A login of somebody who works here. It is switched off, never deleted: what they did stays theirs."""

    objects = StaffManager()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True
        verbose_name = "staff login"
        ordering = ["-is_active", "first_name", "last_name", "username"]

    def __str__(self) -> str:
        return self.get_full_name() or self.get_username()


class Role(models.Model):
    """What a shipped role was given so far, so that nothing is given twice.

    A clinic may take a permission away from a role, rename its group or delete it: an update adds
    only what the role has never had.
    """

    key = models.CharField(max_length=40, unique=True)
    group = models.OneToOneField(Group, on_delete=models.SET_NULL, null=True, related_name="shipped_as")
    given = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.key
