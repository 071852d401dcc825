"""How much of PyTorch's op_db we have: at least 500 entries, 99 % of the samples, 95 % of the error inputs.

`python -m tests.with_torch.test_counts` prints the numbers, and the entries that are absent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch.testing._internal.common_methods_invocations import op_db as table

from tests.with_torch import op_db, test_error_inputs, test_op_db

DTYPES = (torch.float64, torch.int64)
FEW = 2  # samples per entry and dtype: test_op_db.py compares all


@dataclass
class Counts:
    """Of entries, of samples of the entries that both have, and of their error inputs.

    Attributes
    ----------
    had, absent : list of str
        Entries.
    agree, refused : int
        Samples with equal results and gradients, and samples that we refuse for a reason in REFUSED.
    differ : list of str
        Samples with other results, or with errors for no such reason.
    raised, lenient, all_errors : int
        Error inputs that raise a sentence of ours, and those that we compute on purpose (UNBOUND), of all with
        tensors and arguments that we have.
    """

    had: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    agree: int = 0
    refused: int = 0
    differ: list[str] = field(default_factory=list)
    raised: int = 0
    lenient: int = 0
    all_errors: int = 0

    def share_of_samples(self) -> float:
        return self.agree / (self.agree + self.refused + len(self.differ))

    def share_of_errors(self) -> float:
        """Of all with tensors and arguments that we have, also of those that are computed on purpose."""
        return self.raised / self.all_errors


def count_entries() -> Counts:
    counts = Counts([entry.name for entry in op_db.entries()])
    names = [f"{info.name}.{info.variant_test_name}".rstrip(".") for info in table]
    counts.absent = [name for name in names if name not in set(counts.had)]
    return counts


def count(most: int) -> Counts:
    counts = count_entries()
    for entry in op_db.entries():
        for dtype in DTYPES:
            for call in test_op_db.calls(entry, dtype, most):
                try:
                    if test_op_db.check(entry, call, "plain"):
                        counts.agree += 1
                    else:
                        counts.refused += 1
                except (AssertionError, *test_op_db.REFUSALS) as error:
                    counts.differ.append(f"{test_op_db.shown(entry, call)}: {error}")
    for entry, _, call in test_error_inputs.CALLS:
        try:
            outcome = test_error_inputs.outcome(entry, call)
        except AssertionError:
            outcome = None  # an error by accident
        is_ours = not (isinstance(outcome, str) and outcome == "unknown")
        counts.all_errors += is_ours
        raised = isinstance(outcome, str) and is_ours
        counts.raised += raised
        counts.lenient += is_ours and not raised and test_error_inputs.lenient(entry, call)
    return counts


def test_most_of_op_db_agrees() -> None:
    counts = count(FEW)
    assert len(counts.had) >= 500
    assert counts.share_of_samples() >= 0.99, counts.differ
    assert counts.share_of_errors() >= 0.95


if __name__ == "__main__":
    counts = count(test_op_db.MOST)
    print(f"entries: {len(counts.had)} had, {len(counts.absent)} absent: {', '.join(counts.absent)}")
    print(
        f"samples: {counts.agree} agree, {counts.refused} refused, {len(counts.differ)} differ: "
        f"{counts.share_of_samples():.2%}"
    )
    print(
        f"error inputs: {counts.raised} of {counts.all_errors} raise, {counts.lenient} are computed on purpose: "
        f"{counts.share_of_errors():.2%}"
    )
    print("\n".join(counts.differ))
