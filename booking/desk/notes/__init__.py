"""Notes and tags on patients and visits: for running the day, not a clinical record."""
