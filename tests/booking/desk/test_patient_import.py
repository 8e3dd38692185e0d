"""Import patients from a CSV file: reading, columns, preview, import, undo, and who may do it."""

import csv
import io
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from booking import scheduling
from booking.models import AccessLogEntry, Message, Patient, PatientImport
from booking.scheduling import Actor, WrongStatus
from tests.support import factories
from tests.support.journey import words_of

IMPORT = "/desk/patients/import/"
HEADER = ("First Name", "Last Name", "Mobile", "Email", "Birth Date")
ANN = ("Ann", "Berg", "403-555-0161", "ann@patients.example", "1980-11-24")
BOB = ("Bob", "Chen", "(403) 555 0162", "", "")

pytestmark = pytest.mark.django_db


def csv_of(*rows, header=HEADER, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue()


def upload(client, content):
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(IMPORT, {"step": "upload", "file": SimpleUploadedFile("list.csv", data)})


def send(client, page, step, **extra):
    """Send the form of the page on which the columns or the preview are shown."""
    form = page.context["form"]
    fields = {field.html_name: field.value() or "" for field in form}
    return client.post(IMPORT, {"table": page.context["table"], "step": step} | fields | extra)


def preview(client, *rows, **extra):
    return send(client, upload(client, csv_of(*rows)), "preview", **extra)


def import_all(client, *rows, **extra):
    return send(client, preview(client, *rows), "import", **extra)


def names():
    return sorted(Patient.objects.values_list("name", flat=True))


# Reading the file


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_with_or_without_a_mark_and_commas_or_semicolons_are_read(admin_client, delimiter, encoding):
    content = csv_of(("Zoë", "Łukasz; Jr", "403-555-0161", "", ""), delimiter=delimiter).encode(encoding)
    page = send(admin_client, upload(admin_client, content), "preview")
    send(admin_client, page, "import")
    assert names() == ["Zoë Łukasz; Jr"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (csv_of(("Zoë", "B", "1", "", "")).encode("latin-1"), "is not UTF-8"),
        ("", "empty"),
        ("Name,Phone\n", "no rows below its header"),
        ("\n\n  ,\n", "no rows below its header"),
        (b"PK\x03\x04\x00\x00", "not a CSV file"),
        ("Name,Phone\nAnn,403\0", "not a CSV file"),
        (f'Name,Phone\n"Ann{"x" * 3000},1', "quotation mark"),
        (f'Name,Phone\n"Ann{"x" * 200_000},1', "not a CSV file"),
        ("Name,Phone\n" + "Ann,403-555-0161\n" * 2001, "more than 2000 rows"),
        (",".join(map(str, range(61))) + "\n1\n", "more than 60 columns"),
        ("Name,Phone\n" + "x" * 500_000, "too large"),
    ],
    ids=range(11),
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(admin_client, content, sentence):
    response = upload(admin_client, content)
    assert response.status_code == 422
    assert sentence in words_of(response)


def test_the_file_must_be_chosen(admin_client):
    response = admin_client.post(IMPORT, {"step": "upload"})
    assert response.status_code == 422
    assert "Choose a file." in words_of(response)


# Columns


def test_columns_are_guessed_from_their_names(admin_client):
    form = upload(admin_client, csv_of(ANN)).context["form"]
    guessed = ["first_name", "last_name", "phone", "email", "date_of_birth"]
    assert [form[name].value() for name in guessed] == ["0", "1", "2", "3", "4"]
    assert not form["name"].value()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"column-last_name": ""}, "Choose the column of the full name"),
        ({"column-phone": ""}, "Choose the column of the phone number"),
        ({"column-phone": "77"}, "77 is not one of the available choices"),
        ({"column-dates": "x"}, "not one of the available choices"),
    ],
)
def test_columns_that_are_missing_or_unknown_are_asked_for_again(admin_client, changes, sentence):
    response = preview(admin_client, ANN, **changes)
    assert response.status_code == 422
    assert sentence in words_of(response)


def test_the_columns_can_be_changed_after_the_preview(admin_client):
    page = send(admin_client, preview(admin_client, ANN), "columns")
    assert page.status_code == 200
    assert page.context["form"]["phone"].value() == "2"


@pytest.mark.parametrize(
    "table",
    ["", "nonsense", signing.dumps(["x", [], []], salt="another")],
    ids=["nothing", "nonsense", "signed for something else"],
)
def test_only_an_uploaded_table_is_accepted(admin_client, table):
    assert admin_client.post(IMPORT, {"step": "import", "table": table}).url == IMPORT


