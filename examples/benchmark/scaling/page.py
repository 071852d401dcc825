"""docs/scaling.md, from what was measured. Every number in it is computed here."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from examples.benchmark.report import duration, table
from examples.benchmark.scaling.model import (
    Computing,
    Net,
    Step,
    communication,
    efficiency,
    fitted,
    rows_needed,
)

HOSTS = (2, 4, 8, 16, 32, 64, 128, 256)
# Assumed, not measured: the speed of a link, and the time of a small message, as Ethernet with TCP and InfiniBand have
NETWORKS = {
    "1 Gbit/s": Net(50e-6, 1e9 / 8),
    "10 Gbit/s": Net(25e-6, 10e9 / 8),
    "100 Gbit/s": Net(2e-6, 100e9 / 8),
}
STRONG = 8192  # rows of a batch that all hosts share
ENOUGH = 0.8

Lane = Mapping[str, Any]


class Numbers:
    """What was measured, by configuration."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = found
        self.batch, self.shards = found["settings"]["batch"], found["settings"]["shards"]
        self.threads = found["machine"]["processors"]

    def lane(self, net: str, **wanted: Any) -> Lane | None:
        """Return a configuration; what is not wanted otherwise is one rank of one thread with the usual batch."""
        usual = {"framework": "lucidgrad", "ranks": 1, "threads": 1, "batch": self.batch, "shards": self.shards,
                 "hosts": None, "cable": None, "net": net}  # fmt: skip
        wanted = {**usual, **wanted}
        return next((lane for lane in self.found["lanes"] if all(lane.get(k) == v for k, v in wanted.items())), None)

    def seconds(self, net: str, **wanted: Any) -> float | None:
        """Return the median over the rounds of the fastest step."""
        lane = self.lane(net, **wanted)
        return statistics.median(_rounds(lane)) if lane else None

    def ratio(self, net: str, above: Mapping[str, Any], below: Mapping[str, Any]) -> float | None:
        """Return the median over the rounds of the ratio of two configurations in the same round."""
        one, other = self.lane(net, **above), self.lane(net, **below)
        if one is None or other is None:
            return None
        return statistics.median(a / b for a, b in zip(_rounds(one), _rounds(other), strict=False))

    def median(self, net: str, name: str, **wanted: Any) -> float:
        """Return the median over the rounds of another measured number."""
        lane = self.lane(net, **wanted)
        return statistics.median(turn[name] for turn in lane["rounds"]) if lane else 0.0

    def computing(self, net: str) -> Computing:
        """Fit the computing of one rank with one shard."""
        lanes = [lane for lane in self.found["lanes"] if lane["net"] == net and lane["shards"] == 1
                 and lane["framework"] == "lucidgrad" and lane["ranks"] == 1]  # fmt: skip
        return fitted([lane["batch"] for lane in lanes], [statistics.median(_rounds(lane)) for lane in lanes])


def _rounds(lane: Lane) -> list[float]:
    return [min(turn["times"]) for turn in lane["rounds"]]


def page(found: Mapping[str, Any]) -> str:
    """Return the text of docs/scaling.md."""
    numbers = Numbers(found)
    nets = list(dict.fromkeys(lane["net"] for lane in found["lanes"]))
    parts = [_head(found, numbers), _measured(numbers, nets), _checked(numbers, nets), _predicted(numbers, nets)]
    return "\n".join(parts)


