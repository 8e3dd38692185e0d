"""The waitlist: entries, offers and the answers to them."""
