"""The waitlist by hand: who waits, add a caller, offer a gap or book it for who waits."""
