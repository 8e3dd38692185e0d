from django.db import migrations, models

RENAMED = {
    "Allowance": "RateLimitBucket",
    "OpeningException": "SpecialHours",
    "ShownVersion": "ContentVersion",
    "WorkerStep": "TaskRun",
}


class Migration(migrations.Migration):
    """Models get the names of the glossary. Their tables keep theirs, so that old code runs beside new."""

    dependencies = [("booking", "0016_sample_fingerprints")]

    operations = [
        operation
        for old, new in RENAMED.items()
        for operation in (
            migrations.AlterModelTable(old, f"booking_{old.lower()}"),
            migrations.RenameModel(old, new),
        )
    ] + [
        migrations.AlterField(
            "specialhours",
            "location",
            models.ForeignKey("booking.location", models.CASCADE, related_name="special_hours"),
        ),
    ]