def test_an_upload_is_valid_for_two_hours(admin_client, now):
    page = preview(admin_client, ANN)
    for minutes in range(0, 135, 12):  # In steps, or the login would end for want of activity.
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            response = admin_client.get(IMPORT) if minutes < 121 else send(admin_client, page, "import")
    assert response.url == IMPORT
    assert names() == []


# Preview


def test_the_preview_adds_nobody_and_names_errors_by_row(admin_client):
    rows = [ANN, ("Cy", "Doe", "12", "nonsense", "1980-13-45"), ("", "", "403-555-0163", "", "")]
    words = words_of(preview(admin_client, *rows))
    assert "1 patient is ready." in words
    assert "2 rows have errors" in words
    assert "Row 3, Cy Doe Phone: Enter a phone number" in words
    assert "Email: This email is missing an @." in words
    assert "Date of birth: Enter the date of birth" in words
    assert "Row 4, no name Full name: There is none." in words
    assert names() == []


@pytest.mark.parametrize(
    ("text", "order", "born"),
    [
        ("1980-11-24", "ymd", date(1980, 11, 24)),
        ("11/24/1980", "mdy", date(1980, 11, 24)),
        ("3/4/1980", "mdy", date(1980, 3, 4)),
        ("3/4/1980", "dmy", date(1980, 4, 3)),
        ("24.11.1980", "dmy", date(1980, 11, 24)),
        ("1980/1/2", "dmy", date(1980, 1, 2)),
        ("", "ymd", None),
    ],
)
def test_dates_are_read_in_the_chosen_order(admin_client, text, order, born):
    page = preview(admin_client, (*ANN[:4], text), **{"column-dates": order})
    send(admin_client, page, "import")
    assert Patient.objects.get().date_of_birth == born


@pytest.mark.parametrize("text", ["24/11/80", "11/24/1980", "2999-01-01", "yesterday", "1980-11", "-1-1-1980"])
def test_a_date_that_does_not_fit_the_order_is_an_error(admin_client, text):
    page = preview(admin_client, (*ANN[:4], text), **{"column-dates": "dmy"})
    assert page.context["wrong_count"] == 1


def test_possible_duplicates_are_left_out_unless_they_are_ticked(admin_client):
    factories.make_patient(name="Ann Berg", phone="+14035550199", email="")
    page = preview(admin_client, ANN, BOB)
    assert "Row 2, Ann Berg: import all the same Ann Berg, 403-555-0199" in words_of(page)
    assert AccessLogEntry.objects.get(kind="list").count == 1
    send(admin_client, page, "import")
    assert names() == ["Ann Berg", "Bob Chen"]
    send(admin_client, preview(admin_client, ANN), "import", all_same=["2"])
    assert names() == ["Ann Berg", "Ann Berg", "Bob Chen"]


def test_a_family_with_one_phone_number_is_no_duplicate(admin_client):
    factories.make_patient(name="Eve Ling", phone="+14035550161")
    assert preview(admin_client, ANN).context["ready_count"] == 1


def test_a_row_twice_in_the_file_is_a_possible_duplicate(admin_client):
    page = preview(admin_client, ANN, ("ANN", "Berg", "4035550161", "", ""))
    assert "Row 3, ANN Berg: import all the same same as row 2" in words_of(page)


def test_the_preview_takes_a_constant_number_of_queries(admin_client, django_assert_max_num_queries):
    many = [("Ann", f"Berg{number}", f"403-555-01{number:02}", "", "") for number in range(60)]
    page = upload(admin_client, csv_of(*many))
    with django_assert_max_num_queries(20):
        send(admin_client, page, "preview")
    with django_assert_max_num_queries(30):
        send(admin_client, page, "import")
    assert Patient.objects.count() == 60


# Import


def test_patients_are_imported_in_one_batch_and_can_be_found(admin_client, admin_user, now):
    response = import_all(admin_client, ANN, BOB)
    batch = PatientImport.objects.get()
    assert response.url == f"{IMPORT}{batch.pk}/"
    assert (batch.count, batch.created_by, batch.created_at) == (2, admin_user, now)
    ann = Patient.objects.get(name="Ann Berg")
    assert (str(ann.phone), ann.email, ann.date_of_birth, ann.imported_in) == (
        "+14035550161", "ann@patients.example", date(1980, 11, 24), batch,
    )  # fmt: skip
    assert "2 patients were imported." in words_of(admin_client.get(response.url))
    assert [row.name for row in admin_client.post("/desk/patients/", {"q": "berg"}).context["page"]] == ["Ann Berg"]


def test_an_import_is_one_row_in_the_access_log_and_no_email(admin_client):
    page = preview(admin_client, ANN, BOB)
    before = AccessLogEntry.objects.count()
    send(admin_client, page, "import")
    assert AccessLogEntry.objects.count() == before + 1
    assert AccessLogEntry.objects.order_by("pk").last().count == 2
    assert not Message.objects.exists()


