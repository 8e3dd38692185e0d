"""Views of the booking steps, under /book/."""
