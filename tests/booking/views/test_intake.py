"""The patient's side of a health form: by the link in the email, page by page, until the visit starts."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from booking import scheduling, tokens
from booking.intake import encryption, versions
from booking.intake.answers import save_page, stamp_of
from booking.models import Appointment, IntakeAnswers, IntakeQuestion
from booking.scheduling import Actor
from tests.support import factories, intake, journey

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock", "home_page")]

START, REVIEW = "/appointment/form/", "/appointment/form/review/"


@pytest.fixture
def visit(client):
    factories.make_clinic()
    visit = intake.make_asked_visit()
    intake.open_link(client, visit)
    return visit


def post(client, visit, page, values, **more):
    """Send a page that shows the answers as they are."""
    seen = stamp_of(IntakeAnswers.objects.filter(appointment=visit).first())
    data = {"reference": visit.reference, "shown": "1", "seen": seen} | values | more
    return client.post(f"/appointment/form/{page}/", data)


def stored(visit):
    row = IntakeAnswers.objects.get(appointment=visit)
    return encryption.decrypt(row.ciphertext, appointment=visit.uid)


def text_of(response):
    return response.content.decode()


def test_a_patient_fills_in_a_form_page_by_page_and_sends_it(client, visit):
    assert "Fill in the form" in text_of(client.get("/appointment/"))
    assert "We ask to prepare." in text_of(client.get(START))
    page = text_of(client.get("/appointment/form/1/"))
    assert "Page 1 of 2" in page
    assert page.count("To prepare.") == 3
    assert "0: No pain. 10: The strongest." in page
    assert post(client, visit, 1, intake.first_page())["Location"] == "/appointment/form/2/"
    assert "Finish the form" in text_of(client.get("/appointment/"))
    assert post(client, visit, 2, intake.second_page())["Location"] == REVIEW
    answers = text_of(client.get(REVIEW))
    assert "It hurts when I lift my &lt;daughter&gt;" in answers
    for words in ("7 out of 10", "Neck, Lower back", "A week", "Yes", "October 1, 2026"):
        assert words in answers
    assert client.post(REVIEW, {"reference": visit.reference})["Location"] == REVIEW
    assert "Thank you. We have your answers." in text_of(client.get(REVIEW))
    assert "See your answers" in text_of(client.get("/appointment/"))
    row = IntakeAnswers.objects.get()
    assert (row.state, row.submitted_at) == ("done", timezone.now())
    assert stored(visit) == intake.first_page() | intake.second_page() | {intake.key_of("How strong"): 7}


def test_opening_pages_stores_nothing(client, visit):
    for address in (START, "/appointment/form/1/", REVIEW, "/appointment/form/2/", "/appointment/form/99/"):
        client.get(address)
    assert not IntakeAnswers.objects.exists()


def test_pages_lead_to_the_first_that_is_missing(client, visit):
    assert client.get("/appointment/form/2/")["Location"] == "/appointment/form/1/"
    assert client.get(REVIEW)["Location"] == "/appointment/form/1/"
    assert client.get("/appointment/form/0/")["Location"] == "/appointment/form/1/"
    post(client, visit, 1, intake.first_page())
    assert client.get(REVIEW)["Location"] == "/appointment/form/2/"
    assert client.post(REVIEW, {"reference": visit.reference})["Location"] == "/appointment/form/2/"


def test_going_back_shows_what_was_saved_and_changes_it(client, visit):
    post(client, visit, 1, intake.first_page())
    page = client.get("/appointment/form/1/").context["form"]
    assert page.initial[intake.key_of("How strong")] == 7
    html = text_of(client.get("/appointment/form/1/"))
    assert html.count(" checked") == 3
    post(client, visit, 1, intake.first_page(**{intake.key_of("How strong"): "0"}))
    assert stored(visit)[intake.key_of("How strong")] == 0


def test_sent_answers_can_be_changed_until_the_visit(client, visit):
    intake.fill_in(visit)
    assert post(client, visit, 1, intake.first_page(**{intake.key_of("How strong"): "3"}))["Location"] == REVIEW
    assert IntakeAnswers.objects.get().state == "done"
    assert "3 out of 10" in text_of(client.get(REVIEW))


def test_once_the_visit_has_started_the_form_is_closed_with_a_sentence(client, visit):
    intake.fill_in(visit, is_sent=False)
    before = stored(visit)
    with time_machine.travel(visit.starts_at, tick=False):
        intake.open_link(client, visit)
        for response in (client.get(START), client.get(REVIEW), post(client, visit, 1, intake.first_page())):
            assert response.status_code == 410
            assert "Your appointment has started." in text_of(response)
            assert "daughter" not in text_of(response)
        assert "Finish the form" not in text_of(client.get("/appointment/"))
    assert stored(visit) == before


def test_a_form_that_was_never_begun_is_closed_after_the_visit(client, visit):
    Appointment.objects.update(status="fulfilled")
    response = client.get(START)
    assert response.status_code == 410
    assert "Your appointment has started." in text_of(response)


def test_a_cancellation_closes_the_form(client, visit, now):
    scheduling.cancel(appointment=visit, by=Actor.patient(), now=now)
    response = client.get(START)
    assert response.status_code == 410
    assert "This appointment is cancelled" in text_of(response)
    assert "form" not in text_of(client.get("/appointment/")).split("<main")[1].split("<form")[0].lower()


def test_the_form_opens_by_the_link_in_the_email_alone(client, visit):
    """Whoever sits at the browser that booked has not shown that the address is theirs."""
    intake.fill_in(visit)
    client.cookies.clear()
    client.get(f"/appointment/{tokens.page_token(visit)}/")
    for address in (START, "/appointment/form/1/", REVIEW):
        response = client.get(address)
        assert response.status_code == 403
        assert "daughter" not in text_of(response)
    page = text_of(client.get("/appointment/"))
    assert "See your answers" not in page
    assert "Open it with the link in our email." in page


def test_a_visit_without_a_form_has_none(client):
    visit = factories.make_appointment()
    intake.open_link(client, visit)
    assert client.get(START).status_code == 404
    assert "Your form" not in text_of(client.get("/appointment/"))


def test_without_a_session_the_form_is_not_found(client):
    intake.make_asked_visit()
    for address in (START, "/appointment/form/1/", REVIEW):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code in {404, 405}


def test_a_form_about_another_visit_is_a_conflict(client, visit):
    other = intake.make_asked_visit(visit.service.intake_form)
    assert post(client, other, 1, intake.first_page()).status_code == 409
    assert client.post(REVIEW, {}).status_code == 302  # Nothing is filled in yet.
    intake.fill_in(visit)
    assert client.post(REVIEW, {"reference": other.reference}).status_code == 409


def test_a_changed_form_does_not_lose_what_somebody_is_typing(client, visit):
    IntakeQuestion.objects.filter(label__startswith="Where").delete()
    versions.publish(visit.service.intake_form, now=timezone.now())
    values = {
        f"q{question['key'][1:]}": "x" if question["kind"] == "text" else []
        for question in versions.IntakeFormVersion.objects.get(number=1).questions[:3]
    }
    assert post(client, visit, 1, values).status_code == 302
    assert IntakeAnswers.objects.get().version.number == 1


class TestPagesThatAreOutOfDate:
    """Nothing typed is lost, and nothing is saved under other words than the page showed."""

    @pytest.fixture
    def old_keys(self, visit):
        """The names of the fields of version 1, whose answers are the visit's after version 2 was made."""
        keys = [intake.key_of(label) for label in ("What brings", "How strong", "Where")]
        IntakeQuestion.objects.filter(label__startswith="What brings").delete()
        IntakeQuestion.objects.filter(page=2).delete()
        IntakeQuestion.objects.filter(label__startswith="How strong").update(label="How weak is it?")
        newest = versions.publish(visit.service.intake_form, now=timezone.now())
        save_page(appointment=visit, version=newest, page=1, answers={keys[1]: 1}, seen="", now=timezone.now())
        return keys

    def test_a_page_of_an_earlier_version_is_shown_again_in_the_words_of_the_newer(self, client, visit, old_keys):
        response = post(client, visit, 1, dict(zip(old_keys, ["My <knee>", "7", ["neck"]], strict=True)), seen="")
        page = text_of(response)
        assert response.status_code == 409
        assert "The questions have changed since this page was shown." in page
        assert "How weak is it?" in page
        assert page.count(" checked") == 2
        assert "No longer asked on this page" in page
        assert "My &lt;knee&gt;" in page
        assert stored(visit) == {old_keys[1]: 1}
        hidden = {name: response.context["form"][name].value() for name in ("shown", "seen")}
        assert post(client, visit, 1, {old_keys[1]: "7"}, **hidden)["Location"] == REVIEW
        assert stored(visit)[old_keys[1]] == 7

    @pytest.mark.parametrize("shown", ["1", "", "9", "0", "9" * 30, "\x00"])
    @pytest.mark.parametrize("number", [0, 1, 2, 9, 10**20])
    def test_no_page_of_another_version_is_saved_or_fails(self, client, visit, old_keys, shown, number):
        typed = dict(zip(old_keys, ["a\x00b", "77", ["tail"]], strict=True))
        response = post(client, visit, number, typed, shown=shown)
        assert response.status_code in {400, 409}
        assert stored(visit) == {old_keys[1]: 1}

    def test_a_page_of_the_earlier_version_that_has_no_page_now_keeps_its_words(self, client, visit):
        values = intake.second_page()
        IntakeQuestion.objects.filter(page=2).delete()
        newest = versions.publish(visit.service.intake_form, now=timezone.now())
        save_page(appointment=visit, version=newest, page=1, answers={}, seen="", now=timezone.now())
        response = post(client, visit, 2, values)
        assert response.status_code == 409
        assert "October 1, 2026" in text_of(response)

    def test_what_another_tab_saved_is_not_written_over_unasked(self, client, visit):
        seen = stamp_of(intake.fill_in(visit))
        with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
            post(client, visit, 1, intake.first_page(**{intake.key_of("What brings"): "From the other tab"}))
            response = post(client, visit, 1, intake.first_page(), seen=seen)
            page = text_of(response)
            assert response.status_code == 409
            assert "These answers were changed on another page meanwhile. Check them and save again." in page
            assert "It hurts when I lift my &lt;daughter&gt;" in page
            assert stored(visit)[intake.key_of("What brings")] == "From the other tab"
            again = post(client, visit, 1, intake.first_page(), seen=response.context["form"]["seen"].value())
        assert again["Location"] == REVIEW
        assert stored(visit)[intake.key_of("What brings")] == intake.WORDS

    def test_answers_of_another_version_that_come_first_are_kept(self, client, visit, monkeypatch):
        """Two pages without answers so far, of two versions, are sent at once."""
        old, values = versions.newest_version(visit.service.intake_form), intake.first_page()
        IntakeQuestion.objects.update(why="Because.")
        newest = versions.publish(visit.service.intake_form, now=timezone.now())

        def save_second(**fields):
            monkeypatch.undo()
            save_page(**fields | {"version": newest, "answers": {}})
            return save_page(**fields)

        monkeypatch.setattr("booking.intake.answers.save_page", save_second)
        response = post(client, visit, 1, values, shown=str(old.number))
        assert response.status_code == 409
        assert "The questions have changed" in text_of(response)
        assert "It hurts when I lift my &lt;daughter&gt;" in text_of(response)
        assert IntakeAnswers.objects.get().version == newest


