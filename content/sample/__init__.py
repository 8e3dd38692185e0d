"""The sample clinic's pages and pictures."""
