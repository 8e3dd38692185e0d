"""Remove the permission to record reviews in another person's name: a reviewer signs for nobody else."""

from django.db import migrations


def remove_permission(apps, schema_editor):
    permissions = apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias)
    permissions.filter(content_type__app_label="content", codename="review_page_for_others").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0022_editing"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(remove_permission, migrations.RunPython.noop, elidable=True)]
