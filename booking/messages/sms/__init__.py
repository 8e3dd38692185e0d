"""Text messages (SMS): gateway interface, adapters and GSM-7 encoding."""
