"""Model and form fields of content."""
