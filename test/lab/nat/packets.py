"""Hand-made packets on both sides of a gateway, each one's fate known exactly.

One process holds a raw socket in the namespace before the gateway (webservers) and one behind it (the internet), so
what was sent on one side is looked for on the other: the number of a flow travels as the TCP sequence number, which NAT
leaves alone. Nothing here asks the gateway what it did, except for the size of its connection table.

packets.py fill|storm|invalid JSON: see the functions of these names. Prints one JSON object.
"""
import ctypes, json, os, random, select, socket, struct, subprocess, sys, time

SYN, ACK, SYNACK = 0x02, 0x10, 0x12
libc = ctypes.CDLL(None, use_errno=True)


def number(address):
    return struct.unpack("!I", socket.inet_aton(address))[0]


def text(value):
    return socket.inet_ntoa(struct.pack("!I", value))


def folded(total):
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


class Side:
    """A raw socket on a device of a namespace; `to` is the gateway's hardware address there."""

    def __init__(self, namespace, device, to, protocol=0x0800):
        here = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
        if libc.setns(there, 0) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 256 << 20)  # SO_RCVBUFFORCE
        self.socket.bind((device, protocol))
        libc.setns(here, 0)
        os.close(here)
        os.close(there)
        self.socket.setblocking(False)
        own = self.socket.getsockname()[4]
        self.head = bytes.fromhex(to.replace(":", "")) + own + b"\x08\x00"
        self.send = self.socket.send

    def tcp(self, source, destination, ports, flags, seq, ack=0):
        """A TCP packet without options or data, with right checksums."""
        addresses = (source >> 16) + (source & 0xFFFF) + (destination >> 16) + (destination & 0xFFFF)
        ip = ~folded(0x4500 + 40 + 0x4000 + 0x4006 + addresses) & 0xFFFF
        fields = (ports >> 16) + (ports & 0xFFFF) + (seq >> 16) + (seq & 0xFFFF) + (ack >> 16) + (ack & 0xFFFF)
        tcp = ~folded(addresses + 6 + 20 + fields + 0x5000 + flags + 0xFFFF) & 0xFFFF
        self.send(self.head + struct.pack(
            "!HHHHBBHIIIIIHHHH", 0x4500, 40, 0, 0x4000, 64, 6, ip, source, destination, ports, seq, ack,
            0x5000 | flags, 0xFFFF, tcp, 0))

    def received(self):
        """What has come in: source, destination, both ports as one number, flags, seq, ack."""
        while True:
            try:
                frame = self.socket.recv(128)
            except BlockingIOError:
                return
            if len(frame) >= 54 and frame[23] == 6:
                source, destination, ports, seq, ack, flags = struct.unpack_from("!IIIIIH", frame, 26)
                yield source, destination, ports, flags & 0x3F, seq, ack

    def wait(self, seconds):
        return bool(select.select([self.socket], [], [], seconds)[0])


def sides(order):
    return Side(order["inside"], "in", order["mac0"]), Side(order["outside"], "out", order["mac1"])


class Marker:
    """One connection of our own; its packet goes last in a batch, and when it is out, all before it have been judged.

    That is so because everything runs on one processor: there each packet takes its way before the next one.
    """

    def __init__(self, inside, outside):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        self.inside, self.outside, self.count = inside, outside, 1 << 30
        self.web, self.goal, self.ports = number("10.0.1.24"), number("198.51.100.9"), 999 << 16 | 999
        inside.tcp(self.web, self.goal, self.ports, SYN, self.count)
        for source, _, ports, _, seq, _ in self.next():
            outside.tcp(self.goal, source, 999 << 16 | ports >> 16, SYNACK, 7, seq + 1)
        inside.wait(2)
        for _ in inside.received():
            pass

    def next(self):
        if not self.outside.wait(2):
            raise RuntimeError("the gateway lets nothing pass")
        return list(self.outside.received())

    def passed(self, wanted):
        """The SYNs of flows in `wanted` that came out: flow -> (source address, source port)."""
        self.count += 1
        self.inside.tcp(self.web, self.goal, self.ports, ACK, self.count, 8)
        out = {}
        while True:
            for source, goal, ports, flags, seq, _ in self.next():
                if goal == self.goal and seq == self.count:
                    return out
                if flags == SYN and seq in wanted:
                    out[seq] = (source, ports >> 16)


