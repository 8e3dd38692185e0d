"""The form field that chooses a picture: a list of titles, which a script turns into a picture and a button."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from content.fields.rows import EDITOR_STYLES
from content.models import Picture


class PictureSelect(forms.Select):
    """A select of titles. static/js/page_editor/pictures.js shows the picture and opens the chooser."""

    template_name = "admin/content/picture/select.html"

    class Media:
        css = {"all": EDITOR_STYLES}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["chooser"] = reverse("admin:content_picture_choose")
        context["states"] = reverse("admin:content_picture_states")
        return context


class PictureFieldsMixin:
    """For a ModelAdmin or inline: foreign keys to pictures get the chooser. One query gets the titles for a page."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is not Picture:
            return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
        field = db_field.formfield(queryset=Picture.objects.all(), widget=PictureSelect, **kwargs)
        field.choices = [("", _("No picture")), *_titles(request)]
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the buttons that Django puts beside a foreign key: the chooser adds and changes pictures."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper) and isinstance(widget.widget, PictureSelect):
            field.widget = widget.widget
        return field


def _titles(request: HttpRequest) -> list[tuple[int, str]]:
    """Return the id and title of every picture, once for a request."""
    if not hasattr(request, "picture_titles"):
        request.picture_titles = list(  # type: ignore[attr-defined]
            Picture.objects.order_by("title").values_list("pk", "title")
        )
    return request.picture_titles  # type: ignore[attr-defined, no-any-return]


class PictureWordsMixin:
    """For a ModelForm: a newly chosen picture brings its own description, where the place has none."""

    picture_fields = ("picture", "alt", "is_decorative")

    def clean(self) -> Any:
        data = super().clean() or self.cleaned_data  # type: ignore[misc, attr-defined]
        picture_name, alt_name, decorative_name = self.picture_fields
        picture = data.get(picture_name)
        is_new = picture and picture_name in self.changed_data  # type: ignore[attr-defined]
        if is_new and not data.get(alt_name) and not data.get(decorative_name):
            data |= {alt_name: picture.alt, decorative_name: picture.is_decorative}
        return data


class PlacedPictureForm(PictureWordsMixin, forms.ModelForm):
    """A picture in the page."""