def test_an_area_that_is_sent_many_times_is_stored_once(client, visit):
    post(client, visit, 1, intake.first_page(**{intake.key_of("Where"): ["neck", "lower_back", *["neck"] * 50]}))
    assert stored(visit)[intake.key_of("Where")] == ["neck", "lower_back"]


@pytest.mark.parametrize("shown", ["", "9", "0", "-1", "1.0", "٣", "9" * 30, "\x00", "1' or 1"])
def test_an_unknown_version_counts_as_the_newest(client, visit, shown):
    response = post(client, visit, 1, intake.first_page(), shown=shown)
    assert response.status_code in {302, 400, 422}
    assert IntakeAnswers.objects.filter(version__number=1).count() == (response.status_code == 302)


HOSTILE = {
    "nothing": {"What brings": ""},
    "NUL": {"What brings": "a\x00b"},
    "giant words": {"What brings": "x" * 2001},
    "an override": {"What brings": "abc\u202edef"},
    "a number too high": {"How strong": "11"},
    "another script's number": {"How strong": "٣"},
    "a giant number": {"How strong": "9" * 400},
    "an unknown area": {"Where": ["neck", "tail"]},
    "two numbers": {"How strong": ["1", "2"]},
    "two texts": {"What brings": ["a", "b"]},
}


