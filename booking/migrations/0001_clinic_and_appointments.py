import booking.constraints
import booking.models.appointments
import booking.models.clinic
import booking.image_upload
import datetime
import django.core.validators
import django.db.models.deletion
import phonenumber_field.modelfields
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


def create_btree_gist(apps, schema_editor):
    # PostgreSQL needs it to compare "same practitioner" and "overlaps" in one exclusion constraint.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(create_btree_gist, migrations.RunPython.noop),
        migrations.CreateModel(
            name='Location',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Tells one place from another, such as Okotoks.', max_length=120)),
                ('slug', models.SlugField(unique=True)),
                ('street', models.CharField(max_length=200)),
                ('city', models.CharField(max_length=100)),
                ('province', models.CharField(choices=[('AB', 'Alberta'), ('BC', 'British Columbia'), ('MB', 'Manitoba'), ('NB', 'New Brunswick'), ('NL', 'Newfoundland and Labrador'), ('NS', 'Nova Scotia'), ('NT', 'Northwest Territories'), ('NU', 'Nunavut'), ('ON', 'Ontario'), ('PE', 'Prince Edward Island'), ('QC', 'Quebec'), ('SK', 'Saskatchewan'), ('YT', 'Yukon')], default='AB', max_length=2)),
                ('postal_code', models.CharField(max_length=7, validators=[django.core.validators.RegexValidator('^[A-Z]\\d[A-Z] \\d[A-Z]\\d$', 'Write the postal code as T1S 1A1.')])),
                ('phone', phonenumber_field.modelfields.PhoneNumberField(blank=True, help_text="If it differs from the clinic's.", max_length=128, region=None)),
                ('time_zone', models.CharField(default='America/Edmonton', max_length=64, validators=[booking.models.clinic.validate_zone])),
                ('time_zone_label', models.CharField(default='Alberta time', help_text='What patients call this zone. Never an abbreviation.', max_length=40)),
                ('parking_notes', models.TextField(blank=True)),
                ('step_free_notes', models.TextField(blank=True, help_text='The way in without steps, door widths, washrooms.')),
                ('directions', models.TextField(blank=True, help_text='How to find the door, in words.')),
                ('latitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True, validators=[django.core.validators.MinValueValidator(Decimal('-90')), django.core.validators.MaxValueValidator(Decimal('90'))])),
                ('longitude', models.DecimalField(blank=True, decimal_places=5, max_digits=8, null=True, validators=[django.core.validators.MinValueValidator(Decimal('-180')), django.core.validators.MaxValueValidator(Decimal('180'))])),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Lower numbers come first.')),
            ],
            options={
                'ordering': ['position', 'name'],
            },
        ),
        migrations.CreateModel(
            name='Clinic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='As patients know it. Shown on every page and in every mail.', max_length=120)),
                ('email', models.EmailField(help_text='Where messages to the clinic go, and what patients can reply to.', max_length=254)),
                ('phone', phonenumber_field.modelfields.PhoneNumberField(help_text='The number on every page.', max_length=128, region=None)),
                ('privacy_contact', models.CharField(help_text='Who answers questions about personal information: a name or role, and how to reach them.', max_length=200)),
                ('collection_notice', models.TextField(help_text='Why we ask, under which law, and whom to ask. Shown where patients type about themselves.')),
                ('collection_notice_version', models.CharField(help_text='Kept with each booking, so change it with the notice: a date such as 2026-11-01 works well.', max_length=20)),
                ('emergency_signs', models.TextField(blank=True, help_text='Signs that need an emergency department, one a line. Shown before a first back or needling visit.')),
                ('fees_note', models.TextField(blank=True, help_text='Direct billing, receipts and payment, in plain words.')),
            ],
            options={
                'verbose_name_plural': 'clinic',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='clinic_only_one', violation_error_message='There can only be one clinic.')],
            },
        ),
        migrations.CreateModel(
            name='Patient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('preferred_name', models.CharField(blank=True, help_text='What to call them, where it differs.', max_length=120)),
                ('pronouns', models.CharField(blank=True, max_length=40)),
                ('email', models.EmailField(blank=True, help_text='Confirmations and reminders go here. A caller may have none: then nobody is written to.', max_length=254)),
                ('phone', phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None)),
                ('date_of_birth', models.DateField(blank=True, null=True)),
                ('contact_name', models.CharField(blank=True, help_text='Who we write to when it is not the patient: a parent, a relative.', max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['name'],
                'indexes': [models.Index(fields=['email'], name='patient_by_email')],
            },
        ),
        migrations.CreateModel(
            name='Practitioner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('slug', models.SlugField(unique=True)),
                ('protected_title', models.CharField(help_text='The title the law protects, such as Physiotherapist. Only people on the register may use it.', max_length=80)),
                ('credentials', models.CharField(blank=True, help_text='Degrees and certificates, as the College allows.', max_length=200)),
                ('register_number', models.CharField(blank=True, max_length=40)),
                ('register_url', models.URLField(blank=True, help_text="This person's entry in, or the search page of, the public register.")),
                ('pronouns', models.CharField(blank=True, max_length=40)),
                ('languages', models.CharField(blank=True, help_text='Besides English, separated by commas.', max_length=200)),
                ('summary', models.CharField(blank=True, help_text='One sentence for the team page.', max_length=200)),
                ('bio', models.TextField(blank=True, help_text='Paragraphs are separated by an empty line.')),
                ('photo', models.ImageField(blank=True, upload_to='people/', validators=[booking.image_upload.validate_picture])),
                ('email', models.EmailField(blank=True, help_text='Never shown. For notices of bookings and messages to this person.', max_length=254)),
                ('takes_new_patients', models.BooleanField(default=True)),
                ('authorised_for_needling', models.BooleanField(default=False, help_text="The College's register says so. Without it, needling visits are never offered.")),
                ('colour', models.CharField(default='#11473F', help_text='Marks this person in the diary.', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9A-Fa-f]{6}$', 'Write the colour as #11473F.')])),
                ('is_active', models.BooleanField(default=True, help_text='Untick when somebody leaves; past appointments stay.')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Lower numbers come first.')),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['position', 'name'],
            },
        ),
        migrations.CreateModel(
            name='Room',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('is_active', models.BooleanField(default=True, help_text='Untick while the room cannot be used.')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Rooms are filled in this order.')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rooms', to='booking.location')),
            ],
            options={
                'ordering': ['location', 'position', 'name'],
            },
        ),
        migrations.CreateModel(
            name='SampleRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('object_id', models.PositiveBigIntegerField()),
                ('content_type', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='contenttypes.contenttype')),
            ],
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='As patients read it.', max_length=120)),
                ('slug', models.SlugField(help_text='Part of the address. Mails and search engines remember it: change it only with good reason.', unique=True, validators=[booking.models.clinic.validate_service_slug])),
                ('summary', models.CharField(help_text='One plain sentence: who it is for.', max_length=200)),
                ('description', models.TextField(blank=True)),
                ('what_to_bring', models.TextField(blank=True, help_text='What to bring and wear. Shown after booking and in the mail.')),
                ('duration', models.DurationField(help_text='Hours:minutes:seconds, such as 0:45:00.')),
                ('price', models.DecimalField(decimal_places=2, help_text='In Canadian dollars.', max_digits=7, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('buffer_before', models.DurationField(default=datetime.timedelta, help_text='Time the practitioner needs before the visit.')),
                ('buffer_after', models.DurationField(default=datetime.timedelta, help_text='Time needed after it. Two visits share the longer of their buffers.')),
                ('step', models.DurationField(blank=True, help_text='How far apart the offered times are. Empty: as long as the visit.', null=True)),
                ('lead_time', models.DurationField(default=datetime.timedelta(seconds=7200), help_text='The shortest notice for booking online.')),
                ('horizon_days', models.PositiveSmallIntegerField(default=60, help_text='How many days ahead patients can book.', validators=[django.core.validators.MaxValueValidator(730)])),
                ('cancellation_window', models.DurationField(default=datetime.timedelta(days=1), help_text='Until how long before the visit patients can cancel or move it online.')),
                ('late_cancellation_fee', models.CharField(blank=True, help_text='What a late cancellation costs, in words.', max_length=200)),
                ('audience', models.CharField(choices=[('anyone', 'Anyone'), ('new', 'New patients'), ('returning', 'Returning patients')], default='anyone', max_length=10)),
                ('booked_by', models.CharField(choices=[('online', 'Patients online, and staff'), ('staff', 'Staff only')], default='online', max_length=10)),
                ('needs_room', models.BooleanField(default=True)),
                ('needs_needling_authorisation', models.BooleanField(default=False, help_text='Only practitioners authorised for needling are offered.')),
                ('needs_date_of_birth', models.BooleanField(default=False, help_text='Ask for it only where the visit needs it.')),
                ('shows_emergency_signs', models.BooleanField(default=False, help_text='Show the emergency signs before a first visit (or, for returning patients, each one) is booked.')),
                ('is_active', models.BooleanField(default=True)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='Lower numbers come first.')),
                ('first_visit_service', models.ForeignKey(blank=True, help_text='For a service for returning patients: what a new patient books instead.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='booking.service')),
            ],
            options={
                'ordering': ['position', 'name'],
            },
        ),
        migrations.CreateModel(
            name='PractitionerService',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('own_duration', models.DurationField(blank=True, help_text='Empty: as long as the service says.', null=True)),
                ('own_price', models.DecimalField(blank=True, decimal_places=2, help_text='Empty: what the service costs.', max_digits=7, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='practitioner_services', to='booking.practitioner')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='practitioner_services', to='booking.service')),
            ],
            options={
                'verbose_name': 'service offered',
                'verbose_name_plural': 'services offered',
                'ordering': ['practitioner', 'service'],
            },
        ),
        migrations.AddField(
            model_name='practitioner',
            name='services',
            field=models.ManyToManyField(related_name='practitioners', through='booking.PractitionerService', to='booking.service'),
        ),
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=booking.models.appointments.new_reference, editable=False, max_length=8, unique=True)),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('status', models.CharField(choices=[('held', 'Held'), ('expired', 'Hold expired'), ('booked', 'Booked'), ('arrived', 'Arrived'), ('fulfilled', 'Attended'), ('cancelled', 'Cancelled'), ('noshow', 'Did not come')], max_length=10)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('local_on', models.DateField(editable=False)),
                ('local_time', models.TimeField(editable=False)),
                ('local_fold', models.PositiveSmallIntegerField(default=0, editable=False, help_text='1 when it is the second of two times that the clock shows twice.')),
                ('time_zone', models.CharField(editable=False, max_length=64)),
                ('buffer_before', models.DurationField(default=datetime.timedelta)),
                ('buffer_after', models.DurationField(default=datetime.timedelta)),
                ('price', models.DecimalField(decimal_places=2, max_digits=7, validators=[django.core.validators.MinValueValidator(0)])),
                ('cancellation_window', models.DurationField(default=datetime.timedelta(days=1))),
                ('is_first_visit', models.BooleanField(help_text='As the patient said.', null=True)),
                ('reminders', models.BooleanField(default=True, verbose_name='wants reminders')),
                ('notice_version', models.CharField(blank=True, max_length=20, verbose_name='collection notice shown')),
                ('overbooked_reason', models.CharField(blank=True, max_length=200)),
                ('cancel_reason', models.CharField(blank=True, max_length=200)),
                ('asked_to_move_at', models.DateTimeField(blank=True, help_text='Since when we have been asking the patient to choose another time.', null=True)),
                ('hold_expires_at', models.DateTimeField(blank=True, null=True)),
                ('hold_key', models.CharField(blank=True, help_text='Which browser session holds it; never shown.', max_length=64)),
                ('submission_key', models.CharField(blank=True, help_text='Sending the same form twice gives one appointment.', max_length=64, null=True, unique=True)),
                ('link_generation', models.PositiveIntegerField(default=1, help_text='Raised to make links sent earlier useless.')),
                ('sequence', models.PositiveIntegerField(default=0, help_text="The calendar file's SEQUENCE: rises with each change.")),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='booking.location')),
                ('patient', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='booking.patient')),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='booking.practitioner')),
                ('room', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='booking.room')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='booking.service')),
            ],
            options={
                'ordering': ['starts_at', 'practitioner'],
                'permissions': [('overbook_appointment', 'Can book a time that is already taken')],
            },
        ),
        migrations.CreateModel(
            name='TimeOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(verbose_name='first day')),
                ('start_time', models.TimeField(blank=True, help_text='Empty: from the start of that day.', null=True, verbose_name='from')),
                ('ends_on', models.DateField(verbose_name='last day')),
                ('end_time', models.TimeField(blank=True, help_text='Empty: to the end of that day.', null=True, verbose_name='until')),
                ('note', models.CharField(blank=True, help_text='For staff. Patients never see it.', max_length=200)),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='time_off', to='booking.practitioner')),
            ],
            options={
                'verbose_name': 'time off',
                'verbose_name_plural': 'time off',
                'ordering': ['-starts_on'],
            },
        ),
        migrations.CreateModel(
            name='WorkingHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')])),
                ('start_time', models.TimeField(verbose_name='from')),
                ('end_time', models.TimeField(help_text='00:00 means midnight at the end of the day.', verbose_name='to')),
                ('ends_next_day', models.BooleanField(default=False, verbose_name='runs past midnight')),
                ('starts_on', models.DateField(blank=True, help_text='Empty: always.', null=True, verbose_name='valid from')),
                ('ends_on', models.DateField(blank=True, help_text='This day included. Empty: for good.', null=True, verbose_name='valid until')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='working_hours', to='booking.location')),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='working_hours', to='booking.practitioner')),
            ],
            options={
                'verbose_name': 'working hours',
                'verbose_name_plural': 'working hours',
                'ordering': ['practitioner', 'weekday', 'start_time'],
            },
        ),
        migrations.CreateModel(
            name='AppointmentEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('held', 'Time held'), ('expired', 'Hold expired'), ('released', 'Hold given up'), ('booked', 'Booked'), ('rescheduled', 'Moved'), ('move_requested', 'Asked to move'), ('cancelled', 'Cancelled'), ('arrived', 'Arrived'), ('fulfilled', 'Attended'), ('noshow', 'Did not come'), ('retimed', 'Clock law changed')], max_length=20)),
                ('at', models.DateTimeField()),
                ('actor_kind', models.CharField(choices=[('patient', 'Patient'), ('staff', 'Staff'), ('system', 'The system')], max_length=10)),
                ('before', models.JSONField(blank=True, default=dict)),
                ('after', models.JSONField(blank=True, default=dict)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='booking.appointment')),
            ],
            options={
                'verbose_name': 'event',
                'ordering': ['at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('actor__isnull', False), ('actor_kind', 'staff')), models.Q(models.Q(('actor_kind', 'staff'), _negated=True), ('actor__isnull', True)), _connector='OR'), name='event_staff_are_named', violation_error_message='Staff are named; patients and the system have no login.')],
            },
        ),
        migrations.CreateModel(
            name='Closure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='date')),
                ('name', models.CharField(help_text='Shown to patients, such as Family Day.', max_length=120)),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='closures', to='booking.location')),
            ],
            options={
                'ordering': ['-on'],
                'constraints': [models.UniqueConstraint(fields=('location', 'on'), name='closure_once_a_day', violation_error_message='This location is already closed on that day.')],
            },
        ),
        migrations.CreateModel(
            name='OpeningHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')])),
                ('opens', models.TimeField()),
                ('closes', models.TimeField()),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='opening_hours', to='booking.location')),
            ],
            options={
                'verbose_name': 'opening hours',
                'verbose_name_plural': 'opening hours',
                'ordering': ['location', 'weekday', 'opens'],
                'constraints': [models.CheckConstraint(condition=models.Q(('closes__gt', models.F('opens'))), name='opening_hours_close_after_they_open', violation_error_message='The closing time must be later than the opening time.')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='Says what it is: the same message is never queued twice.', max_length=120, unique=True)),
                ('kind', models.CharField(choices=[('confirmation', 'Confirmation'), ('rescheduled', 'Moved'), ('move_requested', 'Asked to move'), ('cancelled', 'Cancelled'), ('reminder', 'Reminder'), ('clock_change', 'Calendar entry mended'), ('clinic_notice', 'Notice to the clinic'), ('contact', 'From the contact form')], max_length=20)),
                ('content', models.JSONField(blank=True, default=dict)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('dropped', 'No longer needed'), ('parked', 'Could not be sent')], default='waiting', max_length=10)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('leased_until', models.DateTimeField(blank=True, help_text='A worker is sending it until then.', null=True)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('appointment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='booking.appointment')),
                ('practitioner', models.ForeignKey(blank=True, help_text='Whom a message is for.', null=True, on_delete=django.db.models.deletion.SET_NULL, to='booking.practitioner')),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at'], name='message_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('appointment__isnull', True), ('kind', 'contact')), models.Q(models.Q(('kind', 'contact'), _negated=True), ('appointment__isnull', False)), _connector='OR'), name='message_has_its_cause', violation_error_message='A message is about an appointment, or comes from the contact form.'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='message_sent_has_a_time', violation_error_message='A sent message says when it was sent.')],
            },
        ),
        migrations.CreateModel(
            name='HoursOverride',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='date')),
                ('start_time', models.TimeField(blank=True, help_text='Leave both times empty for a day off.', null=True, verbose_name='from')),
                ('end_time', models.TimeField(blank=True, help_text='00:00 means midnight at the end of the day.', null=True, verbose_name='to')),
                ('ends_next_day', models.BooleanField(default=False, verbose_name='runs past midnight')),
                ('note', models.CharField(blank=True, help_text='For staff. Patients never see it.', max_length=200)),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hours_overrides', to='booking.location')),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hours_overrides', to='booking.practitioner')),
            ],
            options={
                'verbose_name': 'hours for one date',
                'verbose_name_plural': 'hours for one date',
                'ordering': ['-on', 'practitioner', 'start_time'],
                'indexes': [models.Index(fields=['practitioner', 'on'], name='hours_override_by_date')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('end_time__isnull', True), ('ends_next_day', False), ('start_time__isnull', True)), models.Q(('end_time__isnull', False), ('start_time__isnull', False), models.Q(models.Q(('end_time', datetime.time(0, 0)), ('ends_next_day', False)), models.Q(('end_time__gt', models.F('start_time')), ('ends_next_day', False)), models.Q(('end_time__lt', models.F('start_time')), ('ends_next_day', True)), _connector='OR')), _connector='OR'), name='hours_override_span', violation_error_message='Give both times, the end after the start, or leave both empty for a day off.')],
            },
        ),
        migrations.CreateModel(
            name='Break',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')])),
                ('start_time', models.TimeField(verbose_name='from')),
                ('end_time', models.TimeField(help_text='00:00 means midnight at the end of the day.', verbose_name='to')),
                ('ends_next_day', models.BooleanField(default=False, verbose_name='runs past midnight')),
                ('starts_on', models.DateField(blank=True, help_text='Empty: always.', null=True, verbose_name='valid from')),
                ('ends_on', models.DateField(blank=True, help_text='This day included. Empty: for good.', null=True, verbose_name='valid until')),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='breaks', to='booking.practitioner')),
            ],
            options={
                'ordering': ['practitioner', 'weekday', 'start_time'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('end_time', datetime.time(0, 0)), ('ends_next_day', False)), models.Q(('end_time__gt', models.F('start_time')), ('ends_next_day', False)), models.Q(('end_time__lt', models.F('start_time')), ('ends_next_day', True)), _connector='OR'), name='break_span', violation_error_message='The end must be after the start; tick the box if it runs past midnight.'), models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='break_validity', violation_error_message='The last day is before the first.')],
            },
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.UniqueConstraint(fields=('location', 'name'), name='room_name_once_a_location', violation_error_message='This location already has a room of that name.'),
        ),
        migrations.AddConstraint(
            model_name='samplerow',
            constraint=models.UniqueConstraint(fields=('content_type', 'object_id'), name='sample_row_marked_once'),
        ),
        migrations.AddConstraint(
            model_name='service',
            constraint=models.CheckConstraint(condition=models.Q(('duration__gt', datetime.timedelta(0)), ('duration__lte', datetime.timedelta(seconds=43200))), name='service_duration_up_to_12_hours', violation_error_message='A visit lasts more than nothing and at most 12 hours.'),
        ),
        migrations.AddConstraint(
            model_name='service',
            constraint=models.CheckConstraint(condition=models.Q(('step__isnull', True), models.Q(('step__gte', datetime.timedelta(seconds=300)), ('step__lte', datetime.timedelta(days=1))), _connector='OR'), name='service_step_from_5_minutes', violation_error_message='The step is at least 5 minutes and at most a day.'),
        ),
        migrations.AddConstraint(
            model_name='service',
            constraint=models.CheckConstraint(condition=models.Q(('buffer_after__gte', datetime.timedelta(0)), ('buffer_after__lte', datetime.timedelta(seconds=14400)), ('buffer_before__gte', datetime.timedelta(0)), ('buffer_before__lte', datetime.timedelta(seconds=14400))), name='service_buffers_up_to_4_hours', violation_error_message='A buffer is not negative and at most 4 hours.'),
        ),
        migrations.AddConstraint(
            model_name='service',
            constraint=models.CheckConstraint(condition=models.Q(('cancellation_window__gte', datetime.timedelta(0)), ('cancellation_window__lte', datetime.timedelta(days=60)), ('lead_time__gte', datetime.timedelta(0)), ('lead_time__lte', datetime.timedelta(days=60))), name='service_notice_up_to_60_days', violation_error_message='Lead time and cancellation window are not negative and at most 60 days.'),
        ),
        migrations.AddConstraint(
            model_name='service',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('audience', 'returning'), _negated=True), ('first_visit_service__isnull', False), ('booked_by', 'staff'), _connector='OR'), name='service_for_returning_names_a_first_visit', violation_error_message='Name the service that a new patient books first.'),
        ),
        migrations.AddConstraint(
            model_name='practitionerservice',
            constraint=models.UniqueConstraint(fields=('practitioner', 'service'), name='practitioner_offers_a_service_once', violation_error_message='This practitioner already offers this service.'),
        ),
        migrations.AddConstraint(
            model_name='practitionerservice',
            constraint=models.CheckConstraint(condition=models.Q(('own_duration__isnull', True), models.Q(('own_duration__gt', datetime.timedelta(0)), ('own_duration__lte', datetime.timedelta(seconds=43200))), _connector='OR'), name='own_duration_up_to_12_hours', violation_error_message='A visit lasts more than nothing and at most 12 hours.'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['practitioner', 'ends_at'], name='appointment_practitioner_ends'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['room', 'ends_at'], name='appointment_room_ends'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['ends_at'], name='appointment_ends'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['local_on', 'practitioner'], name='appointment_by_local_day'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(condition=models.Q(('status', 'held')), fields=['hold_expires_at'], name='appointment_live_holds'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='appointment_ends_after_it_starts', violation_error_message='An appointment ends after it starts.'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['held', 'expired']), ('patient__isnull', False), _connector='OR'), name='appointment_has_a_patient', violation_error_message='An appointment needs a patient; only a hold has none yet.'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'held'), _negated=True), models.Q(('hold_expires_at__isnull', False), models.Q(('hold_key', ''), _negated=True)), _connector='OR'), name='appointment_hold_has_an_end', violation_error_message='A hold needs somebody who holds it, and an end.'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'held')), fields=('hold_key',), name='appointment_one_hold_a_session', violation_error_message='This visitor already holds another time.'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=booking.constraints.NoOverlap(condition=models.Q(('overbooked_reason', ''), ('status__in', ['held', 'booked', 'arrived', 'fulfilled', 'noshow'])), end='ends_at', key='practitioner', name='appointment_practitioner_no_overlap', start='starts_at', violation_error_message='This practitioner already has an appointment at that time.'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=booking.constraints.NoOverlap(condition=models.Q(('overbooked_reason', ''), ('status__in', ['held', 'booked', 'arrived', 'fulfilled', 'noshow'])), end='ends_at', key='room', name='appointment_room_no_overlap', start='starts_at', violation_error_message='This room is already taken at that time.'),
        ),
        migrations.AddIndex(
            model_name='timeoff',
            index=models.Index(fields=['practitioner', 'ends_on'], name='time_off_by_end'),
        ),
        migrations.AddConstraint(
            model_name='timeoff',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gt', models.F('starts_on')), models.Q(('ends_on', models.F('starts_on')), ('start_time__isnull', True)), models.Q(('end_time__isnull', True), ('ends_on', models.F('starts_on'))), models.Q(('end_time__gt', models.F('start_time')), ('ends_on', models.F('starts_on'))), _connector='OR'), name='time_off_span', violation_error_message='The end must be after the start.'),
        ),
        migrations.AddIndex(
            model_name='workinghours',
            index=models.Index(fields=['practitioner', 'weekday'], name='working_hours_by_day'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_time', datetime.time(0, 0)), ('ends_next_day', False)), models.Q(('end_time__gt', models.F('start_time')), ('ends_next_day', False)), models.Q(('end_time__lt', models.F('start_time')), ('ends_next_day', True)), _connector='OR'), name='working_hours_span', violation_error_message='The end must be after the start; tick the box if it runs past midnight.'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='working_hours_validity', violation_error_message='The last day is before the first.'),
        ),
    ]
