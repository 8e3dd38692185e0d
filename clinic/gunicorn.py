"""How gunicorn serves the site, with a reason for each value."""

import gc
import os

from clinic import environment

bind = os.environ.get("BIND", "127.0.0.1:8000")
# Pages are work for a processor: one process for each core is what a small machine has. Each holds up to 120 MB.
workers = environment.whole_number("WEB_WORKERS", 2, lowest=1)
# Threads, of which one waits for the database while another computes. Slow visitors hold none of them: fifty who send
# a letter now and then stop all 32 threads of four "gthread" processes, and none of ours (tests/test_prove_slow.py).
worker_class = "clinic.patient_worker.PatientWorker"
# A thread that computes keeps the others of its process waiting, so more would only be more that wait: on SQLite for
# its one writer, on PostgreSQL with a connection each (2 x 8 of its usual 100).
threads = 8
# A process whose main loop says nothing for this long is dead: answering is the threads' work, not the loop's.
timeout = 30
# Whoever is being answered when the site stops is given this long: more than any page takes.
graceful_timeout = 20
# Just above the idle time of the front server (60 s in deploy/), so that it is the one to hang up. Without one,
# long enough for a page and its pictures over one connection, and no longer.
keepalive = 75 if os.environ.get("TRUSTED_PROXIES") else 5
# How many connections may wait to be taken in while all processes are busy. More would have given up before their
# turn came.
backlog = 1024
# A process is replaced now and then, and not both at once, so that a slow leak in some library never adds up.
# None was seen: after the bench's ten thousands of requests a process holds under 120 MB. A new one computes for two
# seconds before it answers, so a busy hour must not bring one: with 20,000 there was one every four seconds of load.
max_requests = 200_000
max_requests_jitter = 20_000
# Each process reads the application itself. Loading it once before the fork would save some memory, but hand every
# process the same open connections and locks; and a restart by SIGHUP would go on with the old code.
preload_app = False
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


def post_worker_init(worker: object) -> None:
    """What was read at the start stays: without this the collector would look through all of it again and again.

    It did so at about every twentieth page of free times, and somebody waited 20 milliseconds longer for theirs.
    """
    gc.collect()
    gc.freeze()
