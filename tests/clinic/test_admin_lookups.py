"""Admin lists and autocompletes: query strings reach only the fields that a ModelAdmin names."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from booking.models import Closure, HoursOverride, MessageWording, Practitioner, SpecialHours, TimeOff
from clinic.admin_lookups import NamedLookupsMixin
from clinic.admin_site import ClinicAdminSite
from clinic.models import StaffMember
from content.models import ExternalLink, Notice
from tests.support import content_factories, factories

pytestmark = [pytest.mark.django_db, pytest.mark.once]
REGISTERED = [model for model in apps.get_models() if admin.site.is_registered(model)]
LABELS = [model._meta.label for model in REGISTERED]
AUTOCOMPLETE = "/admin/autocomplete/?app_label={}&model_name={}&field_name={}&term=a"


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def client_with(*codenames):
    user = get_user_model().objects.create_user("carl", "carl@clinic.example", "a long word", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    "lookup", ["password__regex", "password__startswith", "password", "groups__permissions__codename__startswith"]
)
def test_the_staff_list_tells_nothing_of_password_hashes(lookup):
    office = client_with("view_staffmember")
    assert office.get(list_of(StaffMember), {lookup: "."}).status_code == 400
    assert office.get(list_of(StaffMember)).status_code == 200


def test_the_practitioner_list_tells_nothing_of_feed_addresses():
    office = client_with("view_practitioner")
    for lookup in ("feed_uid__startswith", "feed_uid__gte", "user__password__regex", "user__email__contains"):
        assert office.get(list_of(Practitioner), {lookup: "a"}).status_code == 400


@pytest.mark.parametrize("label", LABELS)
def test_no_list_can_be_filtered_by_a_field_that_it_does_not_name(admin_client, label):
    model = apps.get_model(label)
    allowed = []
    for field in model._meta.get_fields():
        for lookup in ("startswith", "regex", "gt", "in", "pk__gt"):
            response = admin_client.get(list_of(model), {f"{field.name}__{lookup}": "1"})
            is_elsewhere = response.status_code == 302 and response.url.startswith("/desk/")  # Which has no lookups.
            if response.status_code != 400 and not is_elsewhere:
                allowed.append(f"{field.name}__{lookup}")
    assert allowed == []


def test_a_list_cannot_be_filtered_by_an_annotation(admin_client):
    assert admin_client.get("/admin/content/page/", {"decided_at__year": "2026"}).status_code == 400


@pytest.fixture
def rows(db):
    visit = factories.make_appointment()
    place, person, day = visit.location, visit.practitioner, visit.local_on
    HoursOverride.objects.create(practitioner=person, location=place, on=day)
    TimeOff.objects.create(practitioner=person, starts_on=day, ends_on=day)
    Closure.objects.get_or_create(location=place, on=day, defaults={"name": "Painting"})
    SpecialHours.objects.create(location=place, on=day)
    MessageWording.objects.get_or_create(kind="reminder")
    content_factories.make_page(kind="snippet", slug="", title="Call us")
    Notice.objects.create(text="Closed today", starts_at=visit.starts_at, ends_at=visit.ends_at)
    ExternalLink.objects.create(address="https://a.example/", outcome="works", checked_at=visit.starts_at)


@pytest.mark.parametrize("label", LABELS)
def test_every_filter_that_a_list_offers_works(admin_client, rows, label):
    model = apps.get_model(label)
    page = admin_client.get(list_of(model), follow=True)
    changelist = (page.context or {}).get("cl")
    for spec in changelist.filter_specs if changelist else []:
        for choice in spec.choices(changelist):
            answer = admin_client.get(list_of(model) + choice["query_string"])
            assert answer.status_code == 200, (spec.title, choice["query_string"])
    if changelist and changelist.date_hierarchy:
        name = changelist.date_hierarchy
        query = {f"{name}__year": "2026", f"{name}__month": "11", f"{name}__day": "24"}
        assert admin_client.get(list_of(model), query).status_code == 200


def test_a_new_list_is_guarded_when_it_is_registered():
    site = ClinicAdminSite(name="other")
    site.register(StaffMember, None)
    site.register(Notice, type("NoticeList", (admin.ModelAdmin,), {"list_filter": ["tone"]}))
    assert all(isinstance(site.get_model_admin(model), NamedLookupsMixin) for model in (StaffMember, Notice))
    assert site.get_model_admin(Notice).lookup_allowed("tone__exact", "sky")
    assert not site.get_model_admin(Notice).lookup_allowed("text__startswith", "C")


def test_only_named_fields_autocomplete(admin_client, rows):
    for app, model, field in [
        ("booking", "timeoff", "practitioner"),
        ("booking", "practitionerservice", "service"),  # Of an inline.
        ("content", "page", "written_by"),
    ]:
        assert admin_client.get(AUTOCOMPLETE.format(app, model, field)).status_code == 200
    for app, model, field in [
        ("booking", "appointment", "practitioner"),
        ("booking", "appointment", "patient"),
        ("booking", "appointmentevent", "appointment"),
        ("content", "signpost", "page"),
        ("booking", "waitlistentry", "patient"),
    ]:
        assert admin_client.get(AUTOCOMPLETE.format(app, model, field)).status_code in {403, 404}
