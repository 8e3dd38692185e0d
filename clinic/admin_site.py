"""The Django admin as the clinic's office: its own clock, its own order, and notes on the start page."""

from collections.abc import Callable
from datetime import tzinfo
from functools import cache, update_wrapper
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from booking.models import Location, Message
from clinic.staff import second_factor

# What belongs together, in the order of a working day; the pages' own models come before the logins.
SECTIONS = [
    ("Every day", ["booking.Appointment", "booking.Patient", "booking.WaitlistEntry", "booking.Message"]),
    (
        "People and hours",
        [
            "booking.Practitioner",
            "booking.HoursOverride",
            "booking.TimeOff",
            "booking.Closure",
            "booking.OpeningException",
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
            "content.ExternalLink",
        ],
    ),
    (
        "The clinic",
        ["booking.Clinic", "booking.Location", "booking.Service", "booking.MessageWording", "booking.SampleRow"],
    ),
]
LAST_SECTION = ("Staff", ["clinic.StaffMember", "auth.Group"])
# Logins are looked after on the page Staff, and second factors by those they belong to.
NOT_IN_THE_OFFICE = {"auth.User", "account.EmailAddress", "account.EmailConfirmation", "mfa.Authenticator"}
URGENCY = ["rose", "straw", "sky"]  # The tones of the start page's notes: what is broken comes first.
NAMES = {
    "booking.Appointment": "Diary",
    "booking.Message": "Outbox",
    "booking.WaitlistEntry": "Waitlist",
    "booking.SampleRow": "Sample data",
    "clinic.StaffMember": "Staff",
    "auth.Group": "Roles",
}


class AutocompleteOffice(AutocompleteJsonView):
    """Lets a model's admin say how its rows are told apart in a list of suggestions."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        result = super().serialize_result(obj, to_field_name)
        describe = getattr(self.model_admin, "describe_suggestion", None)
        return result | {"text": describe(obj)} if describe else result


class ClinicAdminSite(admin.AdminSite):
    site_header = "Clinic office"
    site_title = "Clinic office"
    index_title = "Today and everything else"
    index_template = "admin/start.html"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        kept = [model for model in models if model._meta.label not in NOT_IN_THE_OFFICE]
        if kept:
            super().register(kept, admin_class, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Everybody logs in at /staff/login/, where tries are counted and a second factor is asked for."""
        goal = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(goal, allowed_hosts=None):
            goal = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(goal)
        return cast(HttpResponse, secure_admin_login(super().login)(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        super().logout(request, extra_context)
        return redirect("account_login")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Pages of the office show and read instants on the clinic's clock, not in UTC."""
        inner: Callable[..., HttpResponseBase] = super().admin_view(view, cacheable)

        def on_the_clinics_clock(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.has_permission(request) and second_factor.is_missing(request.user):
                return redirect("mfa_index")
            with timezone.override(clinic_zone()):
                response = inner(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # Now, while the clock is set: Django would do it later.
                return response

        return update_wrapper(on_the_clinics_clock, inner)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return cast(HttpResponse, AutocompleteOffice.as_view(admin_site=self)(request))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With how many messages could not be sent, for every page's head: for those who may look at them."""
        return {**super().each_context(request), "parked": cache(lambda: parked_for(request.user))}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from booking.admin.start_page import notes  # Here: booking.admin registers with this very site.
        from content.admin.start_page import notes as notes_on_pages

        found = sorted([*notes(request.user), *notes_on_pages(request.user)], key=lambda note: URGENCY.index(note.tone))
        return super().index(request, {"notes": found, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        for app in apps:
            for model in app["models"]:
                model["name"] = NAMES.get(_label(model), model["name"])
        return apps if app_label else _in_sections(apps)


def _label(model: dict[str, Any]) -> str:
    return str(model["model"]._meta.label)


def _in_sections(apps: list[Any]) -> list[Any]:
    """The same entries under our own headings; whatever has no place here keeps its app's heading."""
    entries = {_label(model): (app, model) for app in apps for model in app["models"]}
    named = {label for _heading, labels in [*SECTIONS, LAST_SECTION] for label in labels}
    others = [{**app, "models": [model for model in app["models"] if _label(model) not in named]} for app in apps]
    sections = [_section(heading, labels, entries) for heading, labels in SECTIONS]
    sections += [app for app in others if app["models"]]
    sections.append(_section(*LAST_SECTION, entries))
    return [section for section in sections if section]


def _section(heading: str, labels: list[str], entries: dict[str, Any]) -> dict[str, Any]:
    here = [entries[label] for label in labels if label in entries]
    return {**here[0][0], "name": heading, "models": [model for _app, model in here]} if here else {}


def parked_for(user: Any) -> int:
    """How many messages wait for somebody to mend what keeps them; none for who may not look at them."""
    may_look = user.has_perm("booking.view_message") or user.has_perm("booking.change_message")
    return Message.objects.filter(state=Message.State.PARKED).count() if may_look else 0


def clinic_zone() -> tzinfo:
    """The first location's zone; UTC while there is none."""
    location = Location.objects.only("time_zone").first()
    return location.zone if location else timezone.get_default_timezone()
