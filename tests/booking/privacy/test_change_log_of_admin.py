"""Every field of every watched model's page in the admin leaves its value before and after in the change log.

A new model needs a row in ``WATCHED`` or a reason in ``NOT_WATCHED``; a new field is changed by itself.
"""

import io
import json
from datetime import date, time, timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.test import Client
from phonenumber_field.modelfields import PhoneNumberField
from PIL import Image

from booking.forms.fields import EmailLineField, PhoneField
from booking.models import (
    Break,
    CancelReason,
    ChangeLogEntry,
    Clinic,
    Closure,
    HoursOverride,
    Insurer,
    IntakeForm,
    IntakeQuestion,
    Location,
    MessageWording,
    OpeningHours,
    Patient,
    PatientNote,
    Practitioner,
    PractitionerDraft,
    PractitionerService,
    RetentionPeriods,
    Room,
    Service,
    SpecialHours,
    Tag,
    TimeOff,
    WorkingHours,
)
from booking.privacy.change_log import values_of
from booking.staff.durations import HumanDurationField
from clinic.models import StaffMember
from tests.support import factories, intake

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.usefixtures("stopped_clock")]

DAY = date(2026, 12, 1)
# The watched models, and the fields that no page changes, with the reason.
WATCHED: dict[type[models.Model], set[str]] = {
    Break: set(),
    CancelReason: set(),
    Clinic: set(),
    Closure: set(),
    Group: set(),
    HoursOverride: set(),
    Insurer: set(),
    IntakeForm: set(),
    IntakeQuestion: set(),
    Location: set(),
    MessageWording: set(),
    OpeningHours: set(),
    Practitioner: set(),
    PractitionerService: set(),
    Room: set(),
    Service: set(),
    SpecialHours: set(),
    # Set by Django, by the command line, or when the login is added.
    StaffMember: {"username", "is_superuser", "is_staff", "date_joined", "user_permissions"},
    Tag: set(),
    TimeOff: {"kind"},  # At the desk.
    WorkingHours: set(),
}
# Watched models whose pages are at the desk: test_change_log_of_desk.py.
AT_THE_DESK = {Patient, PatientNote, PractitionerDraft, RetentionPeriods}
NOT_WATCHED = {
    "account.EmailAddress": "allauth's copy of a login's address",
    "account.EmailConfirmation": "allauth's, unused",
    "auth.Permission": "written by migrate",
    "booking.AccessLogEntry": "a log itself",
    "booking.AccessLogPerson": "a log itself",
    "booking.Appointment": "its events are its history",
    "booking.AppointmentEvent": "a log itself",
    "booking.BusyTime": "written by the worker, from a practitioner's own calendar",
    "booking.ChangeLogEntry": "a log itself",
    "booking.BookingStepCount": "counts of the site",
    "booking.ClockReading": "technical state",
    "booking.ContentVersion": "technical state",
    "booking.Disposal": "a certificate, append-only",
    "booking.DisposalItem": "a certificate, append-only",
    "booking.IntakeAnswers": "the patient's own, encrypted",
    "booking.IntakeFormVersion": "never changes: it is what the questions were when it was made",
    "booking.ExternalCalendar": "a secret: that one was added or removed is logged",
    "booking.Message": "the outbox: its state is its history",
    "booking.PatientImport": "the import's own record; each patient is logged",
    "booking.PatientMerge": "a log itself",
    "booking.RateLimitBucket": "technical state",
    "booking.FirstFreeTime": "a measurement of the site",
    "booking.RunningLate": "of one day",
    "booking.SampleRow": "marks what is made up",
    "booking.SetupCheck": "a record of who and when",
    "booking.SiteIdentity": "technical state",
    "booking.TaskRun": "technical state",
    "booking.WaitlistEntry": "a wish, ended and not changed by staff",
    "booking.WaitlistOffer": "its state is its history",
    "clinic.PasswordLinkRequest": "a queue",
    "clinic.Role": "which permissions an upgrade has given",
    "mfa.Authenticator": "a secret: a reset is logged on the login",
}


