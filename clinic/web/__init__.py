"""Site-wide middleware and views."""
