"""Admin of staff logins and roles: password links, second factor resets, and no privilege escalation."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import EmailLineField
from booking.privacy.change_log import log_changed, log_values, values_of
from booking.scheduling import Actor
from booking.staff.change_log_admin import ChangeLogMixin
from clinic.accounts import adapter, password_links, privileges, second_factor
from clinic.accounts.roles import OWNER, ROLE_DESCRIPTIONS
from clinic.accounts.staff_sessions import end_sessions
from clinic.models import StaffMember


class StaffForm(forms.ModelForm):
    groups = forms.ModelMultipleChoiceField(
        Group.objects.all(), label="Roles", required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = StaffMember
        fields = ["first_name", "last_name", "email", "groups", "is_active"]
        field_classes = {"email": EmailLineField}
        labels = {"is_active": _("May log in")}
        help_texts = {"is_active": _("Untick this when someone leaves. What they did stays under their name.")}

    by: Any = None  # The user who edits; set by StaffAdmin.get_form.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].required = self.fields["email"].required = True
        self.fields["email"].help_text = gettext("They log in with it, and links for a new password go there.")
        choices = self.fields["groups"]
        choices.label_from_instance = role_label  # type: ignore[attr-defined]
        grantable = privileges.grantable_roles(self.by)
        choices.queryset = grantable  # type: ignore[attr-defined]
        if grantable.count() < Group.objects.count():
            choices.help_text = gettext("Roles that can do more than you aren't shown.")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        others = get_user_model().objects.exclude(pk=self.instance.pk)
        if others.filter(email__iexact=email).exists() or others.filter(username__iexact=email).exists():
            raise forms.ValidationError(gettext("Someone else logs in with this address. Everyone needs their own."))
        return email

    def clean(self) -> dict[str, Any]:
        """Refuse to remove the last active owner, or one's own owner role or login."""
        data: dict[str, Any] = super().clean() or {}
        stays_owner = data.get("is_active") and (
            self.instance.is_superuser or any(group == owners() for group in data.get("groups") or [])
        )
        if self.instance.pk and is_owner(self.instance) and not stays_owner:
            if self.by is not None and self.by.pk == self.instance.pk:
                raise forms.ValidationError(
                    gettext("You can't turn off your own login or remove your own role as owner.")
                )
            if not any(is_owner(other) for other in StaffMember.objects.exclude(pk=self.instance.pk)):
                raise forms.ValidationError(
                    gettext("This is the only owner who can log in. Make someone else an owner first.")
                )
        return data


def role_label(group: Group) -> str:
    role = getattr(group, "shipped_as", None)
    return f"{group.name}: {ROLE_DESCRIPTIONS[role.key]}" if role and role.key in ROLE_DESCRIPTIONS else group.name


def owners() -> Group | None:
    return Group.objects.filter(shipped_as__key=OWNER).first()


def is_owner(user: Any) -> bool:
    return bool(user.is_active and (user.is_superuser or user.groups.filter(shipped_as__key=OWNER).exists()))


