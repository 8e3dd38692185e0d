"""A new page in two steps: what it is, then the editor on the saved draft. UserAdmin adds users likewise."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from content import addresses
from content.models import Page, Snippet
from content.publishing.copy_draft import copy_draft

Kind = Page.Kind
LONGEST_SLUG = 80


def possible_kinds() -> list[tuple[str, str]]:
    """Return the kinds of which there may be another page, each with its label."""
    single = Page.objects.exclude(kind__in=[*Page.KINDS_WITH_SLUG, Kind.SNIPPET])
    taken = {*single.values_list("kind", flat=True), Kind.SNIPPET}
    kinds = [Kind.ORDINARY, Kind.TREATMENT, *(kind for kind in Kind if kind not in Page.KINDS_WITH_SLUG)]
    return [(kind.value, str(kind.label)) for kind in kinds if kind not in taken]


def possible_parents(page: Page | None = None) -> Any:
    """Return the pages that this one may be below: ordinary ones at the top."""
    pages = Page.objects.ordinary().filter(parent=None).order_by("title")
    return pages.exclude(pk=page.pk) if page and page.pk else pages


def free_slug(title: str, *, kind: str, parent: Page | None) -> str:
    """Propose an address from a title: the first that is neither taken nor the site's own, with a number if need be."""
    stem = slugify(title)[: LONGEST_SLUG - 4].strip("-") or "page"
    near = Page.objects.filter(kind=kind, parent=parent, slug__startswith=stem)
    taken, number, slug = set(near.values_list("slug", flat=True)), 2, stem
    is_at_the_top = kind == Kind.ORDINARY and parent is None
    while slug in taken or (is_at_the_top and addresses.is_reserved(slug)):
        slug, number = f"{stem}-{number}", number + 1
    return slug


class NewPageForm(forms.ModelForm):
    kind = forms.ChoiceField(
        label=_("What kind of page?"),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("There's already a page of this kind. Edit that one.")},
    )
    copy_of = forms.ModelChoiceField(
        Page.objects.filter(kind__in=Page.KINDS_WITH_SLUG).order_by("kind", "title"),
        required=False,
        label=_("Start from"),
        empty_label=_("An empty page"),
        help_text=_("Copies the draft of another page of the same kind, without its review."),
    )

    class Meta:
        model = Page
        fields: ClassVar = ["kind", "title", "parent", "slug"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = possible_kinds()
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.initial["kind"] = self.initial.get("kind") if self.initial.get("kind") in dict(kinds) else kinds[0][0]
        parent: Any = self.fields["parent"]
        parent.queryset, parent.empty_label = possible_parents(), gettext("No page: it stands at the top")
        parent.help_text = gettext("For ordinary pages. Its address then starts with that page's address.")
        self.fields["slug"].help_text = gettext("Leave it empty and we'll make one from the title.")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        kind, title = data.get("kind", ""), data.get("title", "")
        if kind != Kind.ORDINARY:
            data["parent"] = None
        if kind not in Page.KINDS_WITH_SLUG:
            data["slug"] = ""
        elif title and data.get("slug", "") in {"", slugify(title)} and not self.has_error("slug"):
            data["slug"] = free_slug(title, kind=kind, parent=data.get("parent"))
        source = data.get("copy_of")
        if source is not None and source.kind != kind:
            self.add_error("copy_of", gettext("Choose a page of the same kind."))
        return data


class NewSnippetForm(forms.ModelForm):
    class Meta:
        model = Snippet
        fields: ClassVar = ["title"]

    def clean(self) -> Any:
        self.instance.kind = Kind.SNIPPET
        return super().clean()


class NewDraftMixin:
    """For a DraftAdmin: the add page asks for the fields of ``add_form`` alone, and leads to the editor."""

    add_form: type[forms.ModelForm]
    add_fieldsets: ClassVar[Any]
    add_form_template: Any = "admin/content/page/add_form.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs = {"form": self.add_form} | kwargs
        return super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.add_fieldsets if obj is None else super().get_fieldsets(request, obj)  # type: ignore[misc]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if obj is None else super().get_readonly_fields(request, obj)  # type: ignore[misc]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [] if obj is None else super().get_inlines(request, obj)  # type: ignore[misc]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> Any:
        if kwargs.get("obj") is not None:
            return super().render_change_form(request, context, **kwargs)  # type: ignore[misc]
        context["title"] = gettext("New page") if self.add_form is NewPageForm else gettext("New snippet")
        return admin.ModelAdmin.render_change_form(self, request, context, **kwargs)  # type: ignore[arg-type]

    def save_model(self, request: HttpRequest, obj: Page, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        source = None if change else form.cleaned_data.get("copy_of")
        if source is not None:
            copy_draft(source, into=obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, gettext("Your draft is saved. No one else sees it until it's published."))
        return HttpResponseRedirect(self.address("change", obj))  # type: ignore[attr-defined]
