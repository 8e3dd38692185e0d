"""/desk/me/page/: the draft of one's own part of the team page."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Field
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from booking.forms.fields import LineField, ParagraphsField, PictureField
from booking.models import PractitionerDraft
from booking.staff.access import desk_page, own_practitioner, staff_page
from booking.staff.page_drafts import draft_of, save_draft

_FIELDS: dict[str, type[forms.Field]] = {
    "CharField": LineField,
    "TextField": ParagraphsField,
    "FileField": PictureField,
}


def _form_field(field: Field, **kwargs: Any) -> forms.Field | None:
    return field.formfield(**kwargs | {"form_class": _FIELDS[field.get_internal_type()]})


class OwnPageForm(forms.ModelForm):
    class Meta:
        formfield_callback = _form_field
        model = PractitionerDraft
        fields = PractitionerDraft.FIELDS
        labels = {"summary": _("In one sentence"), "bio": _("About you"), "photo": _("Photo")}
        help_texts = {"photo": _("A JPEG, PNG or WebP picture, up to 15 MB.")}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(own="booking.change_own_page")
def own_page(request: HttpRequest) -> HttpResponse:
    """Show the form; on POST save the draft, and send it to the office if that button was pressed."""
    person = own_practitioner(request)
    assert person is not None
    draft = draft_of(person)
    form = OwnPageForm(instance=draft)
    if request.method == "POST":
        form = OwnPageForm(request.POST, request.FILES, instance=draft)
    if form.is_valid():
        is_sent = "send" in request.POST
        save_draft(form.save(commit=False), is_sent=is_sent, by=request.user, now=timezone.now())
        sent = gettext("Sent. The office will look at it and publish it.")
        messages.success(request, sent if is_sent else gettext("Saved. Only you and the office see it so far."))
        return redirect("desk:me")
    context = {"section": "me", "person": person, "draft": draft, "form": form}
    return desk_page(request, "desk/my_day/own_page.html", context, status=422 if form.errors else 200)