def test_every_model_is_watched_or_exempt_with_a_reason():
    own = [
        model
        for app in ("booking", "clinic", "auth", "account", "mfa")
        for model in apps.get_app_config(app).get_models()
    ]
    known = {model._meta.label for model in [*WATCHED, *AT_THE_DESK]} | set(NOT_WATCHED) | {"auth.User"}
    assert {model._meta.label for model in own} == known


@pytest.fixture
def office(db):
    """An owner's browser, and two rows of what others refer to."""
    user = get_user_model().objects.create_user("olga", "olga@clinic.example", is_staff=True, first_name="Olga")
    user.groups.add(Group.objects.get(name="Owner"))
    client = Client()
    client.force_login(user)
    services = [factories.make_service(needs_room=True) for _ in range(2)]
    locations = [factories.make_location() for _ in range(2)]
    people = [factories.make_practitioner(offered) for offered in (services[:1], [])]
    for name in ("Knees", "Shoulders"):
        IntakeForm.objects.create(name=name)
    return SimpleNamespace(client=client, user=user, service=services[0], location=locations[0], person=people[0])


def make_row(model, office):
    """A row of the model, with a row of each inline of its page."""
    person, location = office.person, office.location
    night = {"start_time": time(20), "end_time": time(2), "ends_next_day": True}
    if model is Practitioner:
        factories.make_hours(person, location, weekdays=[0], **night)
        Break.objects.create(practitioner=person, weekday=0, **night)
        return person
    if model is Location:
        OpeningHours.objects.create(location=location, weekday=0, opens=time(8), closes=time(16))
        factories.make_room(location)
        return location
    makers = {
        CancelReason: lambda: CancelReason.objects.first(),
        Clinic: factories.make_clinic,
        Closure: lambda: Closure.objects.create(location=location, on=DAY, name="Staff day"),
        Group: lambda: Group.objects.create(name="Night desk"),
        HoursOverride: lambda: HoursOverride.objects.create(practitioner=person, location=location, on=DAY, **night),
        IntakeForm: lambda: intake.make_form([[{"label": "Where does it hurt?"}]]),
        Insurer: lambda: Insurer.objects.create(name="Prairie Benefits"),
        MessageWording: lambda: MessageWording.objects.first(),
        Service: lambda: office.service,
        SpecialHours: lambda: SpecialHours.objects.create(
            location=location, on=DAY, opens=time(9), closes=time(12), name="Eve"
        ),
        StaffMember: lambda: StaffMember.objects.create_user(
            "dana", "dana@clinic.example", "a long word", is_staff=True, first_name="Dana"
        ),
        Tag: lambda: Tag.objects.create(name="Needs an interpreter"),
        TimeOff: lambda: TimeOff.objects.create(
            practitioner=person, starts_on=DAY, ends_on=DAY, start_time=time(9), end_time=time(12)
        ),
    }
    return makers[model]()


# Values that a form accepts only so.
SPECIAL = {
    **{(model, "start_time"): "01:30" for model in ("break", "hoursoverride", "workinghours")},
    ("location", "time_zone"): "America/Vancouver",
    ("location", "postal_code"): "T1S 2B2",
    ("clinic", "own_networks"): "192.0.2.0/24",
    ("clinic", "unverified_share"): "44",
    ("service", "audience"): "returning",
    ("practitioner", "colour"): "#224466",
    ("intakequestion", "kind"): "choice",
    ("intakequestion", "choices"): "One\nTwo",
    ("service", "first_reminder"): "50 h",
    ("service", "second_reminder"): "4 h",
}
numbers = count(1)


