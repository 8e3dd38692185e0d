"""Review as work: asking for it, comments on a draft, and the reviewer's page."""
