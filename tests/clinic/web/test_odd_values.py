"""Values that no database can hold, such as giant numbers and NUL: a 4xx page or an unfiltered list, never a 5xx.

Checked on every list, add form, autocomplete and public page, with every parameter that they know.
"""

from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from booking.models import Appointment, Closure, HoursOverride, Message
from clinic.web.storable_values import UnstorableValue, check_parameters
from tests.clinic.web.test_every_address import OFFICE, PUBLIC, paths_of
from tests.support import content_factories
from tests.support.journey import book, make_small_clinic

pytestmark = pytest.mark.django_db

GIANT, BIG, NUL = "9" * 30, str(2**31), "a\0b"
ODD = [GIANT, BIG, NUL, "x"]
LOOKUPS = ["", "__exact", "__id__exact", "__in"]


@pytest.fixture(autouse=True)
def clinic(stopped_clock):
    clinic = make_small_clinic()
    content_factories.make_site()
    content_factories.make_page(slug="a-page")
    return clinic


@pytest.fixture
def visit():
    return book(Client())


@pytest.fixture
def office(client):
    staff = get_user_model().objects.create_superuser("dana", "dana@clinic.example", "a long word for the office")
    client.force_login(staff)
    client.raise_request_exception = False
    return client


def parameters_of(model_admin, user):
    """Every parameter that filters, orders, searches or pages this list."""
    request = RequestFactory().get("/")
    request.user = user
    names = {"q", "p", "o", "all", "e", "_popup", "_to_field", "day", "on", "_changelist_filters"}
    for item in model_admin.get_list_filter(request):
        if isinstance(item, str):
            names |= {item + lookup for lookup in LOOKUPS}
        elif isinstance(item, tuple):
            names |= {item[0] + lookup for lookup in LOOKUPS}
        else:
            names.add(item.parameter_name)
    for date in filter(None, [model_admin.date_hierarchy]):
        names |= {f"{date}__{part}" for part in ("year", "month", "day", "gte", "lt")}
    return sorted(names)


def failures(client, requests):
    """The requests that were answered with 5xx."""
    wrong = []
    for path, query in requests:
        response = client.get(path, query)
        if response.status_code >= 500:
            wrong.append((path, query, response.status_code))
    return wrong


def test_no_list_of_the_office_fails_on_an_odd_filter(office, visit):
    Closure.objects.create(location=visit.location, on="2026-12-25", name="Christmas")
    HoursOverride.objects.create(location=visit.location, practitioner=visit.practitioner, on="2026-12-24")
    user = get_user_model().objects.get()
    requests = [
        (reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), {name: value})
        for model, model_admin in admin.site._registry.items()
        for name in parameters_of(model_admin, user)
        for value in (GIANT, NUL)
    ]
    assert failures(office, requests) == []


def test_no_add_form_fails_on_an_odd_first_value(office, visit):
    requests = []
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        names = [field.name for field in model._meta.get_fields()] + ["on", "patient", "practitioner"]
        requests += [(path, dict.fromkeys(names, value)) for value in ODD]
    assert failures(office, requests) == []


def test_no_autocomplete_fails_on_an_odd_term_or_page(office, visit):
    fields = [
        (model, field)
        for model, model_admin in admin.site._registry.items()
        for field in model_admin.get_autocomplete_fields(None)
    ]
    assert fields
    path = reverse("admin:autocomplete")
    requests = []
    for model, field in fields:
        names = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field}
        requests += [(path, names | {key: value}) for key in [*names, "term", "page"] for value in ODD]
    assert failures(office, requests) == []


def test_no_address_fails_on_an_odd_key(office, visit):
    """Keys in paths, of the office and of the public pages."""
    requests = []
    for address in [*OFFICE, *PUBLIC]:
        for key in ODD if address.parameters else ():
            requests.append((address.path.format(**dict.fromkeys(address.parameters, quote(key))), {}))
    assert failures(office, requests) == []


def test_no_page_fails_on_an_odd_query(office, visit):
    """With all names at once, because each page reads only a few of them."""
    names = ["q", "page", "from", "to", "start", "visit", "location", "practitioner", "patient", "on", "revision"]
    requests = [
        (path, dict.fromkeys(names, value))
        for address in [*OFFICE, *PUBLIC]
        for path in paths_of(address)[:1]
        for value in (GIANT, NUL)
    ]
    assert failures(office, requests) == []


@pytest.mark.parametrize("key", [*ODD, f"-{GIANT}"])
def test_no_action_fails_on_an_odd_key(office, visit, key):
    for name in ("booking_message", "content_picture"):
        data = {"action": "delete_selected", ACTION_CHECKBOX_NAME: [key]}
        response = office.post(reverse(f"admin:{name}_changelist"), data)
        assert response.status_code < 500
    data = {"action": "send_again", ACTION_CHECKBOX_NAME: [key]}
    assert office.post(reverse("admin:booking_message_changelist"), data).status_code < 500


@pytest.mark.parametrize("key", [*ODD, f"-{GIANT}"])
def test_no_choice_of_several_rows_fails_on_an_odd_key(office, key):
    user = get_user_model().objects.get()
    data = {"username": "dana", "email": "dana@clinic.example", "groups": [key], "is_active": "on"}
    response = office.post(reverse("admin:clinic_staffmember_change", args=[user.pk]), data)
    assert response.status_code < 500
    assert not user.groups.exists()


def test_a_filter_with_a_giant_number_is_answered_with_the_page_for_bad_requests(office, visit):
    for name, query in {
        "booking_hoursoverride": {"practitioner": GIANT},
        "clinic_staffmember": {"groups": GIANT},
        "booking_closure": {"on__year": GIANT},
    }.items():
        Closure.objects.get_or_create(location=visit.location, on="2026-12-25", name="Christmas")
        assert office.get(reverse(f"admin:{name}_changelist"), query).status_code == 400, name


def test_nothing_with_nul_is_looked_up_or_stored_on_either_database(office, visit):
    before = Message.objects.count()
    with pytest.raises(UnstorableValue), transaction.atomic(), connection.execute_wrapper(check_parameters):
        Message.objects.create(key="a\0b", kind=Message.Kind.CONTACT, due_at=visit.starts_at)
    with pytest.raises(UnstorableValue), transaction.atomic(), connection.execute_wrapper(check_parameters):
        list(Appointment.objects.filter(patient__in=[2**63]))
    assert Message.objects.count() == before


def test_a_refused_value_is_not_written_into_the_log(office, visit, caplog):
    data = {"action": "send_again", ACTION_CHECKBOX_NAME: ["Alice Martin"]}
    assert office.post(reverse("admin:booking_message_changelist"), data).status_code == 400
    assert "fits no column" in caplog.text
    assert "Alice" not in caplog.text
