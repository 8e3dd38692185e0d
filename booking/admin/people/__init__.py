"""The admin of practitioners: their details, calendar feeds, and drafts of their own pages."""