def _head(found: Mapping[str, Any], numbers: Numbers) -> str:
    load = found["load"]
    busy = load["most"] > 2 * numbers.threads
    average = f"its load average was {load['least']:.1f} to {load['most']:.1f} on {numbers.threads} processors"
    rough = (
        f"The machine was not idle: {average}. So the times are rough, and their\n"
        "ratios say little. Measure again on a quiet machine before you rely on them.\n"
        if busy
        else f"The machine was quiet: {average}.\n"
    )
    missing = "".join(f"Not measured: {why}.\n" for why in found["missing"].values())
    machine = found["machine"]
    torch = f", PyTorch {found['torch']}" if found["torch"] else ""
    return f"""# How training scales over ranks

All tables are generated from docs/scaling.json. This command measures and writes both files:

    python -m examples.benchmark.scaling --out docs --torch .venv-torch/bin/python
    python -m examples.benchmark.scaling --out docs --page           # only this page, from the same numbers

Measured on {found["date"][:10]}, {machine["processor"]}, {numbers.threads} processors{torch}.
{rough}{missing}
A *rank* is one process of MPI. Every batch is cut into shards, {numbers.shards} unless a table says otherwise, and the
result is bitwise the same for any number of ranks up to that ([lsf/README.md](../lsf/README.md#8-several-hosts)). Each
configuration has processes of its own, and they take turns in each round; there were {found["settings"]["rounds"]}.
A time is that of the fastest step of a round, which other work disturbs least, on its slowest rank; and then the median
of the rounds. Ratios are of the same round.
"""


def _measured(numbers: Numbers, nets: Sequence[str]) -> str:
    more = numbers.threads
    rows_of_one = numbers.batch // numbers.shards
    costs = [f"cost of {numbers.shards} shards", f"of it, batches of {rows_of_one}"]
    head = ["net", "1 x 1", f"1 x {more}", "2 x 1", "efficiency", "weak", *costs]
    rows = [[*head, "PyTorch 1 x 1", f"1 x {more}", "2 x 1", "PyTorch / ours, 2 x 1"]]
    for net in nets:
        strong = numbers.ratio(net, {}, {"ranks": 2})
        weak = numbers.ratio(net, {}, {"ranks": 2, "batch": 2 * numbers.batch})
        cost = numbers.ratio(net, {}, {"shards": 0})
        alone, whole = numbers.seconds(net, batch=rows_of_one, shards=1), numbers.seconds(net, shards=0)
        small = numbers.shards * alone / whole - 1 if alone and whole else None
        two: dict[str, Any] = {"ranks": 2}
        where: tuple[dict[str, Any], ...] = ({}, {"threads": more}, two)
        theirs: dict[str, Any] = {"framework": "torch", "shards": 0}
        ours = [_time(numbers.seconds(net, **wanted)) for wanted in where]
        torch = [_time(numbers.seconds(net, **theirs, **wanted)) for wanted in where]
        found = [_fixed(strong and strong / 2), _fixed(weak), _percent(cost and cost - 1), _percent(small)]
        rows.append([net, *ours, *found, *torch, _fixed(numbers.ratio(net, theirs | two, two))])
    return f"""## Two processors

A step at a batch of {numbers.batch}; "2 x 1" is two ranks of one thread. The efficiency of two ranks is half the ratio
of the time of one. Weak: two ranks with twice the batch, against one. The cost of shards is that of one rank with one
thread, against a whole batch. Most of it is that small batches take longer for each row: they read all weights, and
write all gradients, as often as there are shards. The column after it is {numbers.shards} steps of a batch of
{rows_of_one} by itself, against a whole batch. PyTorch trains the same net with DistributedDataParallel over gloo.

{table(rows)}
"""


