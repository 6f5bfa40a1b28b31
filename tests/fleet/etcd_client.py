"""A client of etcd in one file: unary calls and one watch over HTTP/2, with a host's certificate.

etcdctl takes a tenth of a second to start, which is too coarse for a test that measures gaps of
that size, and Debian's Python has no gRPC. What is needed of HTTP/2 is little: request headers go
out uncompressed, and of the answer's headers nothing is read, for a call succeeded exactly when a
message came.

A connection belongs to one thread and carries one call at a time. Its errors are Unavailable (away,
or not within the time) and Refused (an answer, but no message); after either it is to be made anew.
"""
import socket
import ssl
import struct
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
WINDOW_WIDE = (1 << 31) - 1 - 65535


class Unavailable(Exception):
    """No answer: whether the call was carried out is unknown."""


class Refused(Exception):
    """The server answered with an error in place of a message."""


def varint(number):
    made = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7f:
        made.append(number & 0x7f | 0x80)
        number >>= 7
    return bytes(made + bytes([number]))


def encode(fields):
    """A protobuf message of {number: int | bytes | str}."""
    made = b""
    for number, value in fields.items():
        if isinstance(value, int):
            made += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            made += varint(number << 3 | 2) + varint(len(data)) + data
    return made


def decode(data):
    """The fields of a protobuf message as {number: [int | bytes, …]}."""
    fields, at = {}, 0

    def read():
        nonlocal at
        number = shift = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return number

    while at < len(data):
        tag = read()
        if tag & 7 == 0:
            value = read()
        else:
            assert tag & 7 == 2, f"wire type {tag & 7}, which etcd's messages have not"
            size = read()
            value = data[at:at + size]
            at += size
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def one(fields, number, default=0):
    return fields.get(number, [default])[-1]


def text(fields, number):
    return one(fields, number, b"").decode()