def counted(order):
    entry = ["ip", "netns", "exec", order["gateway"], "conntrack"]
    kept = subprocess.run([*entry, "-C"], capture_output=True, text=True, check=True)
    stats = subprocess.run([*entry, "-S"], capture_output=True, text=True, check=True).stdout
    failed = sum(int(word[14:]) for word in stats.split() if word.startswith("insert_failed="))
    return int(kept.stdout), failed


def passed(outside, wanted, patience):
    """As the marker does it, with patience instead of a mark."""
    out = {}
    while True:
        for source, _, ports, flags, seq, _ in outside.received():
            if flags == SYN and seq in wanted:
                out[seq] = (source, ports >> 16)
        if len(out) == len(wanted) or not outside.wait(patience):
            return out


def fill(order):
    """Opens connections of all webservers to one destination until no port is left; a whole handshake for each.

    First every webserver's every port is tried once, webservers taking turns; then those that were refused, again, as
    a client's SYN is sent again. `refused` holds [per mille of the pool in use, tries, refusals, microseconds a try].
    """
    inside, outside = sides(order)
    marker = Marker(inside, outside)
    webservers = [number("10.0.1.1") + i for i in range(order["webservers"])]
    destination, pool = number("198.51.100.7"), order["addresses"] * 64512
    first, last = order["ports"]
    chance = random.Random(1)
    orders = [chance.sample(range(first, last + 1), last + 1 - first) for _ in webservers]
    flows = [(web, own[i]) for i in range(last + 1 - first) for web, own in zip(webservers, orders)]
    waiting, open_flows, used, first_refusal = list(range(len(flows))), 0, {}, None
    seen = {}
    for round_ in range(order["rounds"]):
        refused = []
        for at in range(0, len(waiting), 256):
            batch = waiting[at:at + 256]
            mille, begun = open_flows * 1000 // pool, time.perf_counter()
            for flow in batch:
                web, port = flows[flow]
                inside.tcp(web, destination, port << 16 | 443, SYN, flow)
            spent = time.perf_counter() - begun
            out = marker.passed(set(batch))
            lost = [flow for flow in batch if flow not in out]
            refused += lost
            if round_ == 0:
                row = seen.setdefault(mille, [0, 0, 0.0])
                row[0], row[1], row[2] = row[0] + len(batch), row[1] + len(lost), row[2] + spent
                if lost and first_refusal is None:
                    first_refusal = open_flows / pool
            for flow, (source, port) in out.items():
                outside.tcp(destination, source, 443 << 16 | port, SYNACK, 7, flow + 1)
                used[source] = used.get(source, 0) + 1
            answered = 0
            while answered < len(out) and (answered or inside.wait(2)):
                got = 0
                for source, web, ports, flags, _, ack in inside.received():
                    if flags == SYNACK:
                        inside.tcp(web, source, (ports & 0xFFFF) << 16 | 443, ACK, ack, 8)
                        got += 1
                answered += got
                if got == 0 and not inside.wait(2):
                    break
            open_flows += answered
            for _ in outside.received():
                pass
            if open_flows >= pool:
                break
        if not refused or len(refused) == len(waiting) or open_flows >= pool:
            break
        waiting = refused
    kept, failed = counted(order)
    return {
        "tried": len(flows), "open": open_flows, "pool": pool, "entries": kept - 1, "insertFailed": failed,
        "firstRefusal": first_refusal, "used": {text(a): n for a, n in sorted(used.items())},
        "refused": [[mille, *row[:2], 1e6 * row[2] / row[0]] for mille, row in sorted(seen.items())],
    }


