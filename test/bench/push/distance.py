"""Puts the controller of a lab far away: `distance.py RTT_MS PORT BRIDGE`, run where the bridge is, in a lab's network.

PORT, the controller's cable, is taken off BRIDGE and put on a bridge of its own; two TAP devices join the two bridges, and
each frame that enters one leaves the other half a round trip later, in order, whoever sent it: handshakes wait as data
does. For kernels without netem. Frames pass whole, with what the sender left for a network card to do (segments, check
sums), as they do through a bridge. It says `ready`, answers each line on standard input with its figures as JSON, and
ends when its input does; the TAP devices end with it, so a controller is cut off then, never suddenly near.
"""
import collections, fcntl, gc, json, os, resource, select, struct, subprocess, sys, time

TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
TAP, NO_PI, VNET_HDR = 0x0002, 0x1000, 0x4000
CHECKSUM, TSO4, TSO6 = 0x01, 0x02, 0x04
LONGEST = 65536 + 64  # bytes: the largest a sender gives a card at once, and its headers
BATCH = 64  # frames taken in before somebody's deadline is looked at again
GATHER = 0.0003  # seconds of its delay in which a frame waits for others: what is taken in together leaves together
BUCKET = 0.0001  # seconds


def tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), TAP | NO_PI | VNET_HDR))
    fcntl.ioctl(device, TUNSETOFFLOAD, CHECKSUM | TSO4 | TSO6)
    return device


def wire(port, bridge):
    lines = [
        "link add far type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
        *(f"link set {name} addrgenmode none" for name in ("far", "far-near", "far-fleet")),
        *(f"link set {name} txqueuelen 100000" for name in ("far-near", "far-fleet")),
        f"link set {port} master far",
        "link set far-near master far up",
        f"link set far-fleet master {bridge} up",
        "link set far up",
    ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def be_punctual():
    """A frame should not wait for a busy machine: a kernel would not let it wait either."""
    gc.disable()
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        os.setpriority(os.PRIO_PROCESS, 0, -20)


class Lane:
    """One direction. Frames are kept in the order they came, each with the time it is to leave."""

    def __init__(self, source, target, delay):
        self.source, self.target, self.delay = source, target, delay - GATHER
        self.frames = collections.deque()

    def take_in(self):
        due = time.monotonic() + self.delay
        try:
            for _ in range(BATCH):
                self.frames.append((due, os.read(self.source, LONGEST)))
        except BlockingIOError:
            pass

    def let_go(self, lateness):
        frames, count = self.frames, 0
        now = time.monotonic()
        while frames and frames[0][0] <= now:
            due, frame = frames.popleft()
            os.write(self.target, frame)
            lateness[min(int((now - due) / BUCKET), len(lateness) - 1)] += 1
            count += 1
        return count


def figures(counts, lateness):
    used = resource.getrusage(resource.RUSAGE_SELF)
    total, rank = sum(lateness), 0
    for bucket, count in enumerate(lateness):
        rank += count
        if rank >= total * 0.99:
            break
    return {"frames": counts, "cpu": used.ru_utime + used.ru_stime, "late99": bucket * BUCKET * 1000}


def run(lanes):
    counts, lateness = [0, 0], [0] * 10000
    listened = [0, *(lane.source for lane in lanes)]
    while True:
        for at, lane in enumerate(lanes):
            counts[at] += lane.let_go(lateness)
        next_due = min((lane.frames[0][0] for lane in lanes if lane.frames), default=None)
        wait = None if next_due is None else max(0, next_due - time.monotonic())
        # select waits to the microsecond, epoll only to the millisecond.
        ready = select.select(listened, [], [], wait)[0]
        if 0 in ready:
            if os.read(0, 4096) == b"":
                return
            print(json.dumps(figures(counts, lateness)), flush=True)
        elif ready:
            time.sleep(GATHER)
            for lane in lanes:
                lane.take_in()


rtt, port, bridge = float(sys.argv[1]), sys.argv[2], sys.argv[3]
near, fleet = tap("far-near"), tap("far-fleet")
wire(port, bridge)
be_punctual()
print("ready", flush=True)
run([Lane(near, fleet, rtt / 2000), Lane(fleet, near, rtt / 2000)])
