"""One page of a health form, built from the questions of its version."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from crispy_forms.layout import Field as LayoutField
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.antispam import PageHelper, SingleValueForm
from booking.forms.fields import LineField, ParagraphsField
from booking.intake.questions import BODY_AREAS, AskedQuestion
from booking.models import IntakeQuestion

Kind = IntakeQuestion.Kind
LONGEST_ANSWER = 2000
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)

_CHOOSE = _("Choose one of the answers shown.")


class AnsweredDateField(LineField):
    """A date as ``<input type=date>`` sends it. Cleans to its text."""

    MESSAGE = _("Enter the date as year, month and day, such as 2026-11-24.")

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"type": "date", "min": EARLIEST.isoformat(), "max": LATEST.isoformat()}
        super().__init__(widget=forms.DateInput(attrs=attrs), max_length=10, **kwargs)
        self.error_messages["max_length"] = self.MESSAGE
        self.widget.attrs.pop("maxlength", None)  # Not valid on <input type=date>.

    def clean(self, value: Any) -> str:
        typed: str = super().clean(value)
        if not typed:
            return ""
        try:
            day = date.fromisoformat(typed) if typed.isascii() and typed[4:5] == "-" and typed[7:8] == "-" else None
        except ValueError:
            day = None
        if day is None or not EARLIEST <= day <= LATEST:
            raise ValidationError(self.MESSAGE, code="invalid")
        return day.isoformat()


class IntakePageForm(SingleValueForm):
    """The questions of one page. The hidden fields name what the page showed.

    ``reference`` is the appointment's, ``shown`` the number of the version, ``seen`` the stamp of the answers so far.
    """

    reference = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=12)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, *args: Any, questions: Sequence[AskedQuestion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = list(questions)
        for question in questions:
            self.fields[question.key] = _FIELDS[question.kind](question)
        self.multiple_value_fields = frozenset(
            question.key for question in questions if question.kind == Kind.BODY_AREA
        )
        self.helper = PageHelper()
        self.helper.layout = Layout("reference", "shown", "seen", *map(_placed, questions))

    @property
    def answers(self) -> Mapping[str, Any]:
        """The cleaned answers, by the question's key: text, a number, or a list of areas."""
        return {
            question.key: _stored(question, self.cleaned_data.get(question.key))
            for question in self.questions
            if question.key in self.cleaned_data
        }


def initial_of(questions: Sequence[AskedQuestion], answers: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of answers that were saved."""
    return {question.key: answers[question.key] for question in questions if question.key in answers}


def _stored(question: AskedQuestion, value: Any) -> Any:
    if question.kind == Kind.SCALE:
        return int(value) if value else None
    if question.kind == Kind.BODY_AREA:
        return list(dict.fromkeys(value))  # Each area once, however often it was sent.
    return value


def _placed(question: AskedQuestion) -> LayoutField | str:
    """The field's place in the layout, with a class for the kinds that look special."""
    names = {Kind.SCALE: "field--scale", Kind.BODY_AREA: "field--areas", Kind.TEXT: "field--words"}
    looks = names.get(Kind(question.kind))
    return LayoutField(question.key, wrapper_class=looks) if looks else question.key


def _basics(question: AskedQuestion) -> dict[str, Any]:
    required = gettext("Answer this question: %(label)s") % {"label": question.label}
    return {
        "label": question.label,
        "help_text": escape(_help(question)),  # The form pack marks it as safe.
        "required": question.is_required,
        "error_messages": {"required": required},
    }


def _help(question: AskedQuestion) -> str:
    """Why we ask; for a number, also what its ends mean."""
    if question.kind != Kind.SCALE or len(question.choices) != 2:
        return question.why
    ends = gettext("0: %(low)s. 10: %(high)s.") % {"low": question.choices[0], "high": question.choices[1]}
    return f"{question.why} {ends}"


def _text(question: AskedQuestion) -> forms.Field:
    field = ParagraphsField(max_length=LONGEST_ANSWER, **_basics(question))
    field.widget.attrs |= {"rows": 3, "autocomplete": "off"}
    return field


def _radios(question: AskedQuestion, choices: Sequence[tuple[str, Any]]) -> forms.Field:
    field = forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **_basics(question))
    field.error_messages["invalid_choice"] = _CHOOSE
    return field


def _choice(question: AskedQuestion) -> forms.Field:
    return _radios(question, [(choice, choice) for choice in question.choices])


def _yes_no(question: AskedQuestion) -> forms.Field:
    return _radios(question, [("yes", _("Yes")), ("no", _("No"))])


def _scale(question: AskedQuestion) -> forms.Field:
    return _radios(question, [(str(number), str(number)) for number in range(11)])


def _body_area(question: AskedQuestion) -> forms.Field:
    field = forms.MultipleChoiceField(
        choices=list(BODY_AREAS.items()), widget=forms.CheckboxSelectMultiple, **_basics(question)
    )
    field.error_messages["invalid_choice"] = _CHOOSE
    return field


def _date(question: AskedQuestion) -> forms.Field:
    return AnsweredDateField(**_basics(question))


_FIELDS: Mapping[str, Callable[[AskedQuestion], forms.Field]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.YES_NO: _yes_no,
    Kind.SCALE: _scale,
    Kind.BODY_AREA: _body_area,
    Kind.DATE: _date,
}
