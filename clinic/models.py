"""Staff logins, requests for password links, and the permissions that shipped roles were given."""

from django.contrib.auth.models import Group, User, UserManager
from django.db import models


class StaffManager(UserManager["StaffMember"]):
    def get_queryset(self) -> models.QuerySet["StaffMember"]:
        return super().get_queryset().filter(is_staff=True)


class StaffMember(User):
    """A staff login. It is deactivated, never deleted: the audit log refers to it."""

    objects = StaffManager()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True
        verbose_name = "staff login"
        ordering = ["-is_active", "first_name", "last_name", "username"]

    def __str__(self) -> str:
        return self.get_full_name() or self.get_username()


class Role(models.Model):
    """The permissions that a shipped role has been given so far (``given``), so that none is given twice.

    A clinic may remove a permission from a role, rename its group or delete it: an upgrade adds only
    permissions that the role has never had.
    """

    key = models.CharField(max_length=40, unique=True)
    group = models.OneToOneField(Group, on_delete=models.SET_NULL, null=True, related_name="shipped_as")
    given = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.key


class PasswordLinkRequest(models.Model):
    """A request for a password link, by anybody and for any address, until the worker has dealt with it."""

    email = models.EmailField(max_length=320)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()  # No page shows it.

    def __str__(self) -> str:
        return f"Request {self.pk}"
