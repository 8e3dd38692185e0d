import django.db.models.deletion
from django.db import migrations, models

RENAMED = {"FormerAddress": "SlugRedirect", "PageAnswers": "PageFeedback"}


def leads_to(model):
    return models.ForeignKey(
        model, django.db.models.deletion.SET_NULL, null=True, related_name="slug_redirects"
    )


class Migration(migrations.Migration):
    """Models get the names of the glossary. Their tables keep theirs, so that old code runs beside new."""

    dependencies = [("content", "0012_find_what_is_live"), ("booking", "0017_rename_models")]

    operations = [
        operation
        for old, new in RENAMED.items()
        for operation in (
            migrations.AlterModelTable(old, f"content_{old.lower()}"),
            migrations.RenameModel(old, new),
        )
    ] + [
        migrations.AlterField("slugredirect", "page", leads_to("content.page")),
        migrations.AlterField("slugredirect", "practitioner", leads_to("booking.practitioner")),
        migrations.AlterField("slugredirect", "service", leads_to("booking.service")),
        migrations.AlterField(
            "pagefeedback",
            "page",
            models.ForeignKey("content.page", django.db.models.deletion.CASCADE, related_name="feedback"),
        ),
    ]
