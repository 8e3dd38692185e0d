"""Which column of the file holds what: the form of that step, with a guess from the names of the columns."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from booking.text_cleaning import normalize_for_search

# Fields, their labels, and names of columns in exports of other programs, as normalize_for_search() writes them.
TARGETS: dict[str, tuple[Any, set[str]]] = {
    "name": (_("Full name"), {"name", "full name", "patient", "patient name", "client", "client name"}),
    "first_name": (_("First name"), {"first name", "firstname", "given name", "given names", "first", "prenom"}),
    "last_name": (_("Last name"), {"last name", "lastname", "surname", "family name", "last", "nom"}),
    "preferred_name": (_("Preferred name"), {"preferred name", "nickname", "preferred first name", "goes by"}),
    "pronouns": (_("Pronouns"), {"pronouns"}),
    "phone": (
        _("Phone"),
        {"phone", "phone number", "mobile", "mobile phone", "cell", "cell phone", "telephone", "home phone"},
    ),
    "email": (_("Email"), {"email", "e mail", "email address", "courriel"}),
    "date_of_birth": (_("Date of birth"), {"date of birth", "birth date", "birthdate", "dob", "birthday", "born"}),
    "contact_name": (
        _("Who we write to, if it isn’t the patient"),
        {"contact name", "guardian", "parent", "parent or guardian"},
    ),
}
DATE_ORDERS = [
    ("ymd", gettext_lazy("year, month, day: 1980-11-24")),
    ("mdy", gettext_lazy("month, day, year: 11/24/1980")),
    ("dmy", gettext_lazy("day, month, year: 24/11/1980")),
]


class ColumnsForm(forms.Form):
    """``header``: the names of the file's columns."""

    def __init__(self, data: Any = None, *, header: list[str]) -> None:
        super().__init__(data, initial=guess_columns(header), prefix="column")
        choices = [("", gettext("Not in the file"))]
        choices += [(str(index), name.strip()[:60] or _letter(index)) for index, name in enumerate(header)]
        for target, (label, _names) in TARGETS.items():
            self.fields[target] = forms.ChoiceField(label=label, choices=choices, required=False)
        self.fields["dates"] = forms.ChoiceField(
            label=gettext("How are dates written?"), choices=DATE_ORDERS, required=False
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        has_names = cleaned.get("first_name") and cleaned.get("last_name")
        if not self.errors and not cleaned.get("name") and not has_names:
            self.add_error("name", gettext("Choose the column of the full name, or those of the first and last name."))
        if not self.errors and not cleaned.get("phone"):
            self.add_error("phone", gettext("Choose the column of the phone number."))
        return cleaned

    @property
    def columns(self) -> dict[str, int]:
        """The index of each target's column, of those that are in the file."""
        return {target: int(self.cleaned_data[target]) for target in TARGETS if self.cleaned_data[target]}

    @property
    def date_order(self) -> str:
        return self.cleaned_data["dates"] or DATE_ORDERS[0][0]


def guess_columns(header: list[str]) -> dict[str, str]:
    """The first column whose name is usual for each target."""
    names = [normalize_for_search(name) for name in header]
    found = {}
    for target, (_label, usual) in TARGETS.items():
        index = next((index for index, name in enumerate(names) if name in usual), None)
        if index is not None:
            found[target] = str(index)
    return found


def _letter(index: int) -> str:
    """Column A, B, … for a column without a name."""
    first, second = divmod(index, 26)
    letters = (chr(64 + first) if first else "") + chr(65 + second)
    return gettext("Column %(letter)s") % {"letter": letters}
