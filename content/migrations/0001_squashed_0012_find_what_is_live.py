"""Migrations 0001 to 0012 as one, for new databases. Those that have begun with the single ones go on with these."""

import booking.image_upload
import content.models.page
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
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

    replaces = [
        ('content', '0001_pages_and_blocks'),
        ('content', '0002_revisions'),
        ('content', '0003_first_revisions'),
        ('content', '0004_page_is_the_draft'),
        ('content', '0005_notices_and_answers'),
        ('content', '0006_former_addresses'),
        ('content', '0007_external_links'),
        ('content', '0008_search_index'),
        ('content', '0009_menus'),
        ('content', '0010_place_map'),
        ('content', '0011_live_reviews'),
        ('content', '0012_find_what_is_live'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('booking', '0001_squashed_0015_find_alike_addresses'),
    ]

    operations = [
        migrations.CreateModel(
            name='Picture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(help_text='To find it by. Readers never see it.', max_length=120, unique=True)),
                ('image', models.ImageField(height_field='height', help_text='JPEG, PNG or WebP, up to 25 megapixels and 15 MB. Where it was taken is removed from it.', upload_to='pictures/', validators=[booking.image_upload.validate_picture], width_field='width')),
                ('width', models.PositiveIntegerField(default=0, editable=False)),
                ('height', models.PositiveIntegerField(default=0, editable=False)),
                ('credit', models.CharField(blank=True, help_text='Who made it, if they are to be named. Shown below the picture.', max_length=200)),
                ('focal_x', models.PositiveSmallIntegerField(default=50, help_text='In percent: 0 is the left edge, 100 the right.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='focal point, from the left')),
                ('focal_y', models.PositiveSmallIntegerField(default=50, help_text='In percent: 0 is the top edge, 100 the bottom.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='focal point, from the top')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['title'],
                'constraints': [models.CheckConstraint(condition=models.Q(('focal_x__lte', 100), ('focal_y__lte', 100)), name='picture_focal_point_inside', violation_error_message='The focal point lies between 0 and 100 percent both ways.')],
            },
        ),
        migrations.CreateModel(
            name='Menu',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('main', 'Main menu'), ('reach', 'Footer, under “Reach us”'), ('last', 'Footer, last line')], editable=False, max_length=10, unique=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
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
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('home', 'Home'), ('treatments', 'Treatments (the list)'), ('treatment', 'A treatment'), ('team', 'Team'), ('fees', 'Fees'), ('contact', 'Contact'), ('privacy', 'Privacy'), ('accessibility', 'Accessibility'), ('snippet', 'A snippet, shown inside pages')], default='treatment', max_length=20)),
                ('slug', models.SlugField(blank=True, help_text='For treatments only: the last part of the address. Search engines remember it, so change it rarely.', max_length=80)),
                ('title', models.CharField(help_text='The one big heading.', max_length=120)),
                ('lede', models.CharField(help_text='What this page is about, in 25 words or fewer. Shown large, under the heading.', max_length=300, validators=[content.models.page.validate_lede])),
                ('description', models.CharField(blank=True, help_text='What search engines show below the title. Empty: the first words above.', max_length=160)),
                ('topic', models.CharField(blank=True, help_text='Pages of one topic stand together and lead from one to the next. Changed at once, for readers too.', max_length=60)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Lower numbers come first. Previous and Next follow this order. Changed at once.')),
                ('alternate_names', models.CharField(blank=True, help_text='Other names people use for this treatment, separated by commas.', max_length=200)),
                ('hero_alt', models.CharField(blank=True, help_text='Read aloud to people who cannot see it.', max_length=200, verbose_name='what the picture shows')),
                ('hero_is_decorative', models.BooleanField(default=False, help_text='Tick this if it tells a reader nothing new.', verbose_name='the picture only decorates')),
                ('booking_label', models.CharField(default='Book this visit', help_text='Such as: Schedule Now.', max_length=60, verbose_name='words on the booking button')),
                ('performed_by', models.CharField(blank=True, help_text='Such as: a physiotherapist authorized for needling.', max_length=120, verbose_name='who does it')),
                ('referral', models.CharField(blank=True, help_text='Whether a referral is needed. Such as: not needed.', max_length=120)),
                ('last_reviewed_on', models.DateField(blank=True, null=True)),
                ('next_review_on', models.DateField(blank=True, help_text='At most 24 months after the last review.', null=True)),
                ('edited_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('preview_generation', models.PositiveIntegerField(default=0, editable=False, help_text='Raised with every new preview link, which ends the one before.')),
                ('edited_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='last changed by')),
                ('reviewed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pages_reviewed', to='booking.practitioner', verbose_name='clinically reviewed by')),
                ('service', models.ForeignKey(blank=True, help_text='The visit a reader of this page books. How long, the fee and the next free time come from it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pages', to='booking.service')),
                ('written_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pages_written', to='booking.practitioner')),
                ('hero_picture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='hero_of', to='content.picture')),
            ],
            options={
                'ordering': ['position', 'title'],
                'permissions': [('publish_page', 'Can publish and hide pages'), ('review_page', 'Can record a clinical review'), ('override_checks', 'Can publish in spite of a check, with a reason')],
                'indexes': [models.Index(fields=['kind', 'topic', 'position', 'id'], name='page_in_its_topic')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind__in', ['treatment', 'snippet']), _negated=True), fields=('kind',), name='page_one_of_each_special_kind', violation_error_message='There is already a page of this kind. Edit that one.'), models.UniqueConstraint(condition=models.Q(('kind', 'treatment')), fields=('slug',), name='page_slug_once', violation_error_message='Another treatment has this address.'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'treatment'), models.Q(('slug', ''), _negated=True)), models.Q(models.Q(('kind', 'treatment'), _negated=True), ('slug', '')), _connector='OR'), name='page_slug_for_treatments_only', violation_error_message='A treatment needs an address; no other page has one to choose.'), models.CheckConstraint(condition=models.Q(('hero_picture__isnull', True), models.Q(('hero_alt', ''), ('hero_is_decorative', True)), models.Q(('hero_is_decorative', False), models.Q(('hero_alt', ''), _negated=True)), _connector='OR'), name='page_hero_alt_is_decided', violation_error_message='Say what the picture shows, or tick that it only decorates: one of the two.'), models.CheckConstraint(condition=models.Q(models.Q(('last_reviewed_on__isnull', True), ('next_review_on__isnull', True), ('reviewed_by__isnull', True)), models.Q(('last_reviewed_on__isnull', False), ('next_review_on__isnull', False), ('reviewed_by__isnull', False)), _connector='OR'), name='page_review_is_whole', violation_error_message='A review has a reviewer, a date and a date for the next: all three or none.'), models.CheckConstraint(condition=models.Q(('next_review_on__isnull', True), ('next_review_on__gt', models.F('last_reviewed_on')), _connector='OR'), name='page_next_review_is_later', violation_error_message='The next review comes after the last one.')],
            },
        ),
        migrations.CreateModel(
            name='NumberedSections',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('counting', models.CharField(choices=[('ideas', 'Ideas, counted'), ('steps', 'Steps, one after another')], default='ideas', max_length=5, verbose_name='what is numbered')),
                ('intro', models.TextField(blank=True)),
                ('items', models.JSONField(blank=True, default=list)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'numbered sections',
                'verbose_name_plural': 'numbered sections',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LeadList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('purpose', models.CharField(choices=[('plain', 'A plain list'), ('ask_first', 'Who should not have it, or should ask first')], default='plain', help_text='Search engines are told which list says who should not have a treatment.', max_length=10)),
                ('intro', models.TextField(blank=True)),
                ('items', models.JSONField(blank=True, default=list)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'list',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ExternalLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=1000, unique=True)),
                ('outcome', models.CharField(choices=[('broken', 'Broken'), ('unsure', 'Look yourself'), ('moved', 'Moved'), ('works', 'Works')], max_length=10)),
                ('words', models.CharField(max_length=1200, verbose_name='what was found')),
                ('checked_at', models.DateTimeField(verbose_name='last checked')),
                ('people', models.ManyToManyField(blank=True, related_name='external_links', to='booking.practitioner')),
                ('pages', models.ManyToManyField(blank=True, related_name='external_links', to='content.page')),
            ],
            options={
                'verbose_name': 'link to another site',
                'verbose_name_plural': 'links to other sites',
                'ordering': ['address'],
            },
        ),
        migrations.CreateModel(
            name='DoList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('do', models.JSONField(blank=True, default=list)),
                ('do_not', models.JSONField(blank=True, default=list)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'do and do not',
                'verbose_name_plural': 'do and do not',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DefinitionList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('intro', models.TextField(blank=True)),
                ('items', models.JSONField(blank=True, default=list)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'definitions',
                'verbose_name_plural': 'definitions',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CareCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('call', models.CharField(choices=[('911', '911: emergency'), ('811', "811: Health Link, a nurse's advice"), ('call', 'Call the clinic')], default='911', max_length=4, verbose_name='whom to call')),
                ('items', models.JSONField(blank=True, default=list)),
                ('body', models.TextField(blank=True, verbose_name='what else to say')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'care card',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CallToAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('body', models.TextField(blank=True)),
                ('label', models.CharField(max_length=60, verbose_name='words on the button')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calls_to_action', to='booking.service')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'call to action',
                'verbose_name_plural': 'calls to action',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Callout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('tone', models.CharField(choices=[('note', 'Note'), ('important', 'Important'), ('tip', 'Tip'), ('warning', 'Warning')], default='note', max_length=10)),
                ('body', models.TextField()),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'callout',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='BeforeDuringAfter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('before', models.TextField()),
                ('during', models.TextField()),
                ('after', models.TextField()),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'before, during and after',
                'verbose_name_plural': 'before, during and after',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Snippet',
            fields=[
            ],
            options={
                'ordering': ['title'],
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('content.page',),
        ),
        migrations.CreateModel(
            name='PersonCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('label', models.CharField(default='Contact me', max_length=60, verbose_name='words on the button')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='person_cards', to='booking.practitioner')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PlacedPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('alt', models.CharField(blank=True, help_text='Read aloud to people who cannot see it.', max_length=200, verbose_name='what the picture shows')),
                ('is_decorative', models.BooleanField(default=False, help_text='Tick this if it tells a reader nothing new.', verbose_name='it only decorates')),
                ('caption', models.CharField(blank=True, max_length=300)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
                ('picture', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='placed', to='content.picture')),
            ],
            options={
                'verbose_name': 'picture',
                'ordering': ['ordering'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('alt', ''), ('is_decorative', True)), models.Q(('is_decorative', False), models.Q(('alt', ''), _negated=True)), _connector='OR'), name='placed_picture_alt_is_decided', violation_error_message='Say what the picture shows, or tick that it only decorates: one of the two.')],
            },
        ),
        migrations.CreateModel(
            name='PlaceMap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('alt', models.CharField(help_text='Read aloud to people who cannot see it. The whole way stands in words with the location.', max_length=300, verbose_name='what the map shows')),
                ('caption', models.CharField(blank=True, help_text='What a reader has to know about the signs on it.', max_length=200)),
                ('location', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='map', to='booking.location')),
                ('night_picture', models.ForeignKey(blank=True, help_text='Empty: the first picture is shown there, too.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='night_maps', to='content.picture', verbose_name='the same for dark screens')),
                ('picture', models.ForeignKey(help_text="A drawing or a photo with the streets' names.", on_delete=django.db.models.deletion.PROTECT, related_name='maps', to='content.picture')),
            ],
            options={
                'verbose_name': 'map to a place',
                'verbose_name_plural': 'maps to our places',
                'ordering': ['location'],
            },
        ),
        migrations.CreateModel(
            name='Questions',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('items', models.JSONField(blank=True, default=list)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'questions and answers',
                'verbose_name_plural': 'questions and answers',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reviewed_on', models.DateField()),
                ('next_review_on', models.DateField()),
                ('digest', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('override_reason', models.CharField(blank=True, help_text='Why the person who last changed the page may also review it.', max_length=300)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='content.page')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='booking.practitioner')),
            ],
            options={
                'ordering': ['-pk'],
                'get_latest_by': 'pk',
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_public', models.BooleanField(default=True, help_text='No: from then on the page is hidden.')),
                ('goes_live_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('schema', models.PositiveSmallIntegerField()),
                ('head', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('blocks', models.JSONField(default=list, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('made_at', models.DateTimeField()),
                ('is_repeat', models.BooleanField(default=False, help_text='Yes: nothing of the draft, but words that were decided about before.')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('overridden', models.JSONField(blank=True, default=list, help_text='What the checks refused, in their words.')),
                ('override_reason', models.CharField(blank=True, max_length=300)),
                ('edited_by', models.ForeignKey(blank=True, help_text='Who made the last change to these words before they went out.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(blank=True, help_text='Nobody: the site itself, with the sample clinic or an upgrade.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='content.page')),
                ('snippets', models.ManyToManyField(blank=True, related_name='shown_by', to='content.page')),
            ],
            options={
                'ordering': ['-pk'],
                'get_latest_by': 'pk',
                'indexes': [models.Index(fields=['page', 'goes_live_at'], name='revision_by_page_and_time'), models.Index(fields=['goes_live_at'], name='revision_by_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(('overridden', []), models.Q(('override_reason', ''), _negated=True), _connector='OR'), name='revision_override_has_a_reason', violation_error_message='Say why this is published in spite of what the checks found.')],
            },
        ),
        migrations.CreateModel(
            name='RiskTable',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('intro', models.TextField(blank=True)),
                ('caption', models.CharField(help_text='What the numbers count, such as: out of 100 treatments.', max_length=200)),
                ('rows', models.JSONField(blank=True, default=list)),
                ('note', models.TextField(blank=True)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'risk table',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Section',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('body', models.TextField(blank=True, help_text='Write [1] or [1, 3] where a sentence rests on a source below.')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'section',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Signpost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('title', models.CharField(max_length=80)),
                ('text', models.CharField(blank=True, max_length=200)),
                ('page', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='signposts_here', to='content.page')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='signposts_here', to='booking.service')),
            ],
            options={
                'verbose_name': 'signpost',
                'ordering': ['ordering'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('page__isnull', True), ('service__isnull', False)), models.Q(('page__isnull', False), ('service__isnull', True)), _connector='OR'), name='signpost_leads_to_one_place', violation_error_message='Choose a page or a service, not both.')],
            },
        ),
        migrations.CreateModel(
            name='SnippetHere',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
                ('snippet', models.ForeignKey(limit_choices_to={'kind': 'snippet'}, on_delete=django.db.models.deletion.PROTECT, related_name='shown_here', to='content.page')),
            ],
            options={
                'verbose_name': 'snippet',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Sources',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=255)),
                ('ordering', models.IntegerField(default=0)),
                ('heading', models.CharField(blank=True, max_length=120)),
                ('level', models.PositiveSmallIntegerField(choices=[(2, 'Section'), (3, 'Part of the section above')], default=2, help_text='Sections are listed under “On this page”.')),
                ('items', models.JSONField(blank=True, default=list)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s_set', to='content.page')),
            ],
            options={
                'verbose_name': 'sources',
                'verbose_name_plural': 'sources',
                'ordering': ['ordering'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(help_text='Such as: Closed on Friday 25 December.', max_length=80)),
                ('text', models.CharField(blank=True, help_text='What it means for patients. Left out on the booking pages.', max_length=240)),
                ('tone', models.CharField(choices=[('info', 'News'), ('important', 'Important'), ('urgent', 'Urgent')], default='info', help_text="Keep Urgent for what changes today's visits.", max_length=10)),
                ('starts_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='shown from')),
                ('ends_at', models.DateTimeField(blank=True, help_text='Empty: until you end it.', null=True, verbose_name='until')),
                ('link_label', models.CharField(blank=True, help_text='Such as: Find us.', max_length=60, verbose_name='words of the link')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Lower numbers come first.')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices_here', to='booking.service')),
                ('page', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices_here', to='content.page')),
            ],
            options={
                'ordering': ['position', 'starts_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='notice_ends_after_it_starts', violation_error_message='The end must be after the start.'), models.CheckConstraint(condition=models.Q(models.Q(('link_label', ''), ('page__isnull', True), ('service__isnull', True)), models.Q(models.Q(('link_label', ''), _negated=True), ('page__isnull', False), ('service__isnull', True)), models.Q(models.Q(('link_label', ''), _negated=True), ('page__isnull', True), ('service__isnull', False)), _connector='OR'), name='notice_link_is_whole', violation_error_message='A link has its words, and leads to a page or to a service: to one of them.')],
            },
        ),
        migrations.CreateModel(
            name='MenuEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.CharField(blank=True, choices=[('treatments', 'Treatments'), ('team', 'Team'), ('fees', 'Fees'), ('contact', 'Contact'), ('book', 'Book a visit'), ('change', 'Change or cancel a visit'), ('search', 'Search'), ('privacy', 'Privacy'), ('accessibility', 'Accessibility')], max_length=20)),
                ('label', models.CharField(blank=True, max_length=40)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('menu', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='content.menu')),
                ('page', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='menu_entries', to='content.page')),
            ],
            options={
                'verbose_name': 'link of a menu',
                'verbose_name_plural': 'links of menus',
                'ordering': ['position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('page__isnull', True), models.Q(('place', ''), _negated=True)), models.Q(('page__isnull', False), ('place', '')), _connector='OR'), name='menu_entry_leads_to_one_place', violation_error_message='Choose where the link leads: to one place.'), models.UniqueConstraint(condition=models.Q(('place', ''), _negated=True), fields=('menu', 'place'), name='menu_names_a_place_once'), models.UniqueConstraint(fields=('menu', 'page'), name='menu_names_a_page_once')],
            },
        ),
        migrations.CreateModel(
            name='FormerAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=200, unique=True)),
                ('left_at', models.DateTimeField(auto_now_add=True)),
                ('practitioner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='former_addresses', to='booking.practitioner')),
                ('service', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='former_addresses', to='booking.service')),
                ('page', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='former_addresses', to='content.page')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('page__isnull', True), ('practitioner__isnull', True)), models.Q(('page__isnull', True), ('service__isnull', True)), models.Q(('practitioner__isnull', True), ('service__isnull', True)), _connector='OR'), name='former_address_leads_to_one_place', violation_error_message='An address leads to one thing only.')],
            },
        ),
        migrations.CreateModel(
            name='PageAnswers',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(help_text='Its first day.')),
                ('helped', models.PositiveIntegerField(default=0)),
                ('did_not_help', models.PositiveIntegerField(default=0)),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='content.page')),
            ],
            options={
                'verbose_name': "readers' answers",
                'verbose_name_plural': "readers' answers",
                'ordering': ['page', '-month'],
                'constraints': [models.UniqueConstraint(fields=('page', 'month'), name='page_answers_once_a_month')],
            },
        ),
        migrations.RunPython(keep_words, forget_words),
    ]