def test_a_form_sent_twice_imports_once(admin_client):
    page = preview(admin_client, ANN)
    first = send(admin_client, page, "import")
    assert send(admin_client, page, "import", all_same=["2"]).url == first.url
    assert names() == ["Ann Berg"]


def test_rows_with_errors_are_left_out(admin_client):
    import_all(admin_client, ANN, ("Cy", "Doe", "12", "", ""))
    assert names() == ["Ann Berg"]


def test_an_import_of_nobody_says_so(admin_client):
    response = import_all(admin_client, ("Cy", "Doe", "12", "", ""))
    assert "There is nobody to import." in words_of(response)
    assert not PatientImport.objects.exists()


def test_a_formula_is_text(admin_client):
    formula = '=HYPERLINK("https://evil.example","x")'
    import_all(admin_client, (formula, "Berg", "403-555-0161", "", ""))
    assert names() == [f"{formula} Berg"]
    page = admin_client.get(f"/desk/patients/{Patient.objects.get().pk}/").content.decode()
    assert '<a href="https://evil.example"' not in page


def test_all_or_nothing_is_imported(admin_client, monkeypatch):
    page = preview(admin_client, ANN)

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(Patient.objects, "bulk_create", fail)
    with pytest.raises(OSError, match="disk full"):
        send(admin_client, page, "import")
    assert not PatientImport.objects.exists()


# Undo


def undo(client):
    return client.post(f"{IMPORT}{PatientImport.objects.get().pk}/undo/")


def test_an_import_is_undone_completely_if_nothing_happened_since(admin_client):
    factories.make_patient(name="Here before")
    import_all(admin_client, ANN, BOB)
    assert undo(admin_client).url == IMPORT
    assert names() == ["Here before"]
    assert not PatientImport.objects.exists()


def used_visit(patient, user):
    factories.make_appointment(patient=patient, status="cancelled")


def used_note(patient, user):
    factories.make_note(patient, author=user)


def used_waitlist(patient, user):
    visit = factories.make_appointment()
    wish = factories.make_wish(visit.service, visit.location, name="ann berg", email="other@patients.example",
                               phone="+14035550161")  # fmt: skip
    scheduling.join(wish=wish, now=visit.starts_at - timedelta(days=1))


def used_merge(patient, user):
    other = factories.make_patient(name="Ann B")
    scheduling.merge(keep=patient, merged=other, take=[], by=Actor.staff(user), now=other.created_at)


def used_change(patient, user):
    scheduling.change_patient(patient=patient, values={"pronouns": "she"}, by=Actor.staff(user), now=patient.created_at)


@pytest.mark.parametrize("use", [used_visit, used_note, used_waitlist, used_merge, used_change])
def test_patients_with_something_stay_and_are_named(admin_client, admin_user, use):
    import_all(admin_client, ANN, BOB)
    ann = Patient.objects.get(name="Ann Berg")
    use(ann, admin_user)
    response = undo(admin_client)
    words = words_of(admin_client.get(response.url))
    assert "1 patient was removed." in words
    assert "Those below stay" in words
    assert "Ann Berg" in words
    assert Patient.objects.filter(pk=ann.pk).exists()
    assert not Patient.objects.filter(name="Bob Chen").exists()


def test_after_a_week_nothing_is_undone_and_the_worker_forgets_the_import(admin_client, admin_user, now):
    import_all(admin_client, ANN)
    batch = PatientImport.objects.get()
    later = now + timedelta(days=7, minutes=1)
    assert scheduling.forget_imports(now=now + timedelta(days=6)) == 0
    with pytest.raises(WrongStatus):
        scheduling.undo_import(batch=batch, by=Actor.staff(admin_user), now=later)
    assert scheduling.forget_imports(now=later) == 1
    assert Patient.objects.get().imported_in is None


def test_a_get_request_undoes_nothing(admin_client):
    import_all(admin_client, ANN)
    assert admin_client.get(f"{IMPORT}{PatientImport.objects.get().pk}/undo/").status_code == 405
    assert names() == ["Ann Berg"]


# Who


@pytest.mark.parametrize(("role", "status"), [("Front desk", 403), ("Practitioner", 403), ("Owner", 200)])
def test_only_the_owner_imports(role, status, now):
    user = get_user_model().objects.create_user("sam", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    assert client.get(IMPORT).status_code == status
    if status == 403:
        assert upload(client, csv_of(ANN)).status_code == 403
        with pytest.raises(WrongStatus):
            scheduling.import_patients(key="0" * 32, rows=[], by=Actor.staff(user), now=now)
