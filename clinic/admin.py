"""The page Staff: who works here, what they may do, and help for who cannot get in."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from clinic.models import StaffMember
from clinic.staff import adapter, second_factor
from clinic.staff.roles import IN_WORDS, OWNER


class StaffForm(forms.ModelForm):
    groups = forms.ModelMultipleChoiceField(
        Group.objects.all(), label="Roles", required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = StaffMember
        fields = ["first_name", "last_name", "email", "groups", "is_active"]
        labels = {"is_active": "May log in"}
        help_texts = {"is_active": "Take the tick away when somebody leaves. What they did stays under their name."}

    by: Any = None  # Who fills this in; set by the page.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].required = self.fields["email"].required = True
        self.fields["email"].help_text = "They log in with it, and links for a new password go there."
        choices = self.fields["groups"]
        choices.label_from_instance = in_words  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        others = get_user_model().objects.exclude(pk=self.instance.pk)
        if others.filter(email__iexact=email).exists() or others.filter(username__iexact=email).exists():
            raise forms.ValidationError("Somebody else logs in with this address. Everybody needs their own.")
        return email

    def clean(self) -> dict[str, Any]:
        """The clinic never loses its last owner, and nobody locks themselves out."""
        found: dict[str, Any] = super().clean() or {}
        stays_owner = found.get("is_active") and (
            self.instance.is_superuser or any(group == owners() for group in found.get("groups") or [])
        )
        if self.instance.pk and is_owner(self.instance) and not stays_owner:
            if self.by is not None and self.by.pk == self.instance.pk:
                raise forms.ValidationError("You cannot take your own login or your role as owner away.")
            if not any(is_owner(other) for other in StaffMember.objects.exclude(pk=self.instance.pk)):
                raise forms.ValidationError("This is the only owner who can log in. Make somebody else an owner first.")
        return found


def in_words(group: Group) -> str:
    role = getattr(group, "shipped_as", None)
    return f"{group.name}: {IN_WORDS[role.key]}" if role and role.key in IN_WORDS else group.name


def owners() -> Group | None:
    return Group.objects.filter(shipped_as__key=OWNER).first()


def is_owner(user: Any) -> bool:
    return bool(user.is_active and (user.is_superuser or user.groups.filter(shipped_as__key=OWNER).exists()))


@admin.register(StaffMember)
class StaffAdmin(admin.ModelAdmin):
    form = StaffForm
    list_display = ["name", "email", "roles", "factor", "last_login", "may_log_in"]
    list_filter = ["is_active", "groups"]
    search_fields = ["first_name", "last_name", "email", "username"]
    change_form_template = "admin/clinic/staffmember/change_form.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffMember]:
        return super().get_queryset(request).prefetch_related("groups", "authenticator_set")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # Whoever has done anything here stands in its history. They are switched off instead.

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who was made by the command line is changed only by such a person: nobody climbs by this page."""
        is_above = obj is not None and obj.is_superuser and not request.user.is_superuser  # type: ignore[union-attr]
        return super().has_change_permission(request, obj) and not is_above

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type("StaffForm", (form,), {"by": request.user})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.username, obj.is_staff = obj.email, True
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        # A former address must not open this login any more.
        EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()
        if not change:
            self._send_link(request, obj, is_new=True)

    def _send_link(self, request: HttpRequest, user: Any, *, is_new: bool) -> None:
        key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
        url = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        link = settings.SITE_URL + url.replace("UID-KEY", key)
        if adapter.send_password_link(user, link, is_new=is_new):
            self.message_user(request, f"{user} gets a mail with a link to choose a password.")
        else:
            self.message_user(
                request, f"The mail to {user} could not be sent. Try again later, from this page.", messages.WARNING
            )

    # Help for who cannot get in

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("<int:pk>/second-factor/", page(self.reset_view), name="clinic_staffmember_second_factor"),
            path("<int:pk>/password-link/", page(self.link_view), name="clinic_staffmember_password_link"),
            *super().get_urls(),
        ]

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        member = self._may_help(request, pk)
        if member is None or request.method != "POST":
            return self._ask(request, member, "reset")
        second_factor.reset(member)
        self.log_change(request, member, "Took away passkeys, authenticator app and recovery codes.")
        adapter.mail_to(member, "Your login was changed", "staff/mail/changed.txt", {"change": "second_factor_reset"})
        self.message_user(request, f"{member} logs in with the password alone, and sets up a new second step.")
        return redirect("admin:clinic_staffmember_change", member.pk)

    def link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        member = self._may_help(request, pk)
        if member is None or request.method != "POST" or not member.is_active:
            return self._ask(request, member, "link")
        self._send_link(request, member, is_new=not member.has_usable_password())
        self.log_change(request, member, "Sent a link to choose a password.")
        return redirect("admin:clinic_staffmember_change", member.pk)

    def _may_help(self, request: HttpRequest, pk: int) -> StaffMember | None:
        member = self.get_queryset(request).filter(pk=pk).first()
        if not self.has_change_permission(request, member):
            raise PermissionDenied
        return member

    def _ask(self, request: HttpRequest, member: StaffMember | None, what: str) -> HttpResponse:
        if member is None:
            return redirect("admin:clinic_staffmember_changelist")
        context = {**self.admin_site.each_context(request), "member": member, "what": what, "opts": self.opts}
        context["title"] = "Take away the second step" if what == "reset" else "Send a link for a new password"
        return TemplateResponse(request, "admin/clinic/staffmember/ask.html", context)

    @admin.display(description="name", ordering="first_name")
    def name(self, member: StaffMember) -> str:
        return str(member)

    @admin.display(description="roles")
    def roles(self, member: StaffMember) -> str:
        names = [group.name for group in member.groups.all()]
        return ", ".join(names) or ("Owner, by the command line" if member.is_superuser else "None yet")

    @admin.display(description="second step")
    def factor(self, member: StaffMember) -> str:
        return second_factor.in_words(member) or "None yet"

    @admin.display(description="may log in", boolean=True, ordering="is_active")
    def may_log_in(self, member: StaffMember) -> bool:
        return member.is_active
