"""One worker, one thread, connections kept open: what is compared is work, not waiting for each other."""

workers = 1
worker_class = "gthread"
threads = 1
keepalive = 60
timeout = 120
errorlog = "-"
loglevel = "warning"
control_socket_disable = True
