"""What disks do to the files of a store: flipped bits, cut tails, zeroes, old copies, nothing left.

Each takes the directory that holds `member/`; the etcd that uses it must not run, unless it says so.
"""
import glob
import os
import shutil


def log_of(directory):
    """The newest write-ahead log."""
    return max(glob.glob(os.path.join(directory, "member", "wal", "*.wal")))


def database_of(directory):
    return os.path.join(directory, "member", "snap", "db")


def records_in(log):
    """Where the records of a log begin, and how long they are.

    Etcd 3.4, wal/encoder.go: before each 8 bytes, least first: its length in the lower 56 bits; where
    the highest is set, the lower three of the others tell how many bytes pad it to eight. These are
    in no checksum.
    """
    found, at = [], 0
    while at + 8 <= len(log):
        word = int.from_bytes(log[at:at + 8], "little")
        length, pad = word & ((1 << 56) - 1), (word >> 56) & 7 if word >> 63 else 0
        if length == 0:  # the file is allocated beforehand
            break
        found.append((at + 8, length))
        at += 8 + length + pad
    return found


def flip_log(directory):
    """One bit in the middle of the record in the middle of the log."""
    path = log_of(directory)
    with open(path, "r+b") as file:
        data = file.read()
        records = records_in(data)
        begin, length = records[len(records) // 2]
        place = begin + length // 2
        file.seek(place)
        file.write(bytes([data[place] ^ 1]))


def cut_log(directory):
    """The last record of the log ends in the middle."""
    path = log_of(directory)
    with open(path, "r+b") as file:
        written = len(file.read().rstrip(b"\0"))
        file.truncate(written - 3)


def zero_database(directory):
    path = database_of(directory)
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.write(b"\0" * size)


def change_value(directory, value, other):
    """Every copy of a value in the database; the lengths are equal. How many there were.

    An etcd may run: it has the file mapped, and reads what stands there.
    """
    assert len(value) == len(other)
    path = database_of(directory)
    with open(path, "r+b", buffering=0) as file:
        data, found = file.read(), 0
        place = data.find(value)
        while place >= 0:  # nothing else is written, for an etcd may run on it
            os.pwrite(file.fileno(), other, place)
            found += 1
            place = data.find(value, place + 1)
    return found


def wipe(directory):
    shutil.rmtree(directory)


def put_back(copy, directory):
    """The directory as it was when `copy` was made of it."""
    shutil.rmtree(directory)
    shutil.copytree(copy, directory)
