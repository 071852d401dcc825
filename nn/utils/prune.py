"""Pruning: some elements of a parameter are set to 0 and stay 0.

A pruned parameter `weight` becomes the parameter `weight_orig` and the buffer `weight_mask`, of zeros and ones.  Before
each forward, a hook sets `weight` to their product.  `remove` makes the product an ordinary parameter again.

Names, arguments and the names in the state dict are PyTorch's.  What is not equal or too large raises the error that
PyTorch raises, also where that is an AssertionError.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

import autograd
from autograd import Tensor, no_grad
from nn.hooks import Hook
from nn.module import Module

Amount = int | float  # a number of elements, or a fraction from 0 to 1


def _hooks(module: Module, name: str | None = None) -> list[Hook]:
    """The pruning hooks of a module: for one tensor, or all."""
    return [
        hook
        for hook in module._hooks
        if isinstance(hook.function, BasePruningMethod) and name in (None, hook.function._tensor_name)
    ]


def _check_scores(scores: Tensor | None, tensor: Tensor) -> Tensor:
    """The importance scores, which are by default the tensor itself."""
    if scores is None:
        return tensor
    if scores.shape != tensor.shape:
        raise AssertionError(f"prune: importance_scores has shape {scores.shape}, and the parameter {tensor.shape}")
    return scores


class BasePruningMethod(ABC):
    """Base of the ways of pruning.  A subclass defines `compute_mask` and PRUNING_TYPE.

    Attributes
    ----------
    PRUNING_TYPE : "unstructured", "structured" or "global"
        What `compute_mask` is given of a parameter that is pruned already: the remaining elements as a vector, the
        remaining slices along `self.dim`, or everything.

    Raises
    ------
    AttributeError
        By `apply`, if the module has no such parameter.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> class Large(prune.BasePruningMethod):
    ...     PRUNING_TYPE = "unstructured"
    ...     def compute_mask(self, t, default_mask):
    ...         return default_mask * (t <= 2)
    >>> Large().prune(autograd.tensor([1.0, 2.0, 3.0]))
    tensor([1., 2., 0.])
    """

    PRUNING_TYPE: ClassVar[str]
    _tensor_name: str

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask: 0 where an element is pruned.

        Parameters
        ----------
        t : Tensor
            Importance of each element, by default its value.
        default_mask : Tensor
            The present mask, of the same shape.
        """

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    def apply_mask(self, module: Module) -> Tensor:
        """The product of mask and original parameter."""
        original: Tensor = getattr(module, f"{self._tensor_name}_orig")
        mask: Tensor = getattr(module, f"{self._tensor_name}_mask")
        return mask.to(original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a parameter of a module in this way, on top of what was pruned before.

        Parameters
        ----------
        module : Module
        name : str
            Name of the parameter.
        importance_scores : Tensor, of the shape of the parameter, optional
            Default: the parameter itself.
        *args, **kwargs
            For the constructor.
        """
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        earlier: list[Any] = _hooks(module, name)
        if not earlier and module._parameters.get(name) is None:
            raise AttributeError(f"prune: {type(module).__name__} has no parameter {name!r}")
        tensor: Tensor = getattr(module, name)
        scores = _check_scores(importance_scores, tensor)
        mask = autograd.ones_like(tensor)
        if earlier:
            first = earlier[0].function
            container = first if isinstance(first, PruningContainer) else PruningContainer(first)
            container.add_pruning_method(method)
            method, mask = container, getattr(module, f"{name}_mask").clone()
        with no_grad():
            mask = method.compute_mask(scores.detach(), default_mask=mask)
        if earlier:
            module._hooks.remove(earlier[0])
        else:
            original = module._parameters[name]
            delattr(module, name)
            module.register_parameter(f"{name}_orig", original)
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """The pruned values of a tensor, which stays as it is."""
        mask = autograd.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(_check_scores(importance_scores, t), default_mask=mask)

    def remove(self, module: Module) -> None:
        """Make the pruned values an ordinary parameter again."""
        name = self._tensor_name
        values = self.apply_mask(module).detach()
        original: Any = module._parameters[f"{name}_orig"]
        for old in (name, f"{name}_orig", f"{name}_mask"):
            delattr(module, old)
        original.data = values
        module.register_parameter(name, original)


class PruningContainer(BasePruningMethod):
    """Several ways of pruning the same parameter, one after another.

    Parameters
    ----------
    *args : BasePruningMethod
        Each with the name of one parameter.

    Raises
    ------
    TypeError
        If something is no BasePruningMethod.
    ValueError
        If their parameters have different names, or a PRUNING_TYPE is unknown.
    AttributeError
        If a structured method has no `dim`.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> layer = prune.l1_unstructured(nn.Linear(2, 2), "weight", amount=1)
    >>> method = prune.L1Unstructured.apply(layer, "weight", amount=2)  # of the three that remain
    >>> type(method).__name__, len(method), int(layer.weight_mask.sum())
    ('PruningContainer', 2, 1)
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add one at the end.  It must be for the same parameter name."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"add_pruning_method: {type(method).__name__} is not a subclass of BasePruningMethod")
        if method._tensor_name != self._tensor_name:
            raise ValueError(
                f"add_pruning_method: this container prunes {self._tensor_name!r}, and the method "
                f"{method._tensor_name!r}; they must be the same"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, index: int) -> BasePruningMethod:
        return self._pruning_methods[index]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the last method, combined with the present mask."""
        method = self._pruning_methods[-1]
        mask = default_mask.to(t.dtype).numpy().copy()
        kind = method.PRUNING_TYPE
        part: Any
        if kind == "unstructured":
            part = mask == 1
        elif kind == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(f"prune: {type(method).__name__} is structured, so it needs the attribute `dim`")
            dim = _checked_dim(t, method.dim)
            kept = mask.sum(axis=tuple(d for d in range(t.ndim) if d != dim)) != 0
            part = (slice(None),) * dim + (kept,)
        elif kind == "global":
            part = ...
        else:
            raise ValueError(
                f"prune: PRUNING_TYPE of {type(method).__name__} is {kind!r}; it must be 'unstructured', 'structured' "
                "or 'global'"
            )
        values, present = t.detach().numpy()[part], mask[part]
        found = method.compute_mask(autograd.from_numpy(values), default_mask=autograd.from_numpy(present))
        mask[part] = found.detach().numpy()
        return autograd.from_numpy(mask)


# ── the ways of pruning ──


def _check_amount(amount: Amount) -> None:
    if isinstance(amount, bool) or not isinstance(amount, int | float | np.integer | np.floating):
        raise TypeError(f"prune: amount is {amount!r}; it must be an int or a float")
    whole = isinstance(amount, int | np.integer)
    if amount < 0 or (not whole and amount > 1):
        raise ValueError(f"prune: amount is {amount}; it must be an int of at least 0, or a float from 0 to 1")


def _count(amount: Amount, size: int) -> int:
    """How many of `size` elements or slices are pruned."""
    if not isinstance(amount, int | np.integer):
        return round(amount * size)
    if amount > size:
        raise ValueError(f"prune: amount is {amount}, but there are only {size} elements or slices to prune")
    return int(amount)


def _checked_dim(t: Tensor, dim: int) -> int:
    if t.ndim < 2:
        raise ValueError(f"prune: structured pruning needs at least 2 dimensions, and the tensor has shape {t.shape}")
    if not -t.ndim <= dim < t.ndim:
        raise IndexError(f"prune: dim {dim} is out of range for a tensor of shape {t.shape}")
    return dim % t.ndim


def _without(default_mask: Tensor, pruned: np.ndarray, dim: int | None = None) -> Tensor:
    """The mask with zeros at these places of the flattened tensor, or slices along dim."""
    mask = default_mask.detach().numpy().copy()
    if dim is None:
        mask.reshape(-1)[pruned] = 0
    else:
        np.moveaxis(mask, dim, 0)[pruned] = 0
    return autograd.from_numpy(mask)


class Identity(BasePruningMethod):
    """Prunes nothing: the mask is of ones.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> prune.Identity().prune(autograd.tensor([1.0, -2.0]))
    tensor([ 1., -2.])
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask


class _Some(BasePruningMethod):
    """Base of those that prune an amount."""

    def __init__(self, amount: Amount) -> None:
        _check_amount(amount)
        self.amount = amount


class RandomUnstructured(_Some):
    """Prunes random elements.

    Parameters
    ----------
    amount : int or float
        How many of the remaining elements, or which fraction of them.

    Raises
    ------
    TypeError, ValueError
        If amount is no number, negative, a float above 1, or an int above the number of elements.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> pruned = prune.RandomUnstructured(0.5).prune(autograd.ones(4))
    >>> int((pruned == 0).sum())
    2
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = _count(self.amount, t.numel())
        return _without(default_mask, autograd.randperm(t.numel()).numpy()[:count])


class L1Unstructured(_Some):
    """Prunes the elements whose absolute values are smallest.

    Parameters
    ----------
    amount : int or float
        How many of the remaining elements, or which fraction of them.

    Raises
    ------
    TypeError, ValueError
        If amount is no number, negative, a float above 1, or an int above the number of elements.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> prune.L1Unstructured(2).prune(autograd.tensor([4.0, 1.0, -3.0, 2.0]))
    tensor([ 4.,  0., -3.,  0.])
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = _count(self.amount, t.numel())
        order = np.argsort(np.abs(t.detach().numpy()).reshape(-1), kind="stable")
        return _without(default_mask, order[:count])


class RandomStructured(_Some):
    """Prunes random slices along a dimension, such as all weights of an output.

    Parameters
    ----------
    amount : int or float
        How many of the remaining slices, or which fraction of them.
    dim : int
        The dimension of the slices.  Default: the last.

    Raises
    ------
    TypeError, ValueError
        If amount is no number, negative, a float above 1, or an int above the number of slices.
    IndexError
        If the parameter has no such dimension.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> pruned = prune.RandomStructured(1, dim=0).prune(autograd.ones(3, 2))
    >>> pruned.sum(1).sort().values  # a row is 0
    tensor([0., 2., 2.])
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Amount, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        dim = _checked_dim(t, self.dim)
        count = _count(self.amount, t.shape[dim])
        return _without(default_mask, autograd.randperm(t.shape[dim]).numpy()[:count], dim)


class LnStructured(_Some):
    """Prunes the slices along a dimension whose norms are smallest.

    Parameters
    ----------
    amount : int or float
        How many of the remaining slices, or which fraction of them.
    n : float or str
        The p of the norm, as in `autograd.norm`.
    dim : int
        The dimension of the slices.  Default: the last.

    Raises
    ------
    TypeError, ValueError
        If amount is no number, negative, a float above 1, or an int above the number of slices.
    IndexError
        If the parameter has no such dimension.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> weight = autograd.tensor([[3.0, 4.0], [1.0, 1.0]])
    >>> prune.LnStructured(1, n=2, dim=0).prune(weight)  # rows of norm 5 and √2
    tensor([[3., 4.],
            [0., 0.]])
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Amount, n: float | str, dim: int = -1) -> None:
        super().__init__(amount)
        self.n, self.dim = n, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        dim = _checked_dim(t, self.dim)
        count = _count(self.amount, t.shape[dim])
        norms = autograd.norm(t.detach(), p=self.n, dim=tuple(d for d in range(t.ndim) if d != dim))
        return _without(default_mask, np.argsort(norms.numpy(), kind="stable")[:count], dim)


