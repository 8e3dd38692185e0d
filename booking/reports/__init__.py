"""/desk/reports/: the clinic's numbers, for its owner. They name no patient."""
