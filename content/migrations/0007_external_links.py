
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0013_word_lost_links'),
        ('content', '0006_former_addresses'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExternalLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=1000, unique=True)),
                ('outcome', models.CharField(choices=[('broken', 'Broken'), ('unsure', 'Look yourself'), ('moved', 'Moved'), ('works', 'Works')], max_length=10)),
                ('words', models.CharField(max_length=1200, verbose_name='what was found')),
                ('checked_at', models.DateTimeField(verbose_name='last checked')),
                ('pages', models.ManyToManyField(blank=True, related_name='external_links', to='content.page')),
                ('people', models.ManyToManyField(blank=True, related_name='external_links', to='booking.practitioner')),
            ],
            options={
                'verbose_name': 'link to another site',
                'verbose_name_plural': 'links to other sites',
                'ordering': ['address'],
            },
        ),
    ]
