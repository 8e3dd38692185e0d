"""The triggers of the logs, which refer to the tables of disposals: those exist, and were last rebuilt, before."""

import booking.constraints
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0038_privacy_records'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='accesslogentry',
            constraint=booking.constraints.append_only.AppendOnly(expires='at', name='access_log_is_append_only'),
        ),
        migrations.AddConstraint(
            model_name='accesslogperson',
            constraint=booking.constraints.append_only.AppendOnly(expires='at', name='access_log_person_is_append_only'),
        ),
        migrations.AddConstraint(
            model_name='changelogentry',
            constraint=booking.constraints.append_only.AppendOnly(name='change_log_is_append_only', person='patient', redacts=('before', 'after', 'reason')),
        ),
    ]
