"""An attacker with a host's files in hand: reads and writes the store, and signs with stolen keys.

Signatures are made by libcrypto; docs/formats/records.md and certificates.md say over what.
"""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import time
import urllib.parse

from rig import own_files, store, try_etcdctl

ED25519 = 1087  # NID_ED25519


def crypto():
    library = ctypes.CDLL(ctypes.util.find_library("crypto"))
    library.EVP_PKEY_new_raw_private_key.restype = ctypes.c_void_p
    library.EVP_MD_CTX_new.restype = ctypes.c_void_p
    return library


class Key:
    """An Ed25519 key from a PEM file of PKCS #8."""

    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            text = "".join(line for line in file.read().splitlines() if "-----" not in line)
        seed = base64.b64decode(text)[-32:]
        self.library = crypto()
        self.key = ctypes.c_void_p(
            self.library.EVP_PKEY_new_raw_private_key(ED25519, None, seed, ctypes.c_size_t(32)))
        assert self.key, "not a key"
        raw, size = ctypes.create_string_buffer(32), ctypes.c_size_t(32)
        assert self.library.EVP_PKEY_get_raw_public_key(self.key, raw, ctypes.byref(size)) == 1
        self.name = hashlib.sha256(raw.raw).hexdigest()[:16]

    def sign(self, statement):
        context = ctypes.c_void_p(self.library.EVP_MD_CTX_new())
        signature, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
        try:
            assert self.library.EVP_DigestSignInit(context, None, None, None, self.key) == 1
            assert self.library.EVP_DigestSign(context, signature, ctypes.byref(size), statement,
                                               ctypes.c_size_t(len(statement))) == 1
        finally:
            self.library.EVP_MD_CTX_free(context)
        return base64.b64encode(signature.raw).decode()


def statement(purpose, *parts):
    made = b"hansa statement 1\n"
    for part in (purpose, *parts):
        if isinstance(part, int):
            made += b"n" + part.to_bytes(8, "big")
        else:
            text = part.encode() if isinstance(part, str) else part
            made += b"t" + len(text).to_bytes(8, "big") + text
    return made


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def milliseconds():
    return int(time.time() * 1000)


def below(host):
    return f"/hansa/v1/exports/{host}/"


def manifest_of(host):
    return below(host) + "@manifest"


def identity_of(host):
    return f"/hansa/v1/identities/{host}"


def record_key(host, kind, name):
    if name in (".", ".."):
        return below(host) + kind + "/" + name.replace(".", "%2E")
    return below(host) + kind + "/" + urllib.parse.quote(name, safe="-_.~")


def digest(records):
    """What a manifest says of these records, by key."""
    leaves = sorted(
        hashlib.sha256(statement("hansa record", key, hashlib.sha256(value.encode()).digest()))
        .digest() for key, value in records.items())
    return hashlib.sha256(b"".join(leaves)).hexdigest()


class Attacker:
    """Whoever has the files of the agent `host` below `prefix`, and reaches the store's port."""

    def __init__(self, t, agent, host, prefix):
        self.t, self.flags = t, own_files(t, host, prefix)
        self.host = host
        self.url = store(t, agent)
        self.key = Key(f"{prefix}/{host}/trust/signing.key")

    def try_etcdctl(self, *arguments, data=None):
        return try_etcdctl(self.url, *self.flags, *arguments, data=data)

    def etcdctl(self, *arguments, data=None):
        run = self.try_etcdctl(*arguments, data=data)
        assert run.returncode == 0, f"etcdctl {arguments}: {run.stderr}"
        return run.stdout

    def get(self, prefix):
        """Everything below it, as text by key."""
        told = json.loads(self.etcdctl("get", "--prefix", prefix, "-w", "json"))
        return {base64.b64decode(each["key"]).decode(): base64.b64decode(each["value"]).decode()
                for each in told.get("kvs", [])}

    def own_identity(self):
        """What its agent shows of itself, once that stands in the store."""
        key = identity_of(self.host)
        self.t.until(lambda: key in self.get(key), what=key)
        return self.get(key)[key]

    def revision(self):
        """Of the store; it grows with every change."""
        return json.loads(self.etcdctl("get", "x", "-w", "json"))["header"]["revision"]

    def write(self, puts, removals=()):
        """All at once."""
        lines = [f"put {key} {json.dumps(value)}" for key, value in puts.items()]
        lines += [f"del {key}" for key in removals]
        told = self.etcdctl("txn", data="\n" + "\n".join(lines) + "\n\n\n")
        assert told.startswith("SUCCESS"), told[:200]

    def set_back(self, saved, prefix):
        """What stands below the prefix is what was saved, from one moment to the next."""
        self.write(saved, [key for key in self.get(prefix) if key not in saved])


class Forger:
    """Signs with an attacker's key, as if the host that `identity` shows had said it."""

    def __init__(self, key, identity):
        self.key = key
        shown = json.loads(identity)
        self.host = shown["name"]
        self.scope = (shown["cluster"], 0, shown["uuid"], shown["name"])
        self.incarnation = milliseconds()
        self.seq = 1

    def record(self, kind, name, fields, **more):
        """A key and its value; `more` is `to` or `meta`."""
        until = milliseconds() + 86_400_000
        body = {**more, "fields": fields}
        to = more.get("to", [])
        said = statement("hansa export", *self.scope, self.incarnation, self.seq, kind, name,
                         len(to), *to, hashlib.sha256(compact(body).encode()).digest(), until)
        value = {"v": 1, "kind": kind, "name": name, "from": self.host,
                 "incarnation": self.incarnation, "seq": self.seq, "until": until, **body,
                 "sig": self.key.sign(said)}
        return record_key(self.host, kind, name), compact(value)

    def manifest(self, records, life=600, age=0, named=None):
        """For exactly these records, made `age` seconds ago for `life` seconds; `named` is the key
        that it claims to be signed with."""
        now = milliseconds() - age * 1000
        said = [self.incarnation, self.seq, 0, len(records), now, now + life * 1000,
                digest(records)]
        names = ("incarnation", "seq", "generation", "exports", "time", "until", "digest")
        value = {"v": 1, "from": self.host, **dict(zip(names, said)),
                 "key": named or self.key.name,
                 "sig": self.key.sign(statement("hansa manifest", *self.scope, *said))}
        return {manifest_of(self.host): compact(value)}
