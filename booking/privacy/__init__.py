"""Privacy: who was shown which patients (the access log)."""
