"""Runs a command and says what all of it cost: `measured.py COMMAND...` prints one line of JSON on standard error's end.

wall: seconds until the command itself had ended. cpu: user and system seconds of the whole tree, with those who left it
(a ControlMaster in the background): they become our children, are ended afterwards, and counted. peak: MiB of
proportional memory of the tree, looked at every 50 ms. What a reader gets wrong: the looking costs CPU, but ours, and
ours is not counted.
"""
import ctypes, json, os, resource, signal, subprocess, sys, threading, time

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants():
    found, queue = [], [os.getpid()]
    while queue:
        parent = queue.pop()
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as children:
                pids = [int(pid) for pid in children.read().split()]
        except OSError:
            continue
        found += pids
        queue += pids
    return found


def memory_kib():
    total = 0
    for pid in descendants():
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total


def watch(ended, peak):
    while not ended.wait(0.05):
        peak[0] = max(peak[0], memory_kib())


def end_leftovers():
    while left := descendants():
        for pid in left:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        time.sleep(0.02)


ended, peak = threading.Event(), [0]
watcher = threading.Thread(target=watch, args=(ended, peak))
watcher.start()
began = time.monotonic()
code = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL)
wall = time.monotonic() - began
ended.set()
watcher.join()
end_leftovers()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cost = {"code": code, "wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": peak[0] / 1024}
print("\n" + json.dumps(cost), file=sys.stderr)
