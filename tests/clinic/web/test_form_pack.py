"""The crispy-forms template pack: labels, hints, errors and the error summary."""

import re
from html.parser import HTMLParser

import pytest
from crispy_forms import layout
from crispy_forms.helper import FormHelper
from crispy_forms.utils import render_crispy_form
from django import forms
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from clinic.templatetags.form_pack import first_input_id

CHOICES = [("a", "Apples"), ("b", "Berries")]
GROUPED = [("Fruit", [("a", "Apples")]), ("Roots", [("c", "Carrots")])]


class EveryWidgetForm(forms.Form):
    """One field for every widget that the site's forms may use."""

    text = forms.CharField(help_text="In <strong>full</strong>.")
    password = forms.CharField(widget=forms.PasswordInput)
    email = forms.EmailField()
    number = forms.IntegerField()
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    clock = forms.TimeField()
    area = forms.CharField(widget=forms.Textarea)
    select = forms.ChoiceField(choices=CHOICES)
    several = forms.MultipleChoiceField(choices=CHOICES)
    radio = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, help_text="Choose one.")
    grouped = forms.ChoiceField(choices=GROUPED, widget=forms.RadioSelect)
    boxes = forms.MultipleChoiceField(choices=CHOICES, widget=forms.CheckboxSelectMultiple)
    tick = forms.BooleanField(label="I have read this", help_text="It is short.")
    file = forms.FileField()
    parts = forms.SplitDateTimeField()
    date_parts = forms.DateField(widget=forms.SelectDateWidget(years=[2026]))
    extra = forms.CharField(required=False, label="Anything else")
    secret = forms.CharField(widget=forms.HiddenInput)

    def clean(self):
        raise ValidationError("These answers do not go together.")


