"""Find patients from every desk page and while booking."""
