"""Pages of the office and the desk without inline styles and scripts, and the desk with odd parameters."""

import re
from datetime import timedelta

import pytest

from tests.support import factories


@pytest.fixture
def make_visit(location, now):
    def make_visit(**fields):
        return factories.make_appointment(**{"location": location, "starts_at": now + timedelta(hours=1)} | fields)

    return make_visit


@pytest.mark.once
@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/desk/?day=2026-11-23",
        "/desk/?do=book",
        "/desk/?do=block",
        "/desk/?appointment={reference}",
        "/desk/?appointment={reference}&do=move",
        "/desk/week/",
        "/desk/patients/{patient}/",
        "/admin/booking/practitioner/{practitioner}/change/",
        "/admin/booking/service/add/",
    ],
)
def test_no_page_has_inline_styles_or_scripts(admin_client, make_visit, address):
    visit = make_visit()
    values = {"reference": visit.reference, "patient": visit.patient_id, "practitioner": visit.practitioner_id}
    response = admin_client.get(address.format(**values))
    assert response.status_code == 200
    page = response.content.decode()
    assert not re.search(r"<[^>]+\sstyle\s*=", page)
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", page)
    assert "<style" not in page
    # A script without src is inline, unless it is JSON data.
    scripts = re.findall(r"<script\b([^>]*)>", page)
    assert [script for script in scripts if "src=" not in script and "application/json" not in script] == []


@pytest.mark.parametrize(
    "query",
    [
        "day=2026-11-23&day=2026-11-24",
        "day=9999-12-31",
        "day=%D9%A2%D9%A0%D9%A2%D9%A6-11-24",
        "appointment=%00",
        "appointment[]=1",
        "with=nobody&at=25:00",
        "at=12:00%2B06:00&with=x",
        "do=nonsense",
        "do=away&block=99999999999999999999",
        "do=book&patient=-1",
        "location=%F0%9F%92%A3%ED%A0%80",
        "cancelled=maybe&list=x",
    ],
)
def test_malformed_parameters_never_cause_a_server_error(admin_client, make_visit, query):
    make_visit()
    for view in ("/desk/", "/desk/week/", "/desk/print/"):
        assert admin_client.get(f"{view}?{query}").status_code in {200, 400}


def test_a_patient_in_two_places_at_once_is_marked(admin_client, make_visit, now):
    patient = factories.make_patient()
    for _ in range(2):
        make_visit(patient=patient)
    make_visit(patient=patient, starts_at=now + timedelta(hours=1, minutes=45))
    page = admin_client.get("/desk/").content.decode()
    assert page.count("has another visit at this time") == 2
