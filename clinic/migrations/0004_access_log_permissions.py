from django.db import migrations


def remove_permissions(apps, schema_editor):
    """Nobody adds, changes or deletes access log rows, so the permissions to do so go, from every role and login."""
    Permission = apps.get_model("auth", "Permission")
    rows = Permission.objects.using(schema_editor.connection.alias).filter(content_type__app_label="booking")
    rows.filter(codename__in=[f"{verb}_accesslogentry" for verb in ("add", "change", "delete")]).delete()
    rows.filter(content_type__model="accesslogperson").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0003_password_link_requests"),
        ("booking", "0033_desk_models"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(remove_permissions, migrations.RunPython.noop)]