def storm(order):
    """New connections to many destinations, one after the other, while others are held and used.

    Every `round` the held ones say a word, and both the address they are seen by and the answer are looked at.
    """
    inside, outside = sides(order)
    webservers = [number("10.0.1.1") + i for i in range(20)]
    destination = number("198.51.100.7")
    held = {}
    for flow in range(order["held"]):
        inside.tcp(webservers[flow % 20], destination, (20000 + flow) << 16 | 443, SYN, flow)
    for flow, place in passed(outside, set(range(order["held"])), 2).items():
        held[flow] = place
        outside.tcp(destination, place[0], 443 << 16 | place[1], SYNACK, 7, flow + 1)
    for source, web, ports, flags, _, ack in inside.received():
        inside.tcp(web, source, (ports & 0xFFFF) << 16 | 443, ACK, ack, 8)
    lost, leaked, moved, silent, by = 0, 0, 0, order["held"] - len(held), {}
    total, at = order["flows"], 1 << 24
    for begin in range(0, total, 250):
        batch = range(at + begin, at + min(begin + 250, total))
        for flow in batch:
            i = flow - at
            # 20 webservers, 25 destinations: a pair has 500 ports, and nobody's port is used twice.
            web, goal = webservers[i % 20], number("198.51.100.100") + i // 20 % 25
            inside.tcp(web, goal, (1024 + i // 500) << 16 | 443, SYN, flow)
        out = passed(outside, set(batch), 2)
        lost += len(batch) - len(out)
        for source, _ in out.values():
            by[source] = by.get(source, 0) + 1
            leaked += source >> 24 == 10
        if begin // 250 % 20 == 0:
            for flow in held:
                inside.tcp(webservers[flow % 20], destination, (20000 + flow) << 16 | 443, ACK, flow + 1, 8)
            words = {}
            while len(words) < len(held):
                for source, _, ports, flags, seq, _ in outside.received():
                    if flags == ACK:
                        words[seq - 1] = (source, ports >> 16)
                if len(words) < len(held) and not outside.wait(2):
                    break
            silent += len(held) - len(words)
            moved += sum(words[flow] != held[flow] for flow in words)
            leaked += sum(source >> 24 == 10 for source, _ in words.values())
        time.sleep(order["pause"])
    return {"flows": total, "lost": lost, "leaked": leaked, "held": len(held), "moved": moved, "silent": silent,
            "by": {text(a): n for a, n in sorted(by.items())}}


def invalid(order):
    """24 packets of 8 kinds that conntrack finds INVALID; tells which came out with an inside address."""
    inside, outside = sides(order)
    destination, out = number("198.51.100.7"), {}

    def ip(protocol, body, web):
        head = struct.pack("!HHHHBBHII", 0x4500, 20 + len(body), 0, 0x4000, 64, protocol, 0, web, destination)
        total = folded(sum(struct.unpack("!10H", head)))
        return head[:10] + struct.pack("!H", ~total & 0xFFFF) + head[12:] + body

    def checked(body, at, extra=0):
        words = body + b"\0" * (len(body) % 2)
        total = ~folded(extra + sum(struct.unpack(f"!{len(words) // 2}H", words))) & 0xFFFF
        return body[:at] + struct.pack("!H", total) + body[at + 2:]

    def tcp(web, flags, offset=5, bad=0, port=40000):
        body = struct.pack("!HHIIHHHH", port, 443, 1, 1, offset << 12 | flags, 65535, 0, 0)
        pseudo = 6 + 20 + (web >> 16) + (web & 0xFFFF) + (destination >> 16) + (destination & 0xFFFF)
        return ip(6, checked(body, 16, pseudo + bad), web)

    def icmp(web, kind, code, rest):
        return ip(1, checked(struct.pack("!BBH", kind, code, 0) + rest, 2), web)

    stranger = struct.pack("!HHHHBBHII", 0x4500, 28, 0, 0, 64, 17, 0, destination, number("203.0.113.10"))
    kinds = {
        "RST of no connection": lambda web, i: tcp(web, 0x04, port=41000 + i),
        "SYN-ACK of no connection": lambda web, i: tcp(web, 0x12, port=41100 + i),
        "FIN of no connection": lambda web, i: tcp(web, 0x01, port=41200 + i),
        "no flags": lambda web, i: tcp(web, 0x00, port=41300 + i),
        "all flags": lambda web, i: tcp(web, 0x3F, port=41400 + i),
        "SYN and FIN": lambda web, i: tcp(web, 0x03, port=41500 + i),
        "header longer than the packet": lambda web, i: tcp(web, 0x02, offset=15, port=41600 + i),
        "ICMP error about a stranger": lambda web, i: icmp(web, 3, 3, struct.pack("!I", 0) + stranger + b"\0\x35\0\x35\0\x08\0\0"),
    }
    for at, (kind, make) in enumerate(kinds.items()):
        out[kind] = 0
        for i in range(3):
            inside.send(inside.head + make(number("10.0.1.1") + 3 * at + i, i))
    while outside.wait(0.5):
        try:
            frame = outside.socket.recv(256)
        except BlockingIOError:
            continue
        source = struct.unpack_from("!I", frame, 26)[0]
        if source >> 24 == 10:
            out[list(kinds)[(source - number("10.0.1.1")) // 3]] += 1
    return {"sent": 3 * len(kinds), "leaked": sum(out.values()), "byKind": out}


print(json.dumps({"fill": fill, "storm": storm, "invalid": invalid}[sys.argv[1]](json.loads(sys.argv[2]))))
