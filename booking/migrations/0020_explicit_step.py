"""The default step becomes 15 minutes. Existing services keep the step that an empty field meant.

It stays empty where practitioners' lengths differ, because it meant another step for each of them; and for visits of
less than 5 minutes, the shortest step.
"""

from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def write_implicit_step(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    offers = apps.get_model("booking", "PractitionerService").objects.using(alias)
    services = apps.get_model("booking", "Service").objects.using(alias)
    differ = offers.filter(own_duration__isnull=False).exclude(own_duration=F("service__duration"))
    with_one_length = services.exclude(pk__in=list(differ.values_list("service", flat=True)))
    with_one_length.filter(step__isnull=True, duration__gte=timedelta(minutes=5)).update(step=F("duration"))


class Migration(migrations.Migration):
    dependencies = [("booking", "0019_practitioner_travel_time")]

    operations = [
        migrations.AlterField(
            model_name="service",
            name="step",
            field=models.DurationField(
                blank=True,
                default=timedelta(minutes=15),
                help_text="How far apart the offered times are. Empty: as long as the visit.",
                null=True,
            ),
        ),
        migrations.RunPython(write_implicit_step, migrations.RunPython.noop, elidable=True),
    ]
