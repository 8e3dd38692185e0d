"""Time in which nobody is seen, as the desk blocks it: an hour, days, every week, or the whole clinic."""
