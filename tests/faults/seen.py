"""Whether the shim stands before every call: strace, which sees what reaches the kernel, counts the same.

A library that goes past libc, or a call that the shim does not know, would be a fault that is never tried.
"""

import collections
import os
import re
import shutil
import subprocess

from world import fresh, tree

KINDS = {
    "read": "read", "pread64": "read", "readv": "read", "preadv": "read",
    "write": "write", "pwrite64": "write", "writev": "write", "pwritev": "write",
    "copy_file_range": "past", "sendfile": "past", "splice": "past", "mmap": "mmap", "io_uring_enter": "past",
    "rename": "rename", "renameat": "rename", "renameat2": "rename", "link": "rename", "linkat": "rename",
    "unlink": "remove", "unlinkat": "remove", "rmdir": "remove",
    "mkdir": "mkdir", "mkdirat": "mkdir", "fsync": "sync", "fdatasync": "sync", "ftruncate": "cut",
    "flock": "lock", "open": "open", "openat": "open", "chmod": "chmod", "fchmod": "chmod", "fchmodat": "chmod",
}
# One thread each: with more, what is read ahead differs from run to run.
COMMANDS = {
    "generate", "generate parquet", "generate --force", "generate --resume", "inject", "anonymise", "fit", "replay",
    "evaluate", "run", "man", "detect", "detect zip", "detect gz", "detect zst", "detect csv", "detect parquet",
}


def by_strace(world, command, out):
    """Calls by their kind; and of renames, by the name that the kernel knows them by."""
    log = world.scratch / "strace"
    places = {"in": world.inputs, "out": out}
    subprocess.run(
        ["strace", "-f", "-y", "-s", "0", "-o", log, "-e", "trace=" + ",".join(f"?{name}" for name in KINDS)]
        + [world.scanbench, *(word.format(**places) for word in command.words)],
        check=True, capture_output=True, env={**os.environ, "TMPDIR": str(world.scratch / "tmp")},
    )
    counts, names = collections.Counter(), collections.Counter()
    for line in log.read_text().splitlines():
        # Two threads' calls that overlap stand in two lines each; the first has the name and the file.
        call = re.match(r"\d+ +(\w+)\((.*)", line)
        if call and f"{world.scratch}/" in call.group(2):
            counts[KINDS[call.group(1)]] += 1
            if KINDS[call.group(1)] == "rename":
                names[call.group(1)] += 1
    return counts, names


def renames(world, command, out, names):
    """Lets each rename fail, by strace: no file stands under its name that is not whole, and the error says which."""
    found = []
    places = {"in": world.inputs, "out": out}
    words = [world.scanbench, *(word.format(**places) for word in command.words)]
    environment = {**os.environ, "TMPDIR": str(world.scratch / "tmp")}
    whole = {name: tree(out / name) for name in command.writes}
    log = world.scratch / "strace"
    # strace counts each call by itself.
    for call, number in [(call, number) for call, count in sorted(names.items()) for number in range(1, count + 1)]:
        fresh(out, command.before, world.inputs)
        done = subprocess.run(
            ["strace", "-f", "-qq", "-o", log, "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={number}", *words],
            capture_output=True, text=True, env=environment, check=False,
        )
        left = {name: tree(out / name) for name in command.writes}
        is_whole = all(text == whole[name].get(path) for name in left for path, text in left[name].items())
        is_hit = "(INJECTED)" in log.read_text()
        if not is_hit or done.returncode != 2 or "os error 5" not in done.stderr or not is_whole:
            found.append((command.name, call, number, done.stderr))
            why = f"ended with {done.returncode}" if is_hit else "was never reached"
            print(f"{command.name}: {call} {number} of {names[call]}: {why}: {done.stderr.strip()[-300:]}")
    return found


def hold(world, bench, commands):
    """The commands of which the two do not count the same."""
    if shutil.which("strace") is None:
        print("strace is not there, so nobody counted calls beside the shim: apt-get install strace")
        return []
    found = []
    for command in commands:
        if command.name not in COMMANDS:
            continue
        out = world.scratch / "out-strace"
        fresh(out, command.before, world.inputs)
        theirs, names = by_strace(world, command, out)
        ours = collections.Counter(line.split("\t")[0] for line in bench.run(command, {}).calls if "\t<" not in line)
        ours["open"] += ours.pop("create", 0)
        # Folders are opened inside libc too, so of opens there may be more.
        if theirs["rename"] > ours["rename"]:
            # `tempfile` asks the kernel itself, without libc.
            found += renames(world, command, out, names)
            theirs["rename"] = ours["rename"]
        for kind in sorted(set(theirs) - {"open"} | set(ours) & set(KINDS.values()) - {"open"}):
            if theirs[kind] != ours[kind]:
                found.append((command.name, kind, theirs[kind], ours[kind]))
                print(f"{command.name}: {theirs[kind]} calls of {kind} by strace, {ours[kind]} by the shim")
        if ours["open"] > theirs["open"]:
            found.append((command.name, "open", theirs["open"], ours["open"]))
    print(f"strace counted beside the shim: {len(COMMANDS)} commands")
    return found
