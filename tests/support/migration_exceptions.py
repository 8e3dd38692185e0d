"""What ``migration_lint`` may find in the migrations since the last release, each with the reason why it may stay.

A key is a migration and the index, column or constraint (locks), or a table and its column or constraint (old code).
"""

_INDEX = (
    "Written before this lint. 200,000 rows, twenty years of a busy clinic, take 0.15 seconds on two cores. Bookings "
    "wait that long, readers do not."
)
_CHECK = "Written before this lint. PostgreSQL checks 200,000 rows in 0.02 seconds."
_DROP = "Written before this lint. Dropping an index needs its lock for a moment, and migrate waits 0.3 seconds for it."
_WIDER = "Allows all that the release before allowed, and the state that only the new code writes."

_HOLDS = (
    "Holds few rows, but PostgreSQL reads the whole table for it, which takes no longer than the indexes above. Old "
    "and new change in one transaction, so that no session is without a rule."
)

_BLOCKS = (
    "The column may be empty now, for which Django makes its foreign key anew. Blocks of pages are some hundred rows: "
    "checking them takes milliseconds, and only editors wait."
)

_FIRST_CHOICES = "booking.0025_unconfirmed_bookings"

EXCEPTIONS: dict[str, str] = {
    # Locks
    "booking.0022_text_delivery message_delivery_check": _INDEX,
    f"{_FIRST_CHOICES} appointment_pending": _INDEX,
    f"{_FIRST_CHOICES} appointment_by_source": _INDEX,
    f"{_FIRST_CHOICES} appointment_by_source_site": _INDEX,
    f"{_FIRST_CHOICES} appointment_one_choice_a_session": _INDEX,
    f"{_FIRST_CHOICES} appointment_one_hold_a_session": _DROP,
    f"{_FIRST_CHOICES} appointment_live_holds": _DROP,
    f"{_FIRST_CHOICES} appointment_has_a_patient": _CHECK,
    f"{_FIRST_CHOICES} appointment_hold_has_an_end": _CHECK,
    f"{_FIRST_CHOICES} appointment_unconfirmed_has_an_end": _CHECK,
    f"{_FIRST_CHOICES} status": (
        "From varchar(10) to varchar(12): PostgreSQL rewrites nothing. Prepared statements that return it fail from "
        "then on. Only release 0.1.0 keeps any, and the migration closes its sessions."
    ),
    "booking.0028_phone_only_patients booking_patient_phone_only_by_id_0b368155": _INDEX,
    "booking.0033_desk_models booking_appointment_series_07ee1459": _INDEX,
    "booking.0033_desk_models booking_appointment_cancel_category_id_8c35558b": _INDEX,
    "booking.0035_blocks_and_callers booking_waitlistentry_patient_id_b1c19fb3": _INDEX,
    "booking.0036_patient_imports booking_patient_imported_in_id_7f91730d": _INDEX,
    "booking.0044_several_in_one_basket appointment_one_choice_a_session": _HOLDS,
    "booking.0044_several_in_one_basket appointment_one_choice_a_start": _HOLDS,
    "content.0022_editing page_one_of_each_special_kind": (
        "Dropping an index needs its lock for a moment, and migrate waits 0.3 seconds for it."
    ),
    "content.0022_editing content_calltoaction_service_id_87ef70e7_fk_booking_service_id": _BLOCKS,
    "content.0022_editing content_personcard_practitioner_id_227395f4_fk_booking_p": _BLOCKS,
    "content.0022_editing content_placedpicture_picture_id_426cd998_fk_content_picture_id": _BLOCKS,
    "content.0022_editing content_snippethere_snippet_id_c1bef85f_fk_content_page_id": _BLOCKS,
    # Old code
    "booking_samplerow.fingerprint": "Only load_sample writes these rows, which nobody runs during an update.",
    "booking_practitioner.practitioner_travel_up_to_4_hours": "About a new column, whose default in the database fits.",
    "booking_service.service_by_video_needs_no_room": "About a new column, whose default in the database fits.",
    "booking_appointment.appointment_has_a_patient": _WIDER,
    "booking_appointment.appointment_hold_has_an_end": _WIDER,
    "booking_appointment.appointment_unconfirmed_has_an_end": "About a state that only the new code writes.",
    "booking_appointment.appointment_one_choice_a_session": (
        "Replaces the same rule for holds alone. It also counts a choice that is not held, which only new code writes."
    ),
    "booking_appointment.appointment_one_choice_a_start": "About the times of a basket, which only new code writes.",
}
