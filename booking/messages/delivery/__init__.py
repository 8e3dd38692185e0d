"""The worker's side of the outbox: claim due messages, send, retry, clean up."""
