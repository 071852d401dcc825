"""Lists and dicts of parameters, and embeddings of existing vectors, as in PyTorch."""

from __future__ import annotations

from typing import Any

import torch

import autograd
import nn


def _facts(library: Any, nn_: Any) -> list[Any]:
    listed = nn_.ParameterList([library.zeros(2, 3), nn_.Parameter(library.ones(1))])
    listed.append(library.ones(2)).extend([library.zeros(1, 1)])
    listed += [library.zeros(4)]
    listed[-1] = library.ones(5)
    named = nn_.ParameterDict({"a": library.zeros(2), "b": library.ones(3)})
    named.update({"c": library.ones(1), "a": library.ones(4)})
    popped = named.pop("b")
    facts: list[Any] = [len(listed), len(listed[1:3]), list(named), "a" in named, "b" in named, tuple(popped.shape)]
    facts += [named.get("z", 3), tuple(named.setdefault("d", library.ones(2)).shape), list(reversed(named))]
    net = nn_.Module()
    net.listed, net.named = listed, named
    facts += [[(name, tuple(p.shape)) for name, p in net.named_parameters()], list(net.state_dict())]
    facts += [named.popitem()[0], len(named.copy())]
    named.clear()
    return [*facts, len(named), list(named.parameters()), repr(nn_.ParameterList())]


def test_parameter_containers() -> None:
    assert _facts(autograd, nn) == _facts(torch, torch.nn)


def test_embedding_of_existing_vectors() -> None:
    for library, nn_ in ((autograd, nn), (torch, torch.nn)):
        vectors = library.tensor([[1.0, 2.0], [3.0, 4.0]])
        frozen = nn_.Embedding.from_pretrained(vectors, padding_idx=0)
        assert not frozen.weight.requires_grad and frozen.padding_idx == 0
        assert frozen.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
        vectors[0, 0] = 5.0
        assert frozen(library.tensor([0])).tolist() == [[5.0, 2.0]]  # the memory is shared
        assert nn_.Embedding.from_pretrained(vectors, freeze=False).weight.requires_grad
