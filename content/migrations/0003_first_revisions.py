"""Every page that was published gets its first revision, so that readers see what they saw before."""

from django.db import migrations

HEAD = (
    'title', 'lede', 'description', 'alternate_names', 'hero_picture', 'hero_alt', 'hero_is_decorative', 'service',
    'booking_label', 'performed_by', 'referral', 'written_by', 'reviewed_by', 'last_reviewed_on', 'next_review_on',
)
BLOCKS = (
    'section', 'callout', 'leadlist', 'numberedsections', 'definitionlist', 'dolist', 'risktable', 'beforeduringafter',
    'placedpicture', 'calltoaction', 'personcard', 'questions', 'carecard', 'signpost', 'sources',
)
WITH_AN_END = ('home', 'treatments', 'team', 'fees', 'contact')


def make_first_revisions(apps, schema_editor):
    """The words as content/blocks/page_content.py wrote them in schema 1."""
    Page, Revision = apps.get_model('content', 'Page'), apps.get_model('content', 'Revision')
    for page in Page.objects.filter(is_published=True, revisions=None):
        Revision.objects.create(
            page=page,
            goes_live_at=page.published_at,
            changed_at=page.edited_at,
            schema=1,
            head={name: plain(page, name) for name in HEAD},
            blocks=blocks_of(apps, page),
            made_at=page.edited_at,
            note='As it was published before pages had a history',
        )


def blocks_of(apps, page):
    regions = ('main', 'end') if page.kind in WITH_AN_END else ('main',)
    found = []
    for name in BLOCKS:
        model = apps.get_model('content', name)
        fields = [f.name for f in model._meta.concrete_fields if f.name not in ('id', 'parent', 'region', 'ordering')]
        for row in model.objects.filter(parent=page, region__in=regions):
            block = {'kind': name, 'id': row.pk, 'region': row.region, 'fields': {n: plain(row, n) for n in fields}}
            found.append((regions.index(row.region), row.ordering, block))
    return [block for _region, _ordering, block in sorted(found, key=lambda item: item[:2])]


def plain(row, name):
    value = getattr(row, row._meta.get_field(name).attname)
    return value.isoformat() if hasattr(value, 'isoformat') else value


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0002_revisions'),
    ]

    operations = [
        migrations.RunPython(make_first_revisions, migrations.RunPython.noop),
    ]
