"""iCalendar text (RFC 5545) and links that add an appointment to a web calendar."""
