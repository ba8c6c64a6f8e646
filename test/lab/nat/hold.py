"""Connections of a webserver, held open and used, and short new ones beside them.

python3 hold.py COUNT FOLDER: opens COUNT connections to the echo of the lab's internet, notes the address each is seen
by, then goes round: an echo on every one, ten short new ones. FOLDER/report.json is replaced each round; a file
FOLDER/release-ADDRESS closes those seen by ADDRESS, FOLDER/quit ends all.
"""
import json, os, resource, select, socket, sys, time

ECHO = ("198.51.100.7", 7)
count, folder = int(sys.argv[1]), sys.argv[2]
os.makedirs(folder, exist_ok=True)
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, max(count + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))


def opened():
    """A connection and the address that the other side sees it by."""
    one = socket.create_connection(ECHO, timeout=20)
    seen = one.makefile("rb").readline().decode().rsplit(":", 1)[0]
    return one, seen


def silent(held, word):
    """Says the word on all, then listens: those that have not said it back within ten seconds."""
    missing = {}
    for one, seen in held:
        one.setblocking(False)
        try:
            one.send(word)
        except OSError:
            pass
        missing[one.fileno()] = [one, seen, b""]
    poll = select.poll()
    for number in missing:
        poll.register(number, select.POLLIN)
    dead, end = [], time.monotonic() + 10
    while missing and time.monotonic() < end:
        for number, _ in poll.poll(500):
            entry = missing[number]
            try:
                part = entry[0].recv(100)
            except OSError:
                part = b""
            entry[2] += part
            if not part or entry[2] == word:
                poll.unregister(number)
                del missing[number]
                if not part:
                    dead.append(entry)
    return [(one, seen) for one, seen, _ in [*dead, *missing.values()]]


held = [opened() for _ in range(count)]
broken, new, failed, rounds = {}, {}, 0, 0
while not os.path.exists(f"{folder}/quit"):
    for word in os.listdir(folder):
        if word.startswith("release-"):
            gone = [one for one, seen in held if seen == word[8:]]
            held = [(one, seen) for one, seen in held if seen != word[8:]]
            for one in gone:
                one.close()
            os.remove(f"{folder}/{word}")
    for one, seen in silent(held, b"x%d\n" % rounds):
        held.remove((one, seen))
        broken[seen] = broken.get(seen, 0) + 1
    for _ in range(10):
        try:
            one, seen = opened()
            new[seen] = new.get(seen, 0) + 1
            one.close()
        except OSError:
            failed += 1
    rounds += 1
    alive = {}
    for _, seen in held:
        alive[seen] = alive.get(seen, 0) + 1
    report = {"rounds": rounds, "held": alive, "broken": broken, "new": new, "failed": failed}
    with open(f"{folder}/report.new", "w") as file:
        json.dump(report, file)
    os.rename(f"{folder}/report.new", f"{folder}/report.json")
    time.sleep(0.1)
