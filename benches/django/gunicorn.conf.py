"""BIND is host:port; WORKERS and THREADS are optional.

One worker with four threads, by measurement: Python 3.11, server on one core, `wrk -t1 -c16` and PostgreSQL on the
other, prepared statements off. Requests/s of drf-totp 0.2.0, one run of two seconds each; runs vary by a tenth:

                          SQLite                PostgreSQL
                     session  validate      session  validate
    sync                1178       258          785       131
    gthread, 1          1162       337          706       186
    gthread, 4          1159       309          973       241
    sync, 2 workers     1097       274          914       240
    gthread 4, 2 w.     1076       279          784       265

The interpreter is the limit, so SQLite hardly cares; with PostgreSQL a thread works while another waits. 2, 8 and 16
threads were no faster. sync closes the connection after each answer. gunicorn's optional C parser of HTTP and a rarer
garbage collection made no difference above the noise.
"""

import os

bind = os.environ["BIND"]
worker_class = "gthread"
workers = int(os.environ.get("WORKERS", "1"))
threads = int(os.environ.get("THREADS", "4"))
# Longer than any pause of the driver.
keepalive = 75
# The heartbeat file must not wait for the disk.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
loglevel = "warning"
