"""Forms for patients, and the fields and checks that forms elsewhere share."""