def other_value(form, name):
    """A valid value of a form's field that differs from its present one, as a browser sends it."""
    field, value, number = form.fields[name], form[name].initial, next(numbers)
    match field:
        case forms.BooleanField():
            return "" if value else "on"
        case forms.ModelMultipleChoiceField():
            chosen = {getattr(item, "pk", item) for item in value or []}
            return [str(row.pk) for row in field.queryset.exclude(pk__in=chosen)[:2]]
        case forms.ModelChoiceField():
            same = [form.instance.pk] if isinstance(form.instance, field.queryset.model) else []
            return str(field.queryset.exclude(pk__in=[value or 0, *same]).last().pk)
        case forms.ChoiceField():
            return next(str(key) for key, _label in field.choices if str(key) not in {"", str(value)})
        case forms.ImageField():
            picture = io.BytesIO()
            Image.new("RGB", (200, 200), "green").save(picture, "PNG")
            return SimpleUploadedFile("new.png", picture.getvalue(), "image/png")
        case HumanDurationField():
            return "50 min" if value != timedelta(minutes=50) else "55 min"
        case forms.DateField():
            return str((value or DAY) + timedelta(days=7))
        case forms.TimeField():
            return f"{value.hour + 1 if value else 9:02d}:30"
        case forms.IntegerField() | forms.DecimalField():
            return str((value or 0) + 1)
        case forms.URLField():
            return f"https://other-{number}.example/"
        case forms.SlugField():
            return f"other-{number}"
        case EmailLineField():
            return f"other-{number}@clinic.example"
        case PhoneField():
            return "+14035550188"
    return f"Other {number}"


def changed_form(page):
    """What a browser sends with every field changed, and of each row, which these are and which it cannot change.

    The row of an inline stays with its parent.
    """
    shown, sent, expected = [page.context["adminform"].form], {}, {}
    for inline in page.context["inline_admin_formsets"]:
        management = inline.formset.management_form
        sent |= {management.add_prefix(name): management[name].value() for name in management.fields}
        shown += inline.formset.initial_forms
    for form in shown:
        fields = form.fields.items()
        parent = {name for name, field in fields if isinstance(field, forms.models.InlineForeignKeyField)}
        kept = {form.instance._meta.pk.name, "DELETE", *parent}
        for name in form.fields:
            special = SPECIAL.get((form.instance._meta.model_name, name))
            value = form[name].value() if name in kept else special or other_value(form, name)
            sent[form.add_prefix(name)] = "" if value in (None, False) else value
        if form.instance.pk:
            expected[form.instance] = set(form.fields) - kept, parent
    return sent, expected


def as_logged(row):
    """All values of the row in the database, as the log should show them."""
    row = row._meta.model._default_manager.get(pk=row.pk)
    shown = {}
    for name in values_of(row):
        field = row._meta.get_field(name)
        if field.many_to_many:
            shown[name] = [f"{related} ({related.pk})" for related in getattr(row, name).order_by("pk")]
        elif field.is_relation:
            related = getattr(row, name)
            shown[name] = related and f"{related} ({related.pk})"
        else:
            value = field.value_from_object(row)
            is_words = isinstance(field, models.FileField | PhoneNumberField)
            shown[name] = json.loads(json.dumps(str(value) if is_words else value, cls=DjangoJSONEncoder))
    return shown


def url_of(row, page="change"):
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/{page}/"


def submit(client, url, data):
    """Send a form, and confirm conflicts with the schedule if it asks."""
    response = client.post(url, data)
    if response.status_code == 422:
        for value in data.values():
            if hasattr(value, "seek"):
                value.seek(0)
        response = client.post(url, data | {"stranded_seen": response.context["stranded_seen"]})
    if response.status_code != 302:
        formsets = [inline.formset for inline in response.context["inline_admin_formsets"]]
        pytest.fail(str([part.errors for part in (response.context["adminform"].form, *formsets)]))
    return response


