"""Runs one command and says what it took: measure.py STDOUT STDERR COMMAND...

A process of its own, started with -I -S, because Linux counts the memory of whoever starts a command into the
command's peak: that floor is then this script's few MiB and not the caller's.
"""

import json
import os
import sys
import time

out, err, *command = sys.argv[1:]
files = [
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
    (os.POSIX_SPAWN_OPEN, 2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
]
began = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - began
print(
    json.dumps(
        {
            "exit": os.waitstatus_to_exitcode(status),
            "wall_s": wall,
            "user_s": used.ru_utime,
            "sys_s": used.ru_stime,
            "peak_kib": used.ru_maxrss,
        }
    )
)
