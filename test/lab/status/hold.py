"""Holds connections: `hold.py serve ADDRESS:PORT...` accepts and keeps; `hold.py open ADDRESS:PORT=COUNT...` opens.
Prints `ready OPENED REFUSED` when it stands and keeps everything open until its standard input ends."""
import select, socket, sys, resource

resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
role, words = sys.argv[1], sys.argv[2:]
held, refused = [], 0


def place(word):
    address, port = word.split(":")
    return address, int(port)


if role == "serve":
    poll = select.epoll()
    listeners = {}
    for word in words:
        listener = socket.create_server(place(word), backlog=4096)
        listeners[listener.fileno()] = listener
        poll.register(listener, select.EPOLLIN)
    poll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
    print("ready", len(listeners), 0, flush=True)
    while True:
        for number, _ in poll.poll():
            if number not in listeners:
                sys.exit(0)
            held.append(listeners[number].accept())
else:
    for word in words:
        target, count = word.split("=")
        for _ in range(int(count)):
            try:
                held.append(socket.create_connection(place(target), timeout=float(3)))
            except OSError:
                refused += 1
    print("ready", len(held), refused, flush=True)
    sys.stdin.read()