@pytest.mark.parametrize("values", HOSTILE.values(), ids=HOSTILE)
def test_hostile_answers_are_refused_and_store_nothing(client, visit, values):
    typed = {intake.key_of(label): value for label, value in values.items()}
    response = post(client, visit, 1, intake.first_page(**typed))
    assert response.status_code in {400, 422}
    assert not IntakeAnswers.objects.exists()


def test_a_lone_surrogate_is_refused_and_stores_nothing(client, visit):
    body = f"reference={visit.reference}&shown=1&{intake.key_of('What brings')}=a%ED%A0%80b"
    response = client.post("/appointment/form/1/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in {400, 422}
    assert not IntakeAnswers.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"How long": "Ten years"},
        {"Have you": "perhaps"},
        {"When": "01/02/2026"},
        {"When": "2026-02-30"},
        {"When": "0000-00-00"},
        {"When": "1899-12-31"},
        {"When": "20261001"},
        {"When": "٢٠٢٦-٠١-٠١"},
    ],
)
def test_answers_that_are_none_of_the_choices_are_refused(client, visit, values):
    post(client, visit, 1, intake.first_page())
    before = stored(visit)
    typed = intake.second_page() | {intake.key_of(label): value for label, value in values.items()}
    response = post(client, visit, 2, typed)
    assert response.status_code == 422
    assert "There is a problem" in text_of(response)
    assert stored(visit) == before


