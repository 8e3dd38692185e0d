"""Commands on patients: correct a contact, merge two rows."""
