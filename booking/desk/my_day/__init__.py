"""A practitioner's own pages at the desk: their day, and what they keep themselves: hours, feed, team page."""
