"""How long something may take, on a machine of its own and beside other tests.

A bound of the fault matrix is a figure of a machine that does nothing else: tools/drill judges by it.
A test run has other tests beside a row, and the machine's cores and disk may be theirs for seconds;
there a row still fails for what never happens or takes many times as long, and for every count.
"""
import os

BESIDE = "HANSA_DRILL_BESIDE"  # in the environment: other work is done on this machine meanwhile


def allowed(seconds, beside=None):
    """What may be taken where `seconds` is the bound; `beside`: other tests (default: as told)."""
    beside = BESIDE in os.environ if beside is None else beside
    return 3 * seconds + 5 if beside else seconds
