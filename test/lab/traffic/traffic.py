"""Traffic for labs, whose every packet counts. Plain sockets and epoll, because 2 cores carry a whole fleet.

serve PORT               TCP and UDP: tells each caller the address it saw, then echoes; end of input: ends
hold TARGET COUNT        holds COUNT connections, each exchanging bytes ten times a second; end of input: each exchanges
                         once more, so that what broke a moment ago is told, then closes, reports
fresh TARGET RATE        opens RATE connections a second, one exchange each; end of input: reports
datagrams TARGET COUNT   holds COUNT UDP flows, each exchanging ten times a second; end of input: reports

Reports are one JSON object on stdout. `ready` on stderr says that everything stands.
"""
import errno, json, select, socket, sys, threading, time

stop = False
patience = 15.0  # Silence of a connection that is longer than this is a broken connection.
parting = 1.0  # Seconds that exchanges go on after the end of input: each connection's turn comes ten times a second.


def until_input_ends():
    global stop
    sys.stdin.read()
    if sys.argv[1] in ("hold", "datagrams"):
        time.sleep(parting)
    stop = True


def ready():
    sys.stderr.write("ready\n")
    sys.stderr.flush()


def target(text):
    host, port = text.split(":")
    return host, int(port)


def serve(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(65535)
    listener.setblocking(False)
    packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    packets.bind(("198.51.100.7" if has("198.51.100.7") else "0.0.0.0", port))
    packets.setblocking(False)
    poll = select.epoll()
    for sock in (listener, packets):
        poll.register(sock.fileno(), select.EPOLLIN)
    peers = {}
    ready()
    while not stop:
        for fd, _ in poll.poll(1):
            if fd == listener.fileno():
                accept_all(listener, poll, peers)
            elif fd == packets.fileno():
                echo_packets(packets)
            else:
                echo(fd, poll, peers)


def has(address):
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.bind((address, 0))
        return True
    except OSError:
        return False
    finally:
        probe.close()


def accept_all(listener, poll, peers):
    while True:
        try:
            sock, (address, _) = listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peers[sock.fileno()] = sock
        poll.register(sock.fileno(), select.EPOLLIN)
        try:
            sock.send(address.encode() + b"\n")
        except OSError:
            pass


def echo_packets(packets):
    while True:
        try:
            data, peer = packets.recvfrom(2048)
            packets.sendto(peer[0].encode() + b" " + data, peer)
        except OSError:
            return


def echo(fd, poll, peers):
    sock = peers[fd]
    try:
        data = sock.recv(65536)
        if data:
            sock.send(data)
            return
    except BlockingIOError:
        return
    except OSError:
        pass
    poll.unregister(fd)
    del peers[fd]
    sock.close()


def connected(where, seconds=20):
    sock = socket.create_connection(where, timeout=seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    seen = b""
    while not seen.endswith(b"\n"):
        more = sock.recv(64)
        if not more:
            raise OSError("closed at once")
        seen += more
    return sock, seen.decode().strip()


def hold(where, count):
    socks, seen, poll = {}, {}, select.epoll()
    for _ in range(count):
        sock, address = connected(where)
        sock.setblocking(False)
        socks[sock.fileno()] = sock
        seen[address] = seen.get(address, 0) + 1
        poll.register(sock.fileno(), select.EPOLLIN)
    ready()
    exchange(poll, socks, lambda sock: sock.send(b"12345678"), lambda sock: sock.recv(65536))
    report = dict(finish(socks, count), seen=seen)
    for sock in socks.values():
        sock.close()
    print(json.dumps(report))


def datagrams(where, count):
    socks, seen, poll = {}, {}, select.epoll()

    def heard(sock):
        data = sock.recv(2048)
        address = data.split(b" ")[0].decode()
        now = seen.setdefault(sock.fileno(), [])
        if not now or now[-1] != address:
            now.append(address)
        return data

    for _ in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(where)
        sock.setblocking(False)
        socks[sock.fileno()] = sock
        poll.register(sock.fileno(), select.EPOLLIN)
    ready()
    exchange(poll, socks, lambda sock: sock.send(b"12345678"), heard)
    print(json.dumps(dict(finish(socks, count), seen=list(seen.values()))))


last, failures = {}, []


def exchange(poll, socks, send, receive):
    """A tenth of all sends in each hundredth of a second, so that there are no bursts."""
    order, at, due = list(socks), 0, time.monotonic()
    now = time.monotonic()
    last.update({fd: now for fd in order})
    while not stop and socks:
        now = time.monotonic()
        if now >= due:
            due = max(due + 0.01, now - 1)
            share = (len(order) * (at + 1)) // 10 - (len(order) * at) // 10
            begin = (len(order) * at) // 10
            at = (at + 1) % 10
            for fd in order[begin:begin + share]:
                if fd in socks:
                    attempt(fd, socks, poll, send)
        for fd, _ in poll.poll(max(0, due - time.monotonic())):
            if fd in socks:
                attempt(fd, socks, poll, lambda sock: answer_of(sock, receive))


def answer_of(sock, receive):
    if not receive(sock):
        raise OSError("closed by the other end")
    last[sock.fileno()] = time.monotonic()


def attempt(fd, socks, poll, action):
    try:
        action(socks[fd])
    except BlockingIOError:
        return
    except OSError as error:
        failures.append(f"{time.time():.2f} {errno.errorcode.get(error.errno or 0, str(error))}")
        poll.unregister(fd)
        socks.pop(fd).close()


def finish(socks, count):
    now = time.monotonic()
    silent = sum(1 for fd in socks if now - last[fd] > patience)
    oldest = max([now - last[fd] for fd in socks] or [0])
    return {"held": count, "broken": count - len(socks) + silent, "silent": silent,
            "quiet": round(oldest, 2), "failures": failures[:5]}


def fresh(where, rate):
    """One line of the log for each connection: when its SYN left, and under which address it was seen."""
    poll, open_, log, failed = select.epoll(), {}, [], []
    due = time.monotonic()
    ready()
    while not stop or open_:
        now = time.monotonic()
        while not stop and now >= due:
            due = max(due + 1 / rate, now - 0.5)
            sock = socket.socket()
            sock.setblocking(False)
            open_[sock.fileno()] = [sock, time.time(), b""]
            if sock.connect_ex(where) not in (0, errno.EINPROGRESS):
                fail(open_, sock.fileno(), failed, "connect")
                continue
            poll.register(sock.fileno(), select.EPOLLIN)
        for fd, _ in poll.poll(max(0, min(due - time.monotonic(), 0.2)) if not stop else 0.2):
            if fd in open_:
                progress(open_, fd, log, failed)
        wall = time.time()
        for fd in [fd for fd, (_, since, _) in open_.items() if wall - since > patience]:
            fail(open_, fd, failed, "no answer")
    print(json.dumps({"opened": len(log) + len(failed), "failed": len(failed), "failures": failed[:5], "log": log}))


def progress(open_, fd, log, failed):
    entry = open_[fd]
    try:
        data = entry[0].recv(64)
        if not data:
            return fail(open_, fd, failed, "closed")
        before = entry[2]
        entry[2] += data
        if b"\n" in entry[2] and b"\n" not in before:
            entry[0].send(b"hello")
        if entry[2].endswith(b"hello"):
            log.append([round(entry[1], 3), entry[2].split(b"\n")[0].decode()])
            open_.pop(fd)[0].close()
    except BlockingIOError:
        return
    except OSError as error:
        fail(open_, fd, failed, errno.errorcode.get(error.errno or 0, str(error)))


def fail(open_, fd, failed, why):
    sock, since, _ = open_.pop(fd)
    failed.append(f"{since:.2f} {why}")
    sock.close()


def main():
    threading.Thread(target=until_input_ends, daemon=True).start()
    verb, *rest = sys.argv[1:]
    if verb == "serve":
        serve(int(rest[0]))
    elif verb == "hold":
        hold(target(rest[0]), int(rest[1]))
    elif verb == "datagrams":
        datagrams(target(rest[0]), int(rest[1]))
    elif verb == "fresh":
        fresh(target(rest[0]), float(rest[1]))
    else:
        sys.exit(__doc__)


main()