def test_what_was_typed_stays_when_something_else_is_wrong(client, visit):
    response = post(client, visit, 1, intake.first_page(**{intake.key_of("How strong"): "11"}))
    assert "It hurts when I lift my &lt;daughter&gt;" in text_of(response)
    assert text_of(response).count(" checked") == 2


def test_words_are_cleaned_of_what_copying_leaves_behind(client, visit):
    post(
        client,
        visit,
        1,
        intake.first_page(**{intake.key_of("What brings"): " My\u00ad back\u200b\r\n\r\n\r\n\r\nhurts "}),
    )
    assert stored(visit)[intake.key_of("What brings")] == "My back\n\nhurts"


def test_optional_questions_may_be_left_out(client, visit):
    post(client, visit, 1, {intake.key_of("What brings"): "Pain"})
    assert post(client, visit, 2, {})["Location"] == REVIEW
    assert text_of(client.get(REVIEW)).count("No answer") == 5


def test_words_that_staff_write_are_text_on_the_page(client, visit):
    IntakeQuestion.objects.filter(label__startswith="What").update(label="<b>Bold?</b>", why="<script>x</script>")
    versions.publish(visit.service.intake_form, now=timezone.now())
    page = text_of(client.get("/appointment/form/1/"))
    assert "&lt;b&gt;Bold?&lt;/b&gt;" in page
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert "<script>x" not in page


def test_pages_are_private(client, visit):
    intake.fill_in(visit)
    for address in (START, "/appointment/form/1/", REVIEW):
        response = client.get(address)
        assert response["Cache-Control"] == "no-store"
        assert response["X-Robots-Tag"] == "noindex"
        assert response["Referrer-Policy"] == "same-origin"


def test_saving_pages_is_rate_limited_and_mistakes_are_not_counted(client, visit, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"form": (1, timedelta(hours=1))}
    post(client, visit, 1, {})
    assert post(client, visit, 1, intake.first_page()).status_code == 302
    response = post(client, visit, 2, intake.second_page())
    assert response.status_code == 429
    assert "A week" in text_of(response)


def test_a_lost_key_shows_a_sentence_and_keeps_the_answers(client, visit, settings):
    intake.fill_in(visit)
    before = IntakeAnswers.objects.get().ciphertext
    settings.FORMS_KEYS = []
    for response in (client.get(REVIEW), post(client, visit, 1, intake.first_page())):
        assert response.status_code == 503
        assert "This is our fault" in text_of(response)
    assert IntakeAnswers.objects.get().ciphertext == before


def test_a_renewed_link_ends_the_form_of_the_old_one(client, visit):
    Appointment.objects.update(link_generation=2)
    assert post(client, visit, 1, intake.first_page()).status_code == 404
    assert not IntakeAnswers.objects.exists()


def test_the_page_after_booking_says_that_there_is_a_form(client):
    clinic = journey.make_small_clinic()
    clinic.assessment.intake_form = intake.make_form()
    clinic.assessment.save()
    journey.book(client)
    assert "There's a short form to fill in before you come." in text_of(client.get("/book/done/"))
