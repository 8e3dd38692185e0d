"""Error pages: for visitors, for staff, while the database is away, and while the clinic is being set up."""
