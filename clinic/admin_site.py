"""The clinic's admin site: times in the clinic's time zone, models in sections, notes on the start page."""

from collections.abc import Callable
from functools import cache, update_wrapper
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import path, re_path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import RedirectView

from booking.models import Message
from clinic.accounts import second_factor
from clinic.accounts.staff_area import clinic_zone, is_privacy_officer_only, sees_only_own_day
from clinic.admin_lookups import guarded, is_named_autocomplete
from clinic.checks import is_mail_unsent, is_secret_key_unnamed

# Sections of the index page. Models that are not listed keep their app's section, before LAST_SECTION.
SECTIONS = [
    ("Every day", ["booking.Appointment", "booking.Patient", "booking.Message"]),
    (
        "People and hours",
        [
            "booking.Practitioner",
            "booking.HoursOverride",
            "booking.TimeOff",
            "booking.Closure",
            "booking.SpecialHours",
        ],
    ),
    (
        "Pages",
        [
            "content.Page",
            "content.Snippet",
            "content.Picture",
            "content.Menu",
            "content.PlaceMap",
            "content.Notice",
            "content.SearchSynonym",
            "content.ExternalLink",
        ],
    ),
    (
        "The clinic",
        [
            "booking.Clinic",
            "booking.Location",
            "booking.Service",
            "booking.IntakeForm",
            "booking.Tag",
            "booking.Insurer",
            "booking.CancelReason",
            "booking.MessageWording",
            "booking.SampleRow",
        ],
    ),
]
LAST_SECTION = ("Staff", ["clinic.StaffMember", "auth.Group"])
# Logins are edited on the Staff page, second factors by the users themselves.
UNREGISTERED = {"auth.User", "account.EmailAddress", "account.EmailConfirmation", "mfa.Authenticator"}
TONES_BY_URGENCY = ["rose", "straw", "sky"]  # Order of the start page's notes.
MODEL_NAMES = {
    "booking.Appointment": "Diary",
    "booking.Message": "Outbox",
    "booking.SampleRow": "Sample data",
    "clinic.StaffMember": "Staff",
    "auth.Group": "Roles",
}


# Admin paths of renamed models, old to new: redirected for bookmarks.
RENAMED_MODELS = {"booking/openingexception": "booking/specialhours"}


class AutocompleteView(AutocompleteJsonView):
    """Autocomplete only fields that a ModelAdmin names in ``autocomplete_fields``."""

    def process_request(self, request: HttpRequest) -> Any:
        result = super().process_request(request)
        _term, model_admin, field, _to_field = result
        if not is_named_autocomplete(model_admin.admin_site, field.model, field.name):
            raise PermissionDenied
        return result


class ClinicAdminSite(admin.AdminSite):
    site_header = "Clinic office"
    site_title = "Clinic office"
    index_title = "Today and everything else"
    index_template = "admin/start.html"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        registered = [model for model in models if model._meta.label not in UNREGISTERED]
        if registered:
            super().register(registered, guarded(admin_class or admin.ModelAdmin), **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect anonymous users to /staff/login/, which applies rate limits and the second factor."""
        next_url = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(next_url, allowed_hosts=None):
            next_url = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(next_url)
        return cast(HttpResponse, secure_admin_login(super().login)(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        super().logout(request, extra_context)
        return redirect("account_login")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Run admin views in the clinic's time zone, and require a second factor."""
        inner: Callable[..., HttpResponseBase] = super().admin_view(view, cacheable)

        def in_clinic_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.has_permission(request) and second_factor.is_missing(request.user):
                return redirect("mfa_index")
            with timezone.override(clinic_zone()):
                response = inner(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # Here, because Django would render after the override, in UTC.
                return response

        return update_wrapper(in_clinic_zone, inner)

    def get_urls(self) -> list[Any]:
        from booking.admin.moved import MOVED_TO_DESK

        own = [
            path("sample/remove/", self.admin_view(self.remove_sample), name="remove_sample"),
            path("setup/", self.admin_view(self.setup), name="setup"),
        ]
        redirects = [
            re_path(f"^{old}/(?P<rest>.*)$", RedirectView.as_view(url=f"/admin/{new}/%(rest)s", query_string=True))
            for old, new in RENAMED_MODELS.items()
        ]
        return [*own, *redirects, *MOVED_TO_DESK, *super().get_urls()]

    def remove_sample(self, request: HttpRequest) -> HttpResponse:
        from clinic.ops.sample_removal import page

        return page(request, self.each_context(request))

    def setup(self, request: HttpRequest) -> HttpResponse:
        from clinic.setup_list import page

        return page(request)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return cast(HttpResponse, AutocompleteView.as_view(admin_site=self)(request))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add what every admin page's header shows: parked messages, to users who may view them, lost mail and
        a secret key that is not named."""
        return {
            **super().each_context(request),
            "parked": cache(lambda: parked_message_count(request.user)),
            "is_mail_unsent": is_mail_unsent(),
            "is_secret_key_unnamed": is_secret_key_unnamed(),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if sees_only_own_day(request.user) and not self.get_app_list(request):
            return redirect("desk:my_day")
        if is_privacy_officer_only(request.user) and not self.get_app_list(request):
            return redirect("desk:privacy")
        from booking.admin.start_page import dashboard_notes  # Not at the top: booking.admin registers with this site.
        from clinic.ops.sample_removal import notes as notes_on_sample
        from clinic.setup_list import setup_list
        from content.admin.notes import notes as notes_on_pages

        all_notes = [*dashboard_notes(request), *notes_on_pages(request.user), *notes_on_sample(request.user)]
        all_notes.sort(key=lambda note: TONES_BY_URGENCY.index(note.tone))
        return super().index(request, {"notes": all_notes, "setup": setup_list(request.user), **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        for app in apps:
            for model in app["models"]:
                model["name"] = MODEL_NAMES.get(_label(model), model["name"])
        return apps if app_label else _group_by_section(apps)


def _label(model: dict[str, Any]) -> str:
    return str(model["model"]._meta.label)


def _group_by_section(apps: list[Any]) -> list[Any]:
    """Group the models of ``apps`` by SECTIONS; models without a section keep their app's heading."""
    entries = {_label(model): (app, model) for app in apps for model in app["models"]}
    listed = {label for _heading, labels in [*SECTIONS, LAST_SECTION] for label in labels}
    unlisted = [{**app, "models": [model for model in app["models"] if _label(model) not in listed]} for app in apps]
    sections = [_section(heading, labels, entries) for heading, labels in SECTIONS]
    sections += [app for app in unlisted if app["models"]]
    sections.append(_section(*LAST_SECTION, entries))
    return [section for section in sections if section]


def _section(heading: str, labels: list[str], entries: dict[str, Any]) -> dict[str, Any]:
    listed = [entries[label] for label in labels if label in entries]
    return {**listed[0][0], "name": heading, "models": [model for _app, model in listed]} if listed else {}


def parked_message_count(user: Any) -> int:
    """Count the parked messages; 0 for users who may not view messages."""
    can_view = user.has_perm("booking.view_message") or user.has_perm("booking.change_message")
    return Message.objects.filter(state=Message.State.PARKED).count() if can_view else 0