@admin.register(StaffMember)
class StaffAdmin(ChangeLogMixin):
    form = StaffForm
    list_display = ["name", "email", "roles", "factor", "last_login", "may_log_in"]
    list_filter = ["is_active", "groups"]
    search_fields = ["first_name", "last_name", "email", "username"]
    change_form_template = "admin/clinic/staffmember/change_form.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffMember]:
        return super().get_queryset(request).prefetch_related("groups", "authenticator_set")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # The audit log refers to staff members: they are deactivated instead.

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse to change a login with permissions that the user lacks. All pages of one login ask here."""
        return super().has_change_permission(request, obj) and not (
            obj is not None and privileges.is_above(obj, request.user)
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type("StaffForm", (form,), {"by": request.user})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.username, obj.is_staff = obj.email, True
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        # A former e-mail address must no longer reset this login's password.
        EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()
        if not obj.is_active:
            end_sessions(obj)
        if not change:
            self._send_link(request, obj, is_new=True)

    def _send_link(self, request: HttpRequest, user: Any, *, is_new: bool) -> bool:
        is_sent = adapter.send_password_link(user, password_links.password_link(user), is_new=is_new)
        if is_sent:
            self.message_user(request, f"We'll email {user} a link to choose a password.")
        else:
            self.message_user(
                request, f"The email to {user} couldn't be sent. Try again later from this page.", messages.WARNING
            )
        return is_sent

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/second-factor/", wrap(self.reset_factor_view), name="clinic_staffmember_second_factor"),
            path("<int:pk>/password-link/", wrap(self.password_link_view), name="clinic_staffmember_password_link"),
            *super().get_urls(),
        ]

    def reset_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        member = self._get_member(request, pk)
        if member is None or request.method != "POST":
            return self._confirm(request, member, "reset")
        with transaction.atomic():
            log_values(Actor.staff(request.user), member, *second_factor.reset_values(member))
            second_factor.reset(member)
            self.log_change(request, member, gettext("Removed passkeys, authenticator app and recovery codes."))
        adapter.mail_to(member, "Your login was changed", "staff/email/changed.txt", {"change": "second_factor_reset"})
        self.message_user(request, f"{member} can log in with just the password, and will set up a new second step.")
        return redirect("admin:clinic_staffmember_change", member.pk)

    def password_link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        member = self._get_member(request, pk)
        if member is None or request.method != "POST" or not member.is_active:
            return self._confirm(request, member, "link")
        is_sent = self._send_link(request, member, is_new=not member.has_usable_password())
        with transaction.atomic():
            log_values(Actor.staff(request.user), member, {}, {"password_link": "sent" if is_sent else "not sent"})
            self.log_change(request, member, "Sent a link to choose a password.")
        return redirect("admin:clinic_staffmember_change", member.pk)

    def _get_member(self, request: HttpRequest, pk: int) -> StaffMember | None:
        member = self.get_queryset(request).filter(pk=pk).first()
        if not self.has_change_permission(request, member):
            raise PermissionDenied
        return member

    def _confirm(self, request: HttpRequest, member: StaffMember | None, what: str) -> HttpResponse:
        if member is None:
            return redirect("admin:clinic_staffmember_changelist")
        context = {**self.admin_site.each_context(request), "member": member, "what": what, "opts": self.opts}
        context["title"] = gettext("Remove the second step") if what == "reset" else "Send a link for a new password"
        return TemplateResponse(request, "admin/clinic/staffmember/ask.html", context)

    @admin.display(description="name", ordering="first_name")
    def name(self, member: StaffMember) -> str:
        return str(member)

    @admin.display(description="roles")
    def roles(self, member: StaffMember) -> str:
        names = [group.name for group in member.groups.all()]
        return ", ".join(names) or (gettext("Owner, from the command line") if member.is_superuser else "None yet")

    @admin.display(description="second step")
    def factor(self, member: StaffMember) -> str:
        return second_factor.names_of(member) or "None yet"

    @admin.display(description="may log in", boolean=True, ordering="is_active")
    def may_log_in(self, member: StaffMember) -> bool:
        return member.is_active


def _take_from_members(role: Group, by: Actor) -> None:
    """Take a role that is about to be deleted from whoever has it, so that the log of each login says so."""
    for member in StaffMember.objects.filter(groups=role):
        before = values_of(member)
        member.groups.remove(role)
        log_changed(by, member, before)


admin.site.unregister(Group)  # Importing django.contrib.auth.admin has registered it.


@admin.register(Group)
class RoleAdmin(ChangeLogMixin, GroupAdmin):
    """Roles: users edit only roles whose permissions they have, and add only permissions that they have."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_change(request, obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            _take_from_members(obj, Actor.staff(request.user))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for role in queryset:
                _take_from_members(role, Actor.staff(request.user))
            super().delete_queryset(request, queryset)

    def _may_change(self, request: HttpRequest, role: Group | None) -> bool:
        return role is None or privileges.may_change_role(request.user, role)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "permissions" and field is not None and request is not None:
            grantable = privileges.grantable_permissions(request.user)
            field.queryset = Permission.objects.filter(pk__in=grantable).select_related("content_type")
        return field
