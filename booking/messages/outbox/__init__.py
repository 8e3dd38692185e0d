"""Insert outbox rows in the transaction of the change that they report."""
