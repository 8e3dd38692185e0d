"""Import patients from a CSV file: upload, match columns, preview, import, undo."""
