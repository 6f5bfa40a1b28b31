#!/usr/bin/env python3
"""What the rig itself is made of: messages, gaps, bad lines, figures."""
import os
import random
import sys
import tempfile
import unittest
import unittest.mock

import damage
from absences import Span, absences, lone
from bounds import BESIDE, allowed
from drill import Drill, Figure
from etcd_client import after, decode, encode, one, short, varint
from line import QUIET, departures
from observer import address_in, has_intent
from workload import longest_gap


class Messages(unittest.TestCase):
    def test_a_message_is_read_as_it_was_written(self):
        made = encode({1: "key", 2: b"\0value", 3: 300})
        self.assertEqual(made, b"\x0a\x03key\x12\x06\0value\x18\xac\x02")
        self.assertEqual(decode(made), {1: [b"key"], 2: [b"\0value"], 3: [300]})

    def test_a_repeated_field_keeps_its_order(self):
        self.assertEqual(decode(encode({4: 1}) + encode({4: 2})), {4: [1, 2]})
        self.assertEqual(one({4: [1, 2]}, 4), 2)
        self.assertEqual(one({}, 4), 0)

    def test_a_number_of_64_bits(self):
        self.assertEqual(decode(encode({1: (1 << 64) - 1})), {1: [(1 << 64) - 1]})
        self.assertEqual(varint(-1), b"\xff" * 9 + b"\x01")

    def test_a_range_ends_behind_its_prefix(self):
        self.assertEqual(after("/drill/"), b"/drill0")

    def test_a_header_without_compression(self):
        self.assertEqual(short("te"), b"\x02te")


class Gaps(unittest.TestCase):
    def test_the_longest_pause(self):
        self.assertEqual(longest_gap([1, 2, 5, 6]), 3)

    def test_a_pause_counts_that_began_before(self):
        self.assertEqual(longest_gap([1, 2, 5, 6], since=3), 3)
        self.assertEqual(longest_gap([1, 2, 5, 6], since=5.5), 1)

    def test_a_pause_counts_that_has_not_ended(self):
        self.assertEqual(longest_gap([1, 2], since=1, until=12), 10)

    def test_nothing_at_all_is_no_good_gap(self):
        self.assertEqual(longest_gap([]), float("inf"))
        self.assertEqual(longest_gap([3], since=2), float("inf"))


class Absences(unittest.TestCase):
    def say(self, *words):
        return absences([{"event": "store_changed", "state": state, "at": at} for at, state in words])

    def test_a_second_reason_is_no_second_absence(self):
        self.assertEqual(self.say((1, "connected"), (2, "away"), (3, "away"), (4, "connected"),
                                  (5, "away")), [Span(2, 4), Span(5, float("inf"))])

    def test_who_looks_for_the_store_is_still_away(self):
        self.assertEqual(self.say((2, "away"), (3, "starting"), (4, "away"), (5, "connected")),
                         [Span(2, 5)])

    def test_who_never_left_was_not_away(self):
        self.assertEqual(self.say((1, "starting"), (2, "connected")), [])

    def test_an_absence_that_others_share_is_the_stores(self):
        self.assertEqual(lone([Span(2, 4), Span(6, 7)], [Span(3, 5)]), [Span(6, 7)])
        self.assertEqual(lone([Span(6, 7)], []), [Span(6, 7)])


class Damage(unittest.TestCase):
    def log(self, *records):
        written = b""
        for record in records:
            pad = -len(record) % 8
            word = len(record) | ((0x80 | pad) << 56 if pad else 0)
            written += word.to_bytes(8, "little") + record + b"\0" * pad
        return written + b"\0" * 64

    def test_the_records_of_a_log_without_what_pads_them(self):
        log = self.log(b"a" * 8, b"b" * 3, b"c" * 21)
        self.assertEqual([log[at:at + size] for at, size in damage.records_in(log)],
                         [b"a" * 8, b"b" * 3, b"c" * 21])

    def test_a_flipped_bit_is_of_a_record(self):
        for length in range(1, 40):
            with tempfile.TemporaryDirectory() as folder:
                os.makedirs(os.path.join(folder, "member", "wal"))
                path = os.path.join(folder, "member", "wal", "0-0.wal")
                before = self.log(b"a" * length, b"b" * length, b"a" * length)
                with open(path, "wb") as file:
                    file.write(before)
                damage.flip_log(folder)
                with open(path, "rb") as file:
                    after = file.read()
            changed = [i for i in range(len(before)) if before[i] != after[i]]
            self.assertEqual([before[i:i + 1] for i in changed], [b"b"], length)


class Lines(unittest.TestCase):
    def leave(self, **ills):
        chance = random.Random(1)
        return [departures({**QUIET, **ills}, chance, 10.0) for _ in range(2000)]

    def test_a_good_line_passes_each_packet_once_and_at_once(self):
        self.assertEqual(self.leave(), [[10.0]] * 2000)

    def test_a_late_line(self):
        times = [at for packet in self.leave(delay=0.2, jitter=0.05) for at in packet]
        self.assertEqual(len(times), 2000)
        self.assertTrue(10.15 <= min(times) < 10.16 < 10.24 < max(times) <= 10.25)

    def test_a_line_that_loses_and_doubles(self):
        counts = [len(packet) for packet in self.leave(loss=0.1, double=0.2)]
        self.assertAlmostEqual(counts.count(0) / 2000, 0.1, delta=0.03)
        self.assertAlmostEqual(counts.count(2) / 2000, 0.18, delta=0.03)


class Judgement(unittest.TestCase):
    def test_a_figure_at_its_bound_is_held(self):
        self.assertTrue(Figure("gap", 3.0, 3.0).held())
        self.assertFalse(Figure("gap", 3.1, 3.0).held())
        self.assertTrue(Figure("a fact", 99.0).held())

    def test_a_gap_without_end_is_not_held(self):
        self.assertFalse(Figure("gap", float("inf"), 1000).held())

    def test_beside_other_tests_a_time_may_be_longer_and_a_count_no_greater(self):
        self.assertEqual(allowed(3.0, beside=False), 3.0)
        self.assertEqual(allowed(3.0, beside=True), 14.0)
        with unittest.mock.patch.dict(os.environ, {BESIDE: "1"}):
            drill = Drill(None)
            drill.bound("gap", 4.0, 1)
            drill.bound("failed", 1, 0, "")
        self.assertEqual([figure.held() for figure in drill.figures], [True, False])

    def test_how_a_figure_reads(self):
        self.assertEqual(str(Figure("gap", 0.25, 3)), "gap 0.25 s (bound 3 s)")
        self.assertEqual(str(Figure("failed", 2, 0, "")), "failed 2 (bound 0)")

    def test_an_intent_in_the_book(self):
        def book(text):
            return {"/hansa/v1/seats/book": (text, 7), "/hansa/v1/seats/steward": (b"n1", 8)}
        self.assertTrue(has_intent(book(b'{"intent": {"seq": 1}, "changes": []}')))
        self.assertFalse(has_intent(book(b'{"changes": []}')))
        self.assertFalse(has_intent({}))

    def test_an_address_in_a_url(self):
        self.assertEqual(address_in("https://10.77.0.3:2380"), "10.77.0.3")


if __name__ == "__main__":
    sys.exit(unittest.main())
