"""Who works here: logging in, second factors, idle sessions, roles, and the page that looks after them."""
