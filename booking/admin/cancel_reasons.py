"""Admin of the reasons to choose from when staff cancel a visit."""

from django.contrib import admin

from booking.models import CancelReason
from booking.staff.change_log_admin import ChangeLogMixin
from booking.staff.inputs import ADMIN_FORMFIELD_OVERRIDES


@admin.register(CancelReason)
class CancelReasonAdmin(ChangeLogMixin):
    formfield_overrides = ADMIN_FORMFIELD_OVERRIDES
    list_display = ["name", "is_active", "position"]
    list_editable = ["is_active", "position"]
    list_per_page = 300