def _checked(numbers: Numbers, nets: Sequence[str]) -> str:
    rows = [["net", "ranks", "where", "latency", "bandwidth", "predicted", "measured", "predicted / measured"]]
    ratios = []
    for net in nets:
        places = [
            ("one host", {"ranks": ranks}) for ranks in (2, 4, 8)
        ] + [
            (f"two hosts, {f'{cable} Mbit/s' if cable else 'not limited'}", {"ranks": 2, "hosts": True, "cable": cable})
            for cable in (None, 1000, 100)
        ]  # fmt: skip
        for where, wanted in places:
            measured = numbers.seconds(net, **wanted)
            ranks = int(wanted["ranks"] or 1)
            alone = numbers.seconds(net, batch=numbers.batch // ranks, shards=numbers.shards // ranks)
            if measured is None or alone is None:
                continue
            link = Net(numbers.median(net, "latency", **wanted), numbers.median(net, "bandwidth", **wanted))
            sharing = max(1.0, ranks / numbers.threads)
            other = _other(numbers, net, ranks, numbers.shards, numbers.batch, link)
            predicted = alone * sharing + other.latency + other.bandwidth + other.adding * sharing
            ratios.append(predicted / measured)
            rows.append([net, str(ranks), where, duration(link.latency), f"{link.bandwidth * 8e-9:.3g} Gbit/s",
                         _time(predicted), _time(measured), f"{predicted / measured:.2f}"])  # fmt: skip
    spread = f"The predictions are {min(ratios):.2f} to {max(ratios):.2f} of what was measured." if ratios else ""
    return f"""## The model

`examples/benchmark/scaling/model.py` predicts a step from four measured numbers: the computing of a rank's part of the
batch by one process alone, the time of a small message between the first and the last rank, their bandwidth, and the
speed of adding. Here it is checked at a batch of {numbers.batch}. Ranks that share processors wait for them, and so
their computing counts as often as they outnumber them. The two hosts are network namespaces, with a cable that a token
bucket limits; a rank has one thread there. {spread}

{table(rows)}
"""


def _other(numbers: Numbers, net: str, ranks: int, shards: int, rows: int, link: Net) -> Step:
    size = int(numbers.median(net, "bytes"))
    calls, adding = numbers.median(net, "collectives", ranks=2), numbers.median(net, "adding")
    return communication(ranks, shards, rows, size, calls, adding, link)


def _predicted(numbers: Numbers, nets: Sequence[str]) -> str:
    texts = []
    for net in nets:
        computing = numbers.computing(net)
        head = ["hosts"]
        for kind in ("weak", "strong"):
            head += [f"{name}, {kind}" for name in NETWORKS]
        head += [f"rows for {ENOUGH:g}, {name}" for name in NETWORKS]
        rows, falls = [head], []
        below: dict[tuple[str, str], int] = {}
        for hosts in HOSTS:
            weak, strong, needed = [], [], []
            for name, link in NETWORKS.items():
                batch = numbers.batch * hosts
                other = _other(numbers, net, hosts, hosts, batch, link)
                shared = _other(numbers, net, hosts, hosts, STRONG, link)
                values = {
                    "weak": efficiency(computing(numbers.batch), other),
                    "strong": computing(STRONG) / hosts / (computing(STRONG / hosts) + shared.total),
                }
                for kind, value in values.items():
                    if value < ENOUGH:
                        below.setdefault((name, kind), hosts)
                weak.append(f"{values['weak']:.2f}")
                strong.append(f"{values['strong']:.2f}")
                needed.append(f"{rows_needed(ENOUGH, computing, other):.0f}")
            rows.append([str(hosts), *weak, *strong, *needed])
        for name, link in NETWORKS.items():
            first = below.get((name, "weak"))
            if first is None:
                falls.append(f"* {name}: a batch of {numbers.batch} for each host keeps it above {ENOUGH:g} on all.")
                continue
            other = _other(numbers, net, first, first, numbers.batch * first, link)
            largest = max(("latency", "bandwidth", "adding"), key=lambda part: getattr(other, part))
            share = _percent(getattr(other, largest) / other.total)
            falls.append(
                f"* {name}: below {ENOUGH:g} from {first} hosts on, where {share} of the communication is {largest}. "
                f"{_mend(largest)}"
            )
        texts.append(f"### The {net} net\n\n{table(rows)}\n\n" + "\n".join(falls) + "\n")
    assumed = ", ".join(f"{name} with {duration(link.latency)} for a small message" for name, link in NETWORKS.items())
    return f"""## 2 to 256 hosts, predicted

Each host is one rank with one thread of this processor, and there are as many shards as ranks. Weak: each host has
{numbers.batch} rows of a batch. Strong: all share {STRONG:,} rows. The networks are assumed:
{assumed}.
The last columns say how many rows each host needs for an efficiency of {ENOUGH:g}. A host that computes k times as fast
needs about k times as many.

{chr(10).join(texts)}"""


def _mend(part: str) -> str:
    return {
        "latency": "Fewer ranks with more threads, or a network with shorter messages, would move it.",
        "bandwidth": "More rows for each host, or a faster network, would move it.",
        "adding": "More rows for each host, or more threads that add, would move it.",
    }[part]


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def _fixed(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
