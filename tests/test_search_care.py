"""Whoever searches in danger is told whom to call, above everything that was found."""

import pytest

from booking.sample import EMERGENCY_SIGNS
from content.models import CareCard
from content.search.care import care_for
from tests import make
from tests.make_content import make_page, make_revision

CARDS = [
    {"call": "911", "heading": "Call 911 if you have:", "signs": [*EMERGENCY_SIGNS, "sudden chest pain"]},
    {"call": "811", "heading": "Call 811 if:", "signs": ["a treated spot is hot, swollen or weeping"]},
]
TITLES = ["dry", "needling", "for", "back", "pain", "bladder", "bowel", "pelvis", "knee", "assessment", "muscles"]


def level(question):
    care = care_for(question, CARDS, TITLES)
    return care.level if care else ""


@pytest.mark.parametrize(
    "question",
    [
        "numb groin", "numbness", "my groin feels numb", "chest pain", "terrible chest pain what to do",
        "cannot pee, loss of bladder control", "weak legs", "back pain after crash", "back pain with fever", "fever",
        "911", "heart attack", "Stroke?", "I can't breathe", "trouble breathing", "short of breath", "overdose",
    ],
)  # fmt: skip
def test_a_sign_of_danger_leads_to_911(question):
    assert level(question) == "911"


@pytest.mark.parametrize(
    "question",
    [
        "back pain", "back", "pain", "bladder", "dry needling", "leg", "leg pain", "new patient", "knee pain", "fees",
        "sore muscles", "I hurt myself lifting", "parking", "one leg", "", "the", "serious runner", "bowel", "massage",
    ],
)  # fmt: skip
def test_an_ordinary_question_does_not(question):
    assert level(question) == ""


@pytest.mark.parametrize("question", ["hot swollen spot", "811", "can I talk to a nurse"])
def test_what_can_wait_a_little_leads_to_811(question):
    assert level(question) == "811"


@pytest.mark.parametrize(
    "question", ["suicide", "suicidal thoughts", "I want to die", "kill myself", "how to end my life", "self-harm"]
)
def test_a_crisis_leads_to_somebody_to_talk_to(question):
    assert level(question) == "crisis"


def card_on(client, question):
    page = client.get("/search/", {"q": question}).content.decode()
    return page.split("care-card--")[1].split('"')[0] if "care-card--" in page else ""


@pytest.mark.django_db
def test_the_signs_are_those_the_clinic_lists_and_of_published_care_cards(client):
    clinic = make.make_clinic(emergency_signs="A purple toe")
    page = make_page()
    card = CareCard.objects.create(
        parent=page, region="main", heading="Call 911 if", items=[{"text": "glowing ears"}, {"text": "loud knees"}]
    )
    assert [card_on(client, words) for words in ("purple toe", "glowing ears")] == ["911", ""]

    make_revision(page)
    assert card_on(client, "glowing ears") == "911"
    html = client.get("/search/?q=glowing+ears").content.decode()
    assert html.index("care-card--911") < html.index('class="result"')
    assert "loud knees" in html
    assert 'href="tel:911"' in html.split("care-card--911")[1].split("</section>")[0]

    make_revision(page, is_public=False)
    clinic.emergency_signs = ""
    clinic.save()
    assert [card_on(client, words) for words in ("purple toe", "glowing ears")] == ["", ""]
    assert card.pk


@pytest.mark.django_db
def test_a_crisis_has_its_numbers(client):
    page = client.get("/search/?q=i+want+to+die").content.decode()
    assert all(f'href="{link}"' in page for link in ("tel:988", "sms:988", "tel:811", "tel:911"))
    assert "No results" not in page
    assert "what hurts" not in page
