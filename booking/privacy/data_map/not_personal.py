"""Fields that were reviewed and hold no personal data, by model.

A new field that holds some belongs to the entries of the data map. Numbers of rows count as none: what they lead to is
listed where it is held.
"""

_FIELDS: dict[str, str] = {
    "clinic.Role": "id key group given",
    "clinic.PasswordLinkRequest": "id",
    "content.Page": (
        "id kind slug parent title lede description topic position alternate_names hero_picture hero_alt "
        "hero_is_decorative service booking_label performed_by referral last_reviewed_on next_review_on "
        "preview_generation"
    ),
    "content.Section": "id parent region ordering heading level is_folded short_answer body",
    "content.Callout": "id parent region ordering heading level tone body",
    "content.LeadList": "id parent region ordering heading level purpose intro items",
    "content.NumberedSections": "id parent region ordering heading level counting intro items",
    "content.DefinitionList": "id parent region ordering heading level intro items",
    "content.Questions": "id parent region ordering heading level items",
    "content.DoList": "id parent region ordering heading level do do_not",
    "content.RiskTable": "id parent region ordering heading level intro caption rows note",
    "content.CareCard": "id parent region ordering heading level call items body",
    "content.BeforeDuringAfter": "id parent region ordering heading level before during after",
    "content.ExternalLink": "id address outcome words checked_at pages",
    "content.Menu": "id kind",
    "content.MenuEntry": "id menu place page label position",
    "content.Notice": "id title text tone starts_at ends_at link_label page service position",
    "content.PageFeedback": "id page month helped did_not_help",
    "content.Picture": "id title subject alt is_decorative width height focal_x focal_y created_at",
    "content.PictureFile": ("id kind state digest focal_x focal_y width height failed_at claimed_until created_at"),
    "content.PlaceMap": "id location picture night_picture alt caption",
    "content.SlugRedirect": "id page service left_at",
    "content.PlacedPicture": "id parent region ordering picture alt is_decorative caption",
    "content.CallToAction": "id parent region ordering heading level body label service",
    "content.PersonCard": "id parent region ordering heading level label",
    "content.Signpost": "id parent region ordering title text page service for_returning",
    "content.SnippetHere": "id parent region ordering snippet",
    "content.Sources": "id parent region ordering heading level items",
    "content.Revision": ("id page is_public goes_live_at changed_at schema head blocks is_repeat overridden snippets"),
    "content.Review": "id page next_review_on digest evidence",
    "content.ReviewRequest": "id page review outcome",
    "content.BlockComment": "id page block_kind block_id",
    "content.EditSession": "id page key schema head blocks",
    "content.SearchEntry": "id kind",
    "content.SearchIndex": "id version until shape vocabulary care_cards plain_words synonyms",
    "content.SearchSynonym": "id typed words page",
    "booking.Clinic": (
        "id name email phone collection_notice collection_notice_version emergency_signs "
        "visits_ahead_per_email unverified_share own_networks college map_app fees_note waitlist_offer_lasts "
        "notices summary_at"
    ),
    "booking.Insurer": "id name note is_active position",
    "booking.CancelReason": "id name is_active position",
    "booking.Location": (
        "id name slug street city province postal_code phone time_zone time_zone_label parking_notes "
        "step_free_notes directions latitude longitude position"
    ),
    "booking.OpeningHours": "id location weekday opens closes",
    "booking.Room": "id location name is_active position",
    "booking.SpecialHours": "id location on opens closes name",
    "booking.Tag": "id name tone is_alert position",
    "booking.PatientImport": "id key count",
    "booking.Patient": "id",
    "booking.PatientNote": "id",
    "booking.PatientMerge": "id",
    "booking.Service": (
        "id name slug summary description what_to_bring duration price insurer_code buffer_before "
        "buffer_after step lead_time horizon_days series_limit cancellation_window first_reminder second_reminder "
        "late_cancellation_fee audience first_visit_service booked_by needs_room by_video meeting_link "
        "needs_needling_authorisation needs_date_of_birth shows_emergency_signs intake_form is_active position"
    ),
    "booking.IntakeForm": "id name title intro new_patients_only remind_days is_active",
    "booking.IntakeQuestion": "id form page position kind label why is_required choices",
    "booking.IntakeFormVersion": "id form number title intro questions published_at",
    "booking.IntakeAnswers": "id",
    "booking.Practitioner": "id focal_x focal_y colour position compact_days travel_time services",
    "booking.PractitionerDraft": "id",
    "booking.ExternalCalendar": ("id etag covers_until last_read_at last_tried_at skipped last_problem next_read_at"),
    "booking.BusyTime": "id",
    "booking.PractitionerService": "id",
    "booking.Appointment": (
        "id local_fold time_zone buffer_before buffer_after cancellation_window hold_expires_at "
        "link_generation sequence"
    ),
    "booking.AppointmentEvent": "id",
    "booking.ContentVersion": "id number",
    "booking.WorkingHours": "id",
    "booking.Break": "id",
    "booking.HoursOverride": "id",
    "booking.TimeOff": "id batch",
    "booking.RunningLate": "id",
    "booking.Closure": "id location on name batch",
    "booking.WaitlistEntry": "id",
    "booking.WaitlistOffer": "id uid",
    "booking.Message": "id attempts leased_until delivery_check_at delivery_checks",
    "booking.MessageWording": "id kind subject heading opening closing changed_at",
    "booking.AccessLogEntry": "id",
    "booking.AccessLogPerson": "id",
    "booking.ChangeLogEntry": "id",
    "booking.RetentionPeriods": (
        "id patients_years minors_until_age access_log_years message_days contact_days waitlist_days backup_days"
    ),
    "booking.Disposal": "id kind counts rule in_backups_until",
    "booking.DisposalItem": "id disposal log_before",
    "booking.RateLimitBucket": "id",
    "booking.BookingStepCount": "id day location service step count",
    "booking.FirstFreeTime": "id day location service practitioner days_ahead",
    "booking.SampleRow": "id content_type object_id fingerprint",
    "booking.SetupCheck": "id step",
    "booking.TaskRun": "id name went_well_at interval",
    "booking.SiteIdentity": (
        "id database site_url token heartbeats recorded_at sent_until went_back muted_place muted_at"
    ),
    "booking.ClockReading": "id machine read_at uptime checked_at off_by off_since",
    "account.EmailAddress": "id",
    "account.EmailConfirmation": "id",
    "mfa.Authenticator": "id",
    "admin.LogEntry": "id content_type action_flag",
    "auth.User": "id",
}
NOT_PERSONAL: frozenset[tuple[str, str]] = frozenset(
    (model, field) for model, fields in _FIELDS.items() for field in fields.split()
)
