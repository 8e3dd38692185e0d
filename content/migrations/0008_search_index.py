from django.db import migrations, models


def keep_words(apps, schema_editor):
    """The full text itself: a column that Django need not know, or a virtual table."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE content_searchentry ADD COLUMN words tsvector")
        schema_editor.execute("CREATE INDEX content_searchentry_words ON content_searchentry USING gin (words)")
    else:
        schema_editor.execute(
            "CREATE VIRTUAL TABLE content_searchwords USING "
            "fts5(title, lede, headings, body, tokenize = 'porter unicode61 remove_diacritics 2')"
        )


def forget_words(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.execute("DROP TABLE content_searchwords")


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0007_external_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('page', 'Page'), ('service', 'Visit you can book'), ('person', 'Team'), ('question', 'Question')], max_length=10)),
                ('address', models.CharField(max_length=300)),
                ('title', models.CharField(max_length=250)),
                ('trail', models.CharField(blank=True, help_text='Where it stands, such as Home › Treatments.', max_length=300)),
                ('lede', models.TextField(blank=True)),
                ('body', models.TextField(blank=True, help_text='A paragraph a line.')),
            ],
            options={
                'verbose_name_plural': 'search entries',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SearchIndex',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.BigIntegerField()),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('shape', models.PositiveSmallIntegerField()),
                ('vocabulary', models.JSONField(default=dict, help_text='How often each word occurs.')),
                ('care_cards', models.JSONField(default=list, help_text='Whom to call, and the signs that say so.')),
                ('plain_words', models.JSONField(default=list, help_text='Words of titles: alone they are no sign of danger.')),
            ],
            options={
                'verbose_name': 'state of the search index',
                'verbose_name_plural': 'states of the search index',
                'default_permissions': (),
            },
        ),
        migrations.RunPython(keep_words, forget_words),
    ]
