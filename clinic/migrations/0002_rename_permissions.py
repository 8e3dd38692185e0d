from django.db import migrations

# By app: what a model was called, and what it is called now, with the verbose name in its permissions.
RENAMED = {
    "booking": {
        "allowance": ("ratelimitbucket", "rate limit bucket"),
        "openingexception": ("specialhours", "front desk hours for one date"),
        "shownversion": ("contentversion", "version of what is shown"),
        "workerstep": ("taskrun", "task run"),
    },
    "content": {
        "formeraddress": ("slugredirect", "slug redirect"),
        "pageanswers": ("pagefeedback", "readers' answers"),
    },
}
VERBS = ("add", "change", "delete", "view")
NEW_NAMES = {
    f"{app}.{verb}_{old}": f"{app}.{verb}_{new}"
    for app, models in RENAMED.items()
    for old, (new, _name) in models.items()
    for verb in VERBS
}


def rename_permissions(apps, schema_editor):
    """Give the permissions of renamed models their new codenames, wherever they were given to.

    Django 5.2 leaves the old codenames behind, Django 6.1 renames them itself. Run again, it finds none.
    """
    using = schema_editor.connection.alias
    Permission = apps.get_model("auth", "Permission")
    for app, models in RENAMED.items():
        for old, (new, name) in models.items():
            for verb in VERBS:
                found = Permission.objects.using(using).filter(content_type__app_label=app)
                before = found.filter(codename=f"{verb}_{old}").first()
                if before is not None:
                    after = found.filter(codename=f"{verb}_{new}").first()
                    _rename(before, f"{verb}_{new}", f"Can {verb} {name}") if after is None else _merge(before, after)


def _rename(permission, codename, name):
    permission.codename, permission.name = codename, name
    permission.save(update_fields=["codename", "name"])


def _merge(before, after):
    """Both stand where permissions were created between the two migrations."""
    after.group_set.add(*before.group_set.all())
    after.user_set.add(*before.user_set.all())
    before.delete()


def rename_given(apps, schema_editor):
    """What a role was given is remembered by codename: a permission that the clinic took away stays away."""
    using = schema_editor.connection.alias
    for role in apps.get_model("clinic", "Role").objects.using(using).all():
        given = [NEW_NAMES.get(one, one) for one in role.given]
        if given != role.given:
            role.given = given
            role.save(update_fields=["given"])


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0001_roles"),
        ("booking", "0017_rename_models"),
        ("content", "0013_rename_models"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(rename_permissions, migrations.RunPython.noop),
        migrations.RunPython(rename_given, migrations.RunPython.noop),
    ]