PAGES = [model for model in WATCHED if admin.site.is_registered(model)]


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_every_field_of_a_page_leaves_both_values(office, model):
    row = make_row(model, office)
    data, expected = changed_form(office.client.get(url_of(row)))
    before = {row: as_logged(row) for row in expected}
    submit(office.client, url_of(row), data)
    for changed, (fields, parent) in expected.items():
        after = as_logged(changed)
        entry = ChangeLogEntry.objects.get(model=changed._meta.label_lower, object_id=str(changed.pk), action="changed")
        assert (entry.actor, entry.actor_kind) == (office.user, "staff")
        assert set(entry.after) == fields == set(values_of(changed)) - WATCHED[type(changed)] - parent, changed
        assert entry.before == {name: before[changed][name] for name in fields}
        assert entry.after == {name: after[name] for name in fields}


@pytest.mark.parametrize("model", [model for model in PAGES if model not in {Clinic, MessageWording, StaffMember}])
def test_a_deleted_row_leaves_its_values(office, model):
    row = make_row(model, office)
    if model is Location:
        row = factories.make_location()  # Nobody works there.
    values = as_logged(row)
    assert office.client.post(url_of(row, "delete"), {"post": "yes"}).status_code == 302
    entry = ChangeLogEntry.objects.get(model=row._meta.label_lower, object_id=str(row.pk), action="removed")
    assert entry.before == {name: value for name, value in values.items() if value not in ("", None, [])}
    assert (entry.after, entry.label, entry.actor) == ({}, str(row), office.user)


def test_rows_that_go_with_a_deleted_one_are_logged(office):
    office.client.post(url_of(make_row(Practitioner, office), "delete"), {"post": "yes"})
    removed = set(ChangeLogEntry.objects.filter(action="removed").values_list("model", flat=True))
    assert removed == {"booking.practitioner", "booking.practitionerservice", "booking.workinghours", "booking.break"}


def test_rows_deleted_from_the_list_are_logged(office):
    tags = [Tag.objects.create(name=name) for name in ("Deaf", "Walker")]
    data = {"action": "delete_selected", "_selected_action": [tag.pk for tag in tags], "post": "yes"}
    assert office.client.post("/admin/booking/tag/", data).status_code == 302
    assert {entry.before["name"] for entry in ChangeLogEntry.objects.filter(action="removed")} == {"Deaf", "Walker"}


def test_a_list_edited_in_place_is_logged(office):
    reason = CancelReason.objects.first()
    page = office.client.get("/admin/booking/cancelreason/")
    formset = page.context["cl"].formset
    data = {formset.management_form.add_prefix(n): v for n, v in formset.management_form.initial.items()}
    for form in formset.forms:
        data |= {form.add_prefix("id"): form.instance.pk, form.add_prefix("is_active"): "on"}
        data[form.add_prefix("position")] = 77 if form.instance == reason else form.instance.position
    office.client.post("/admin/booking/cancelreason/", data | {"_save": "Save"})
    entry = ChangeLogEntry.objects.get()
    assert (entry.before, entry.after) == ({"position": reason.position}, {"position": 77})


def test_a_new_row_and_those_of_its_inlines_are_logged(office):
    page = office.client.get("/admin/booking/location/add/")
    data, _ = changed_form(page)
    data |= {"rooms-TOTAL_FORMS": "1", "rooms-0-name": "Blue room", "rooms-0-is_active": "on", "rooms-0-position": "1"}
    submit(office.client, "/admin/booking/location/add/", data)
    added = {entry.model: entry.after for entry in ChangeLogEntry.objects.filter(action="added")}
    assert added["booking.location"]["name"] == data["name"]
    assert added["booking.room"]["name"] == "Blue room"


def test_an_inline_row_that_is_removed_leaves_its_values(office):
    person = make_row(Practitioner, office)
    data, _ = changed_form(office.client.get(url_of(person)))
    submit(office.client, url_of(person), data | {"breaks-0-DELETE": "on"})
    entry = ChangeLogEntry.objects.get(model="booking.break")
    assert (entry.action, entry.before["start_time"]) == ("removed", "20:00:00")


