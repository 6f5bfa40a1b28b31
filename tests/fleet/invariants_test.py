#!/usr/bin/env python3
"""The invariants on recorded histories: a good one breaks none, and each fault breaks its own."""
import sys
import unittest

from invariants import CHECKS, History, Member, Sample, violations

SAMPLE = 0.2  # seconds between samples


def member(number, learner=False):
    return Member(id=100 + number, host=f"10.77.0.{number}", learner=learner)


def voter(*numbers):
    return tuple(member(number) for number in numbers)


def learner(number):
    return (member(number, learner=True),)


def told(*scenes):
    """Samples of scenes (seconds that it lasts, members, intent open), one after the other."""
    samples, now = [], 0.0
    for lasts, members, intent in scenes:
        end = now + lasts
        while now < end - 1e-9:
            samples.append(Sample(at=now, members=members, intent=intent,
                                  clusters=frozenset({7}), leader=101))
            now += SAMPLE
    return samples


GROWTH = [(2, voter(1), False), (1, voter(1) + learner(2), True), (6.2, voter(1, 2), True),
          (1, voter(1, 2) + learner(3), True), (5, voter(1, 2, 3), False)]
REPLACEMENT = [(2, voter(1, 2, 3), False), (0.4, voter(1, 2), True),
               (1, voter(1, 2) + learner(4), True), (3, voter(1, 2, 4), False)]


def good():
    history = History(samples=told(*GROWTH), clusters={"n1": "c", "n2": "c"}, seen_from=5)
    for number in range(5, 10):
        history.acknowledged.append((f"k{number}", b"v", number))
        history.final[f"k{number}"] = (b"v", number)
        history.seen.append((number, f"k{number}", b"v"))
    return history


class Invariants(unittest.TestCase):
    def broken(self, history, number, words, **more):
        found = violations(history, **more)
        self.assertTrue(found, "nothing was found")
        for one in found:
            self.assertTrue(one.startswith(f"invariant {number}: "), one)
        self.assertIn(words, found[0])

    def test_growth_and_replacement_break_none(self):
        self.assertEqual(violations(good()), [])
        self.assertEqual(violations(History(samples=told(*REPLACEMENT))), [])

    def test_an_unseen_list_breaks_none(self):
        self.assertEqual(violations(History(samples=[Sample(at=0.0)])), [])

    def test_a_store_of_another_cluster(self):
        history = good()
        history.samples[3] = Sample(at=0.6, members=voter(1), clusters=frozenset({8}))
        self.broken(history, 1, "stores of 2 clusters")

    def test_an_agent_of_another_cluster(self):
        history = good()
        history.clusters["n2"] = "d"
        self.broken(history, 1, "agents belong to 2")

    def test_a_list_without_voters(self):
        samples = told((1, learner(1), True))
        self.broken(History(samples=samples), 2, "no voter")

    def test_an_even_number_without_an_intent(self):
        samples = told((1, voter(1, 2), False))
        self.broken(History(samples=samples), 3, "2 voters")
        self.assertEqual(violations(History(samples=told((1, voter(1, 2), True)))), [])

    def test_two_learners(self):
        samples = told((1, voter(1) + learner(2) + learner(3), True))
        self.broken(History(samples=samples), 5, "2 learners")

    def test_an_addition_too_soon_after_another(self):
        hasty = list(GROWTH)
        hasty[2] = (4, voter(1, 2), True)
        self.broken(History(samples=told(*hasty)), 7, "add learner of 10.77.0.3")
        self.assertEqual(violations(History(samples=told(*hasty)), pace=0.6), [])

    def test_two_removals_at_once(self):
        samples = told((2, voter(1, 2, 3, 4, 5), False), (2, voter(1, 2, 3, 4), True),
                       (2, voter(1, 2, 3), False))
        self.broken(History(samples=samples), 7, "remove voter of 10.77.0.4")

    def test_an_operation_within_the_same_sample(self):
        samples = told((2, voter(1, 2, 3, 4, 5), False), (2, voter(1, 2, 3), False))
        self.broken(History(samples=samples), 7, "remove voter of 10.77.0.5")

    def test_a_promotion_is_of_its_addition(self):
        samples = told((2, voter(1), False), (0.2, voter(1) + learner(2), True),
                       (7, voter(1, 2), True))
        self.assertEqual(violations(History(samples=samples)), [])

    def test_a_voter_that_was_no_learner(self):
        samples = told((2, voter(1, 2, 3), False), (8, voter(1, 2), True),
                       (2, voter(1, 2, 4), False))
        self.broken(History(samples=samples), 8, "10.77.0.4 became a voter")

    def test_what_nobody_looked_at_is_no_violation(self):
        samples = told((2, voter(1, 2, 3), False), (8, voter(1, 2), True))
        late = [Sample(at=sample.at + 3, members=sample.members, clusters=sample.clusters)
                for sample in told((10, voter(1), False), (2, voter(1, 2, 4), False))[-10:]]
        self.assertEqual([one for one in violations(History(samples=samples + late))
                          if "invariant 8" in one], [])

    def test_a_peer_that_comes_and_goes(self):
        scene = [(7, voter(1, 2, 3), False), (0.4, voter(1, 2), True),
                 (1, voter(1, 2) + learner(3), True)]
        samples = told(*scene, *scene, (2, voter(1, 2, 3), False))
        self.broken(History(samples=samples), 12, "10.77.0.3 changed its role 4 times")
        slow = [Sample(at=sample.at * 90, members=sample.members, intent=sample.intent)
                for sample in samples]
        self.assertEqual(violations(History(samples=slow)), [])

    def test_a_lost_write(self):
        history = good()
        del history.final["k7"]
        self.broken(history, 14, "k7")

    def test_a_write_that_another_took_the_place_of(self):
        history = good()
        history.final["k7"] = (b"v", 12)
        self.broken(history, 14, "1 of 5")

    def test_a_watch_with_a_gap(self):
        history = good()
        del history.seen[2]
        self.broken(history, 15, "left out k7")

    def test_a_watch_that_has_not_come_so_far_has_no_gap(self):
        history = good()
        del history.seen[3:]
        self.assertEqual(violations(history), [])

    def test_a_watch_that_repeats(self):
        history = good()
        history.seen.insert(3, history.seen[2])
        self.broken(history, 15, "after 7 had been seen")

    def test_a_watch_that_steps_back(self):
        history = good()
        history.seen[2], history.seen[3] = history.seen[3], history.seen[2]
        self.broken(history, 15, "after 8 had been seen")

    def test_what_a_writer_found(self):
        history = good()
        history.problems.append("a key was written twice")
        self.broken(history, 0, "twice")

    def test_a_check_may_be_left_out(self):
        history = good()
        history.final.clear()
        self.assertEqual(violations(history, without=(14,)), [])

    def test_every_check_is_broken_by_some_history_here(self):
        self.assertEqual(sorted(CHECKS), [0, 1, 2, 3, 5, 7, 8, 12, 14, 15])


if __name__ == "__main__":
    sys.exit(unittest.main())