class PageParser(HTMLParser):
    """Collect the elements of a page; fail on duplicate attributes or ids."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)
        ids = [attrs["id"] for _, attrs in self.elements if "id" in attrs]
        assert len(ids) == len(set(ids)), f"repeated ids: {sorted({i for i in ids if ids.count(i) > 1})}"
        self.ids = set(ids)

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"a repeated attribute in <{tag}>: {names}"
        assert not {"style", "onclick", "onchange"} & set(names)
        self.elements.append((tag, dict(attrs)))

    def all(self, *tags):
        return [attrs for tag, attrs in self.elements if tag in tags]


def crispy(form):
    return Template("{% load crispy_forms_filters %}{{ form|crispy }}").render(Context({"form": form}))


def normalized(html):
    """Normalize line breaks and indentation."""
    return " ".join(html.split())


@pytest.fixture(params=["unbound", "in error"])
def form(request):
    return EveryWidgetForm() if request.param == "unbound" else EveryWidgetForm({}, {})


def test_every_input_has_a_label_or_a_named_group(form):
    page = PageParser(crispy(form))
    labelled = {attrs["for"] for attrs in page.all("label")}
    visible = [attrs for attrs in page.all("input", "select", "textarea") if attrs.get("type") != "hidden"]
    in_groups = ("id_parts_", "id_date_parts_")
    assert [a["id"] for a in visible if a["id"] not in labelled and not a["id"].startswith(in_groups)] == []
    # Radios, grouped radios, checkboxes, and the two split date fields.
    assert crispy(form).count("<legend") == 5


def test_every_label_and_description_refers_to_an_existing_id(form):
    page = PageParser(crispy(form))
    for _, attrs in page.elements:
        for name in ("for", "aria-describedby", "aria-labelledby"):
            for target in (attrs.get(name) or "").split():
                assert target in page.ids, f"{name}={target}"


def test_a_hint_is_read_with_its_input_and_may_hold_markup():
    html = crispy(EveryWidgetForm())
    assert '<p class="hint" id="id_text_helptext">In <strong>full</strong>.</p>' in html
    text = next(attrs for attrs in PageParser(html).all("input") if attrs["id"] == "id_text")
    assert text["aria-describedby"] == "id_text_helptext"


def test_an_error_is_read_with_its_input_and_begins_with_the_word():
    html = crispy(EveryWidgetForm({}))
    expected = '<p class="error-message" id="id_text_error"> <span class="visually-hidden">Error: </span>'
    assert expected in normalized(html)
    text = next(attrs for attrs in PageParser(html).all("input") if attrs["id"] == "id_text")
    assert (text["aria-invalid"], text["aria-describedby"]) == ("true", "id_text_helptext id_text_error")


def test_the_error_of_a_group_is_read_with_the_group():
    page = PageParser(crispy(EveryWidgetForm({})))
    group = next(attrs for attrs in page.all("fieldset") if attrs["id"] == "div_id_radio")
    assert group["aria-describedby"] == "id_radio_helptext id_radio_error"
    assert "field--error" in group["class"]


def test_an_unbound_form_shows_no_trace_of_errors():
    html = crispy(EveryWidgetForm())
    assert "error" not in html
    assert 'aria-invalid="true"' not in html


def test_only_optional_fields_are_marked_and_never_checkboxes():
    html = crispy(EveryWidgetForm())
    assert html.count("(optional)") == 1
    assert 'for="id_extra">Anything else <span class="field__optional">(optional)</span></label>' in html
    assert "*" not in re.sub(r"<[^>]+>", "", html)


def test_entered_values_are_shown_again():
    form = EveryWidgetForm({"text": 'Zoë "Z" O’Neil <b>', "radio": "b", "boxes": ["a"], "select": "b", "tick": "on"})
    page = PageParser(crispy(form))
    inputs = {attrs["id"]: attrs for attrs in page.all("input")}
    assert inputs["id_text"]["value"] == 'Zoë "Z" O’Neil <b>'
    assert [name for name, attrs in inputs.items() if "checked" in attrs] == ["id_radio_1", "id_boxes_0", "id_tick"]
    assert [attrs["value"] for attrs in page.all("option") if "selected" in attrs] == ["b"]


def test_labels_hints_and_errors_are_escaped():
    class HostileForm(forms.Form):
        name = forms.CharField(label="<script>label</script>")

        def clean_name(self):
            raise ValidationError("<script>error</script>")

    assert "<script>" not in crispy(HostileForm({"name": "x"}))


def test_groups_of_choices_are_named():
    html = crispy(EveryWidgetForm())
    assert '<div class="choices__group" role="group" aria-labelledby="id_grouped_group_0">' in html
    assert '<p class="choices__heading" id="id_grouped_group_1">Roots</p>' in html


def test_hidden_fields_are_bare_inputs():
    assert '<input type="hidden" name="secret" id="id_secret">' in crispy(EveryWidgetForm())


def test_non_field_errors_come_first():
    html = crispy(EveryWidgetForm({}))
    assert html.index("These answers do not go together.") < html.index('id="div_id_text"')


def test_the_error_summary_links_every_error_to_an_existing_input_and_is_focused():
    form = EveryWidgetForm({}, {})
    html = render_to_string("includes/_error_summary.html", {"form": form})
    inputs = PageParser(crispy(form)).ids
    links = [attrs["href"] for attrs in PageParser(html).all("a")]
    assert len(links) == len(list(form.visible_fields())) - 1  # all but the optional field
    assert [link for link in links if link.removeprefix("#") not in inputs] == []
    summary = PageParser(html).all("section")[0]
    assert ("autofocus" in summary, summary["tabindex"]) == (True, "-1")
    assert "<li>These answers do not go together.</li>" in html
    assert "<li>This field is required.</li>" in html  # the hidden field's error, without a link


@pytest.mark.parametrize("form", [EveryWidgetForm(), None], ids=["unbound", "no form"])
def test_without_errors_there_is_no_summary(form):
    assert render_to_string("includes/_error_summary.html", {"form": form}).strip() == ""


@pytest.mark.parametrize(
    ("field", "target"),
    [
        ("text", "id_text"),
        ("select", "id_select"),
        ("several", "id_several"),
        ("radio", "id_radio_0"),
        ("boxes", "id_boxes_0"),
        ("parts", "id_parts_0"),
        ("date_parts", "id_date_parts_month"),  # the month comes first in our date format
    ],
)
def test_an_error_links_to_the_first_input_of_its_field(field, target):
    assert first_input_id(EveryWidgetForm()[field]) == target


def render_layout(*fields, data=None, **options):
    form = EveryWidgetForm(data)
    form.helper = FormHelper()
    form.helper.layout = layout.Layout(*fields)
    for name, value in options.items():
        setattr(form.helper, name, value)
    return render_crispy_form(form, context={"csrf_token": "token"})


def test_a_whole_form_has_a_csrf_token_and_no_browser_validation():
    html = render_layout("text", form_action="/somewhere/", form_class="form")
    assert '<form action="/somewhere/" class="form" method="post" novalidate' in html
    assert 'name="csrfmiddlewaretoken" value="token"' in html


def test_a_get_form_has_no_csrf_token():
    assert "csrfmiddlewaretoken" not in render_layout("text", form_method="get")


def test_a_form_with_a_file_field_is_multipart():
    form = EveryWidgetForm()
    assert 'enctype="multipart/form-data"' in render_crispy_form(form, FormHelper(form))


def test_a_form_below_an_error_summary_does_not_repeat_non_field_errors():
    assert "do not go together" in render_layout("text", data={})
    assert "do not go together" not in render_layout("text", data={}, summary_above=True)


def test_fieldsets_and_divisions_of_a_layout_are_rendered():
    html = render_layout(
        layout.Fieldset("About you", "text", css_id="about"),
        layout.Div(layout.Field("extra", placeholder="Maybe"), css_class="stack"),
    )
    assert '<fieldset id="about" class="form-part">' in normalized(html)
    assert '<legend class="form-part__legend">About you</legend>' in html
    assert '<div class="stack">' in normalized(html)
    assert 'placeholder="Maybe"' in html


def test_the_style_guide_shows_the_forms(client, db):
    response = client.get("/styleguide/")
    assert response.status_code == 200
    PageParser(response.content.decode())


def test_the_style_guide_of_a_public_site_is_for_staff_only(settings, db, django_user_model):
    from django.http import Http404

    from clinic.web.styleguide import styleguide

    settings.IS_LOCAL = False
    request = RequestFactory().get("/styleguide/")
    request.user = django_user_model(is_staff=False)
    with pytest.raises(Http404):
        styleguide(request)
    request.user = django_user_model(is_staff=True)
    assert styleguide(request).status_code == 200
