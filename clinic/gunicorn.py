"""How gunicorn serves the site, with a reason for each value."""

import os

from clinic import environment

bind = os.environ.get("BIND", "127.0.0.1:8000")
# Two processes use two cores; threads let one slow phone wait without keeping others waiting.
workers = environment.whole_number("WEB_WORKERS", 2, lowest=1)
worker_class = "gthread"
threads = 8
# A request that takes longer than this is stuck, not slow.
timeout = 30
graceful_timeout = 20
# Just above the idle time of common proxies, so that the proxy is the one to hang up.
keepalive = 75 if os.environ.get("TRUSTED_PROXIES") else 5
# A worker is replaced now and then, so that a slow leak in some library never adds up.
max_requests = 20_000
max_requests_jitter = 2_000
# A link with its token has some 70 characters and a search some 200; browsers send about 20 headers. What is longer
# is no visitor's: it is refused before a line of ours runs. (Bodies: DATA_UPLOAD_MAX_MEMORY_SIZE, one megabyte.)
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# Who may speak for another address is decided once, in clinic/proxies.py.
forwarded_allow_ips = ""
# Heartbeats go through memory: a busy disk must not make a healthy worker look dead.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"
