from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0003_first_revisions'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='page',
            name='page_published_has_an_instant',
        ),
        migrations.RemoveField(
            model_name='page',
            name='is_published',
        ),
        migrations.RemoveField(
            model_name='page',
            name='published_at',
        ),
    ]
