"""/desk/privacy/retention/: how long each kind of data is kept."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.privacy.retention import PERIODS, current_periods, save_periods
from booking.scheduling import Actor
from booking.staff.access import desk_page, shows_no_times, staff_page


class RetentionForm(forms.Form):
    """One number for each period, or none. Proposals stand beside the fields and fill none."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for period in PERIODS:
            self.fields[period.name] = forms.IntegerField(
                label=period.label,
                required=False,
                min_value=period.lowest,
                max_value=period.highest,
                show_hidden_initial=True,
                help_text=format_lazy("{} {} {}", period.proposed, _("If left empty,"), period.without),
                error_messages={
                    "invalid": _("Enter a whole number, or leave it empty."),
                    "min_value": _("Enter %(limit_value)s or more, or leave it empty."),
                    "max_value": _("Enter %(limit_value)s or less, or leave it empty."),
                },
                widget=forms.NumberInput(attrs={"class": "input--number"}),
            )


@staff_page("booking.change_retentionperiods")
@shows_no_times
def retention(request: HttpRequest) -> HttpResponse:
    stored = current_periods()
    initial = {period.name: getattr(stored, period.name) for period in PERIODS}
    form = RetentionForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        has_changed = save_periods(values, by=Actor.staff(request.user))
        messages.success(request, gettext("Saved.") if has_changed else gettext("Nothing changed."))
        return redirect("desk:retention")
    context = {"section": "privacy", "form": form}
    return desk_page(request, "desk/privacy/retention.html", context, status=422 if form.errors else 200)
