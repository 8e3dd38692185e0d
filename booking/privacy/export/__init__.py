"""Everything that is held about one patient, as a ZIP file: a page to read, and JSON with its schema."""