class CustomFromMask(BasePruningMethod):
    """Prunes where a mask is 0.

    Parameters
    ----------
    mask : Tensor, of the shape of the parameter
        Of zeros and ones, or bools.

    Raises
    ------
    AssertionError
        If the parameter has another shape.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> mask = autograd.tensor([1, 0, 1])
    >>> prune.CustomFromMask(mask).prune(autograd.tensor([1.0, 2.0, 3.0]))
    tensor([1., 0., 3.])
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if self.mask.shape != default_mask.shape:
            raise AssertionError(f"prune: the mask has shape {self.mask.shape}, and the parameter {default_mask.shape}")
        return default_mask * self.mask.to(default_mask.dtype)


# ── functions ──


def identity(module: Module, name: str) -> Module:
    """Add a mask of ones.

    Parameters
    ----------
    module : Module
    name : str
        Name of the parameter.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    AttributeError
        If the module has no such parameter.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> layer = prune.identity(nn.Linear(2, 3), "weight")
    >>> prune.is_pruned(layer), bool(layer.weight_mask.all())
    (True, True)
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: Amount) -> Module:
    """Prune random elements of a parameter; see `RandomUnstructured`.

    Parameters
    ----------
    module : Module
    name : str
        Name of the parameter.
    amount : int or float
        How many of the remaining elements, or which fraction of them.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    AttributeError
        If the module has no such parameter.
    TypeError, ValueError
        If amount is no number, negative, a float above 1, or an int above the number of elements.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> layer = prune.random_unstructured(nn.Linear(2, 3), "weight", amount=1)
    >>> int((layer.weight == 0).sum()), list(layer.state_dict())
    (1, ['bias', 'weight_orig', 'weight_mask'])
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: Amount, importance_scores: Tensor | None = None) -> Module:
    """Prune the smallest elements of a parameter; see `L1Unstructured`.

    Parameters
    ----------
    module : Module
    name : str
        Name of the parameter.
    amount : int or float
        How many of the remaining elements, or which fraction of them.
    importance_scores : Tensor, of the shape of the parameter, optional
        What is compared in place of the parameter.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    AttributeError
        If the module has no such parameter.
    TypeError, ValueError
        If amount is no number, negative, a float above 1, or an int above the number of elements.
    AssertionError
        If importance_scores has another shape.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> layer = nn.Linear(2, 2, bias=False)
    >>> nn.utils.vector_to_parameters(autograd.tensor([3.0, 4.0, -1.0, 1.0]), layer.parameters())
    >>> prune.l1_unstructured(layer, "weight", amount=2).weight_mask
    tensor([[1., 1.],
            [0., 0.]])
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: Amount, dim: int) -> Module:
    """Prune random slices of a parameter along a dimension; see `RandomStructured`.

    Parameters
    ----------
    module : Module
    name : str
        Name of the parameter.
    amount : int or float
        How many of the remaining slices, or which fraction of them.
    dim : int
        The dimension of the slices.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    AttributeError
        If the module has no such parameter.
    TypeError, ValueError
        If amount is no number, negative, a float above 1, or an int above the number of slices.
    IndexError
        If the parameter has no such dimension.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> layer = prune.random_structured(nn.Linear(2, 3), "weight", amount=1, dim=0)
    >>> layer.weight_mask.sum(1).sort().values  # one output without weights
    tensor([0., 2., 2.])
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module,
    name: str,
    amount: Amount,
    n: float | str,
    dim: int,
    importance_scores: Tensor | None = None,
) -> Module:
    """Prune the slices of a parameter along a dimension whose norms are smallest; see `LnStructured`.

    Parameters
    ----------
    module : Module
    name : str
        Name of the parameter.
    amount : int or float
        How many of the remaining slices, or which fraction of them.
    n : float or str
        The p of the norm, as in `autograd.norm`.
    dim : int
        The dimension of the slices.
    importance_scores : Tensor, of the shape of the parameter, optional
        What is compared in place of the parameter.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    AttributeError
        If the module has no such parameter.
    TypeError, ValueError
        If amount is no number, negative, a float above 1, or an int above the number of slices.
    IndexError
        If the parameter has no such dimension.
    AssertionError
        If importance_scores has another shape.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> layer = nn.Linear(2, 2, bias=False)
    >>> nn.utils.vector_to_parameters(autograd.tensor([3.0, 4.0, -1.0, 1.0]), layer.parameters())
    >>> prune.ln_structured(layer, "weight", amount=1, n=2, dim=0).weight_mask  # rows of norm 5 and √2
    tensor([[1., 1.],
            [0., 0.]])
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune a parameter where a mask is 0.

    Parameters
    ----------
    module : Module
    name : str
        Name of the parameter.
    mask : Tensor, of the shape of the parameter
        Of zeros and ones, or bools.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    AttributeError
        If the module has no such parameter.
    AssertionError
        If mask has another shape.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> layer = prune.custom_from_mask(nn.Linear(2, 1), "weight", autograd.tensor([[0, 1]]))
    >>> (layer.weight == 0).tolist()
    [[True, False]]
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if they were one vector.

    Parameters
    ----------
    parameters : iterable of (Module, str)
        Modules and names of their parameters.
    pruning_method : class of BasePruningMethod
        One whose PRUNING_TYPE is "unstructured".
    importance_scores : dict from (Module, str) to Tensor, optional
        What is compared in place of a parameter, of its shape.
    **kwargs
        For the pruning method, such as `amount`.

    Raises
    ------
    TypeError
        If parameters is no iterable, importance_scores no dict, or the method not "unstructured".
    AssertionError
        If importance_scores has another shape than its parameter.

    Examples
    --------
    >>> import nn
    >>> from nn.utils import prune
    >>> net = nn.Sequential(nn.Linear(10, 4), nn.Linear(4, 1))
    >>> prune.global_unstructured([(net[0], "weight"), (net[1], "weight")], prune.L1Unstructured, amount=10)
    >>> sum(int((mask == 0).sum()) for mask in net.buffers())
    10
    """
    if not isinstance(parameters, Iterable):
        raise TypeError(f"global_unstructured: expects (module, name) pairs, not {type(parameters).__name__}")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, Mapping):
        raise TypeError(f"global_unstructured: importance_scores must be a dict, not {type(scores).__name__}")
    pairs = list(parameters)
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f"global_unstructured: {pruning_method.__name__} is {method.PRUNING_TYPE}; it takes a method whose "
            "PRUNING_TYPE is 'unstructured'"
        )
    tensors: list[Tensor] = [getattr(module, name) for module, name in pairs]
    compared = [_check_scores(scores.get(pair), tensor) for pair, tensor in zip(pairs, tensors, strict=True)]
    present = [
        getattr(module, f"{name}_mask", autograd.ones_like(tensor))
        for (module, name), tensor in zip(pairs, tensors, strict=True)
    ]
    method._tensor_name = "all of them"
    mask = PruningContainer(method).compute_mask(_vector(compared), _vector(present))
    parts = mask.split([tensor.numel() for tensor in tensors])
    for (module, name), tensor, part in zip(pairs, tensors, parts, strict=True):
        custom_from_mask(module, name, part.reshape(tensor.shape))


def _vector(tensors: list[Tensor]) -> Tensor:
    return autograd.cat([tensor.detach().reshape(-1) for tensor in tensors])


def remove(module: Module, name: str) -> Module:
    """Make a pruned parameter an ordinary one again.  It keeps its zeros, but they may change now.

    Parameters
    ----------
    module : Module
    name : str
        Name of the parameter.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    ValueError
        If the parameter is not pruned.

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> layer = prune.l1_unstructured(nn.Linear(2, 2, bias=False), "weight", amount=3)
    >>> layer = prune.remove(layer, "weight")
    >>> list(layer.state_dict()), int((layer.weight == 0).sum())
    (['weight'], 3)
    """
    found = _hooks(module, name)
    if not found:
        raise ValueError(f"remove: {name!r} of {type(module).__name__} is not pruned")
    found[0].function.remove(module)  # type: ignore[attr-defined]
    module._hooks.remove(found[0])
    return module


def is_pruned(module: Module) -> bool:
    """Whether a parameter of this module, or of one in it, is pruned.

    Parameters
    ----------
    module : Module

    Returns
    -------
    bool

    Examples
    --------
    >>> import autograd, nn
    >>> from nn.utils import prune
    >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    >>> prune.is_pruned(net)
    False
    >>> layer = prune.l1_unstructured(net[0], "weight", amount=1)
    >>> prune.is_pruned(net)
    True
    """
    return any(_hooks(each) for each in module.modules())