def test_a_failure_to_log_undoes_the_change(office, monkeypatch):
    tag = Tag.objects.create(name="Walker")

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(ChangeLogEntry.objects, "bulk_create", fail)
    with pytest.raises(OSError, match="disk full"):
        office.client.post(url_of(tag), {"name": "Deaf", "tone": "rose", "position": "1"})
    with pytest.raises(OSError, match="disk full"):
        office.client.post(url_of(tag, "delete"), {"post": "yes"})
    assert Tag.objects.get().name == "Walker"


# Pages beside Django's own


def last():
    entry = ChangeLogEntry.objects.order_by("pk").last()
    return entry.model, entry.action, entry.before, entry.after


def test_statutory_holidays_are_logged_as_closures(office):
    data = {"location": office.location.pk, "year": "2026", "day": ["2026-12-25"]}
    office.client.post("/admin/booking/closure/statutory/", data)
    model, action, _before, after = last()
    assert (model, action, after["on"], after["name"]) == ("booking.closure", "added", "2026-12-25", "Christmas Day")


def test_a_copied_service_is_logged_with_who_offers_it(office):
    data = {"action": "copy", "_selected_action": [office.service.pk]}
    office.client.post("/admin/booking/service/", data)
    added = ChangeLogEntry.objects.filter(action="added")
    assert sorted(added.values_list("model", flat=True)) == ["booking.practitionerservice", "booking.service"]


def test_the_button_for_the_usual_step_is_logged(office):
    office.client.post(f"/admin/booking/service/{office.service.pk}/step/")
    assert last() == ("booking.service", "changed", {"step": None}, {"step": "P0DT00H15M00S"})


def test_a_feeds_address_is_logged_without_the_address(office):
    url = f"/admin/booking/practitioner/{office.person.pk}/feed/"
    office.client.post(url, {"renew": "1"})
    assert last() == ("booking.practitioner", "changed", {"feed_address": None}, {"feed_address": "made anew"})
    office.client.post(url, {"revoke": "1"})
    assert last() == ("booking.practitioner", "changed", {"feed_address": "made"}, {"feed_address": None})


def test_a_second_factor_reset_and_a_password_link_are_logged_without_the_secret(office):
    dana = make_row(StaffMember, office)
    TOTP.activate(dana, "JBSWY3DPEHPK3PXP")
    office.client.post(url_of(dana, "second-factor"))
    before, after = {"second_factor": "authenticator app"}, {"second_factor": None}
    assert last() == ("clinic.staffmember", "changed", before, after)
    office.client.post(url_of(dana, "password-link"))
    assert last() == ("clinic.staffmember", "changed", {}, {"password_link": "sent"})


def test_a_second_factor_reset_from_the_command_line_is_logged(office):
    make_row(StaffMember, office)
    call_command("reset_second_factor", "dana")
    entry = ChangeLogEntry.objects.get()
    assert (entry.actor_kind, entry.actor, entry.after) == ("system", None, {"second_factor": None})


def test_a_login_is_logged_without_its_password(office):
    data = {"first_name": "Dana", "email": "dana@clinic.example", "is_active": "on"}
    office.client.post("/admin/clinic/staffmember/add/", data)
    entry = ChangeLogEntry.objects.get()
    assert (entry.action, entry.after["email"], "password" in entry.after) == ("added", "dana@clinic.example", False)


def test_deleting_a_role_is_logged_for_each_login_that_has_it(office):
    dana, role = make_row(StaffMember, office), make_row(Group, office)
    dana.groups.add(role)
    office.client.post(url_of(role, "delete"), {"post": "yes"})
    entry = ChangeLogEntry.objects.get(model="clinic.staffmember")
    assert (entry.before, entry.after) == ({"groups": [f"Night desk ({role.pk})"]}, {"groups": []})
