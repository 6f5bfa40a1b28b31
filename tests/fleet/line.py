#!/usr/bin/env python3
"""A line between a host and the bridge that delays, loses and doubles packets.

netem does this in the kernel, where a kernel has it. This is the same in user space, by a pair of
tap devices: packets keep their addresses, so certificates that name them hold, which no proxy for
TCP could say. A process of its own carries the packets; the rig tells it what to do by lines of
JSON on its stdin: {"delay": s, "jitter": s, "loss": share, "double": share}.
"""
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x0002, 0x1000
QUIET = {"delay": 0.0, "jitter": 0.0, "loss": 0.0, "double": 0.0}


class Line:
    """The rig's side: starts the process, and tells it."""

    def __init__(self, near, far):
        """Makes two interfaces in the rig's own namespace; what enters one leaves the other."""
        self.process = subprocess.Popen([sys.executable, __file__, near, far], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "ready\n", "no tap devices here"

    def set(self, **ills):
        """From now on; without words the line is a good one."""
        self.process.stdin.write(json.dumps({**QUIET, **ills}) + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def departures(ills, chance, now):
    """When a packet that came now goes on: once, twice, or never."""
    if chance.random() < ills["loss"]:
        return []
    copies = 2 if chance.random() < ills["double"] else 1
    return [now + max(0.0, ills["delay"] + chance.uniform(-1, 1) * ills["jitter"])
            for _ in range(copies)]


def carry(near, far):
    """Until stdin ends."""
    ills, chance, waiting, count = dict(QUIET), random.Random(1), [], 0
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, device, packet = heapq.heappop(waiting)
            try:
                os.write(device, packet)
            except OSError:
                pass  # a full or downed interface drops, as a switch does
        left = max(0.0, waiting[0][0] - now) if waiting else None
        ready, _, _ = select.select([near, far, 0], [], [], left)
        if 0 in ready:
            told = sys.stdin.readline()
            if not told:
                return
            ills = json.loads(told)
        for device, other in ((near, far), (far, near)):
            if device in ready:
                packet = os.read(device, 65536)
                for at in departures(ills, chance, time.monotonic()):
                    count += 1  # equal times: first come, first served
                    heapq.heappush(waiting, (at, count, other, packet))


if __name__ == "__main__":
    ends = [tap(name) for name in sys.argv[1:3]]
    print("ready", flush=True)
    carry(*ends)