class Connection:
    """One TLS connection to one client URL."""

    def __init__(self, url, tls, timeout=2.0):
        host, port = url.split("//")[-1].rsplit(":", 1)
        self.url, self.stream, self.buffer = url, -1, b""
        self.end = time.monotonic() + timeout
        try:
            raw = socket.create_connection((host, int(port)), timeout=timeout)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket = tls.wrap_socket(raw, server_hostname=host)
            self._send(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, WINDOW_WIDE))
                       + frame(WINDOW, 0, 0, struct.pack(">I", WINDOW_WIDE)))
        except (OSError, ssl.SSLError) as error:
            raise Unavailable(f"{url}: {error}") from None

    def close(self):
        self.socket.close()

    def call(self, method, message=b"", timeout=2.0):
        """The answer's fields."""
        self.open(method, message, timeout)
        answer = self.receive(timeout)
        while self._frame()[:2] != (self.stream, True):
            pass
        return decode(answer)

    def open(self, method, message, timeout=2.0, last=True):
        """Begins a call; receive() takes its messages."""
        self.end = time.monotonic() + timeout
        self.stream += 2
        self.pending = b""
        host = self.url.split("//")[-1]
        headers = b"".join(b"\0" + short(name) + short(value) for name, value in (
            (":method", "POST"), (":scheme", "https"), (":path", f"/etcdserverpb.{method}"),
            (":authority", host), ("content-type", "application/grpc"), ("te", "trailers")))
        body = b"\0" + struct.pack(">I", len(message)) + message
        self._send(frame(HEADERS, END_HEADERS, self.stream, headers)
                   + frame(DATA, END_STREAM if last else 0, self.stream, body))

    def receive(self, timeout):
        """The next message of the call; Refused when it ends without one."""
        self.end = time.monotonic() + timeout
        while True:
            if len(self.pending) >= 5:
                size = struct.unpack(">I", self.pending[1:5])[0]
                if len(self.pending) >= 5 + size:
                    message = self.pending[5:5 + size]
                    self.pending = self.pending[5 + size:]
                    return message
            stream, ended, data = self._frame()
            if stream == self.stream:
                self.pending += data
                if ended and not data:
                    raise Refused(f"{self.url} answered with an error")

    def _frame(self):
        """Handles one frame: whose stream, whether it ends that, its message bytes."""
        head = self._read(9)
        size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream = int.from_bytes(head[5:], "big") & 0x7fffffff
        body = self._read(size)
        if kind == SETTINGS and not flags & ACK:
            self._send(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self._send(frame(PING, ACK, 0, body))
        elif kind == GOAWAY:
            raise Unavailable(f"{self.url} says goodbye")
        elif kind == RESET and stream == self.stream:
            raise Unavailable(f"{self.url} broke the call off")
        elif kind == DATA and body:  # a watch may live for long: give back what was taken
            self._send(frame(WINDOW, 0, 0, struct.pack(">I", len(body)))
                       + frame(WINDOW, 0, stream, struct.pack(">I", len(body))))
        ended = kind in (DATA, HEADERS) and bool(flags & END_STREAM)
        return stream, ended, body if kind == DATA else b""

    def _read(self, size):
        while len(self.buffer) < size:
            self._limit()
            try:
                more = self.socket.recv(65536)
            except (OSError, ssl.SSLError) as error:
                raise Unavailable(f"{self.url}: {error}") from None
            if not more:
                raise Unavailable(f"{self.url} closed the connection")
            self.buffer += more
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def _send(self, data):
        self._limit()
        try:
            self.socket.sendall(data)
        except (OSError, ssl.SSLError) as error:
            raise Unavailable(f"{self.url}: {error}") from None

    def _limit(self):
        left = self.end - time.monotonic()
        if left <= 0:
            raise Unavailable(f"{self.url} did not answer in time")
        self.socket.settimeout(left)


def frame(kind, flags, stream, body):
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + body


def short(word):
    """A header's name or value: uncompressed, shorter than 127 bytes."""
    data = word.encode()
    assert len(data) < 127
    return bytes([len(data)]) + data


def tls_of(host):
    """What a host of the fleet shows and believes. Names are not checked: we dial addresses."""
    context = ssl.create_default_context(cafile=host.own("trust", "ca.pem"))
    context.check_hostname = False
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(host.own("trust", "tls.pem"), host.own("trust", "tls.key"))
    return context


class Client:
    """Calls to whichever of some URLs answers; goes on with the next one after a failure."""

    def __init__(self, urls, tls, timeout=2.0):
        self.urls, self.tls, self.timeout = list(urls), tls, timeout
        self.at, self.connection = 0, None
        self.wish = None  # a URL to go to at the next call; any thread may set it

    def call(self, method, message=b"", timeout=None):
        """Raises after one failed try, so that whoever measures sees it."""
        timeout = timeout or self.timeout
        try:
            return self.connected(timeout).call(method, message, timeout)
        except (Unavailable, Refused):
            self.move_on()
            raise

    def connected(self, timeout):
        if self.wish:
            self.at, self.wish = self.urls.index(self.wish), None
            self.close()
        if self.connection is None:
            try:
                self.connection = Connection(self.urls[self.at % len(self.urls)], self.tls, timeout)
            except Unavailable:
                self.at += 1
                raise
        return self.connection

    def move_on(self):
        self.close()
        self.at += 1

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def put(self, key, value, timeout=None):
        """The revision of the write."""
        answer = self.call("KV/Put", encode({1: key, 2: value}), timeout)
        return one(decode(one(answer, 1)), 3)

    def get(self, key, timeout=None, linearizable=True):
        """{key: (value, revision)} of everything whose key begins so."""
        asked = {1: key, 2: after(key)} | ({} if linearizable else {7: 1})
        answer = self.call("KV/Range", encode(asked), timeout)
        found = [decode(kv) for kv in answer.get(2, [])]
        return {text(kv, 1): (one(kv, 5, b""), one(kv, 3)) for kv in found}


def after(prefix):
    """The first key behind all that begin with `prefix`."""
    return prefix[:-1].encode() + bytes([ord(prefix[-1]) + 1])


def members(client, timeout=None):
    """The member list as the asked member has it: [{id, name, peers, clients, learner}]."""
    found = client.call("Cluster/MemberList", timeout=timeout)
    rows = [decode(member) for member in found.get(2, [])]
    return [{"id": one(row, 1), "name": text(row, 2),
             "peers": [url.decode() for url in row.get(3, [])],
             "clients": [url.decode() for url in row.get(4, [])],
             "learner": bool(one(row, 5))} for row in rows]


def status(client, timeout=None):
    """What one member says about itself."""
    found = client.call("Maintenance/Status", timeout=timeout)
    header = decode(one(found, 1))
    return {"cluster": one(header, 1), "member": one(header, 2), "revision": one(header, 3),
            "size": one(found, 3), "leader": one(found, 4), "term": one(found, 6),
            "applied": one(found, 7), "learner": bool(one(found, 10)),
            "errors": [error.decode() for error in found.get(8, [])]}


def compact(client, revision):
    """Forgets the history up to that revision, on all members."""
    client.call("KV/Compact", encode({1: revision, 2: 1}))


def hash_at(client, revision):
    """What a member's data up to a revision comes to."""
    return one(client.call("Maintenance/HashKV", encode({1: revision})), 2)
