"""Write the folded names that patients are found by. Going back leaves them: nothing reads them then."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from booking.models.patients import search_key_of


def fold_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("booking", "Patient").objects.using(schema_editor.connection.alias)
    for patient in rows.only("name", "preferred_name", "contact_name", "email").iterator():
        rows.filter(pk=patient.pk).update(search_key=search_key_of(patient))


class Migration(migrations.Migration):
    dependencies = [("booking", "0003_patients_notices_and_feeds")]

    operations = [migrations.RunPython(fold_names, migrations.RunPython.noop, elidable=True)]
