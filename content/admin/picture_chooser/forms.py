"""Forms of the chooser: an upload, and the details of one picture."""

from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from booking.forms.fields import LineField, PictureField
from content.admin.picture_chooser.titles import title_of_file, unique_title
from content.models import Picture

ATTEMPTS = 3


class OneLineTextarea(forms.Textarea):
    """Several lines high, for one line: line breaks become spaces."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return " ".join(value.split()) if isinstance(value, str) else value


class PictureUploadForm(forms.ModelForm):
    """A picture file. Its title comes from the file's name."""

    class Meta:
        model = Picture
        fields = ["image"]
        field_classes = {"image": PictureField}
        widgets = {"image": forms.FileInput}
        help_texts = {"image": ""}
        error_messages = {"image": {"required": _("Choose a picture first.")}}

    def save(self, commit: bool = True) -> Picture:
        wanted = title_of_file(self.cleaned_data["image"].name)
        for attempt in range(ATTEMPTS):
            self.instance.title = unique_title(wanted)
            try:
                with transaction.atomic():
                    picture: Picture = super().save(commit)
                return picture
            except IntegrityError:  # Someone else took the title meanwhile.
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError


class PictureDetailsForm(forms.ModelForm):
    """What the library knows of a picture, but its file."""

    class Meta:
        model = Picture
        fields = ["title", "focal_x", "focal_y", "alt", "is_decorative", "credit", "subject"]
        field_classes = {"title": LineField, "alt": LineField, "credit": LineField}
        widgets = {"alt": OneLineTextarea(attrs={"rows": 3})}
        labels = {
            "title": _("Name"),
            "alt": _("What it shows, for people who can't see it"),
            "is_decorative": _("Only decoration, nothing to describe"),
        }
        help_texts = dict.fromkeys(fields, "")
        error_messages = {
            "title": {"unique": _("Another picture already has this name. Choose a different one.")},
        }
