"""Views of one appointment, under /appointment/."""
