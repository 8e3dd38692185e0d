"""/desk/privacy/: who saw and changed what, one person's data, and how long data is kept."""
