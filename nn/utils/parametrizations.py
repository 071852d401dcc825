"""Parametrizations of weights: weight normalization, spectral normalization, orthogonal matrices.

Each function registers a parametrization (`nn.utils.parametrize`), and returns the module.  Names, arguments and the
names in the state dict are PyTorch's.
"""

from __future__ import annotations

from typing import Any, Literal

import autograd
import nn.functional as F
from autograd import Tensor, linalg, no_grad
from nn.module import Module
from nn.utils import normalized
from nn.utils.parametrize import register_parametrization


def _tensor(caller: str, module: Module, name: str) -> Tensor:
    found = getattr(module, name, None)
    if not isinstance(found, Tensor):
        raise ValueError(f"{caller}: {type(module).__name__} has no parameter or buffer {name!r}")
    return found


# ── weight normalization ──


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return normalized.scaled(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return normalized.norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Compute a weight as g v / ‖v‖, with a magnitude g and a direction v that are learned separately.

    States of the older `nn.utils.weight_norm`, with the names weight_g and weight_v, can be loaded.

    Parameters
    ----------
    module : Module
    name : str
        Name of the weight.
    dim : int or None
        The dimension whose every index has a norm of its own: 0 for one norm for each output.  None: one norm in all.

    Returns
    -------
    Module
        The module itself.  g is `module.parametrizations.weight.original0`, v is `original1`.

    References
    ----------
    Salimans and Kingma, arXiv:1602.07868.

    Examples
    --------
    >>> import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
    >>> layer
    ParametrizedLinear(
      in_features=20, out_features=40, bias=True
      (parametrizations): ModuleDict(
        (weight): ParametrizationList(
          (0): _WeightNorm()
        )
      )
    )
    >>> layer.parametrizations.weight.original0.shape
    (40, 1)
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(module: Module, state: dict[str, Any], prefix: str, *rest: object) -> None:
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state for key in old):
            for i, key in enumerate(old):
                state[f"{prefix}parametrizations.{name}.original{i}"] = state.pop(key)

    module.register_load_state_dict_pre_hook(rename)
    return module


# ── spectral normalization ──


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(f"spectral_norm: dim is {dim}; a weight of shape {weight.shape} has no such dimension")
        normalized.check_steps(n_power_iterations)
        self.dim, self.eps = dim % weight.ndim, eps
        if weight.ndim > 1:  # a vector is divided by its norm
            self.n_power_iterations = n_power_iterations
            matrix = normalized.matrix(weight.detach(), self.dim)
            self.register_buffer("_u", normalized.random_direction(matrix.shape[0], weight, eps))
            self.register_buffer("_v", normalized.random_direction(matrix.shape[1], weight, eps))
            self._iterate(matrix, 15)

    def _iterate(self, matrix: Tensor, steps: int) -> None:
        normalized.iterate(matrix, self._u, self._v, steps, self.eps, left_first=True)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = normalized.matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        return weight / normalized.norm_along(matrix, self._u, self._v)

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its spectral norm, the largest factor by which it stretches a vector.

    The norm is estimated by the power method.  In training mode, each time the weight is read does some more steps.

    Parameters
    ----------
    module : Module
    name : str
        Name of the weight.  One of more than two dimensions is taken as a matrix, with dim as its rows.
    n_power_iterations : int
        Steps each time the weight is read.
    eps : float
        Smallest norm that a vector is divided by.
    dim : int, optional
        The dimension that counts outputs.  Default: 0, and 1 for transposed convolutions.

    Returns
    -------
    Module
        The module itself.

    References
    ----------
    Miyato et al., arXiv:1802.05957.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3), n_power_iterations=100)
    >>> print(f"{autograd.linalg.matrix_norm(layer.weight, 2).item():.4f}")
    1.0000
    """
    weight = _tensor("spectral_norm", module, name)
    dim = normalized.output_dim(module) if dim is None else dim
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


# ── orthogonal matrices ──

_MAPS = ("matrix_exp", "cayley", "householder")


def _orthogonalized(a: Tensor) -> Tensor:
    """The Q of A = Q R, with R's diagonal made positive."""
    q, r = linalg.qr(a)
    return q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)


def _is_orthogonal(q: Tensor) -> bool:
    n, k = q.shape[-2:]
    identity = autograd.eye(k, dtype=q.dtype)
    return autograd.allclose(q.mT @ q, identity, atol=10 * n * autograd.finfo(q.dtype).eps)


class _Orthogonal(Module):
    """Maps a matrix X to an orthogonal one.

    matrix_exp    Q = exp(A)                        with A = L - Lᵀ, L the lower triangle of X
    cayley        Q = (I - A/2)⁻¹ (I + A/2)
    householder   a product of reflections, whose vectors are the columns of X below the diagonal; signs on the diagonal

    With trivialization the result is B Q, for a fixed orthogonal matrix B (arXiv:1909.09501).
    """

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        self.shape, self.orthogonal_map, self.use_trivialization = weight.shape, orthogonal_map, use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        transposed = x.shape[-2] < x.shape[-1]
        if transposed:
            x = x.mT
        n, k = x.shape[-2:]
        if self.orthogonal_map == "householder":
            a = x.tril(-1)
            tau = 2.0 / (1.0 + (a * a).sum(dim=-2))
            signs = x.detach().diagonal(dim1=-2, dim2=-1).int().to(x.dtype)
            q = linalg.householder_product(a, tau) * signs.unsqueeze(-2)
        else:
            lower = x.tril()
            if n != k:  # complete to a square matrix
                lower = autograd.cat([lower, autograd.zeros(*x.shape[:-2], n, n - k, dtype=x.dtype)], dim=-1)
            a = lower - lower.mT
            if self.orthogonal_map == "matrix_exp":
                q = linalg.matrix_exp(a)
            else:
                identity = autograd.eye(n, dtype=x.dtype)
                q = linalg.solve(identity - 0.5 * a, identity + 0.5 * a)
            q = q[..., :k]
        if self.use_trivialization:
            q = self.base @ q
        return q.mT if transposed else q

    def right_inverse(self, q: Tensor) -> Tensor:
        if q.shape != self.shape:
            raise ValueError(f"orthogonal: expects a tensor of shape {self.shape}, got {q.shape}")
        given, transposed = q, q.shape[-2] < q.shape[-1]
        with no_grad():
            if transposed:
                q = q.mT
            n, k = q.shape[-2:]
            if self.use_trivialization:
                if n != k:
                    q = autograd.cat([q, autograd.randn(*q.shape[:-2], n, n - k, dtype=q.dtype)], dim=-1)
                self.base = q.clone() if n == k and _is_orthogonal(q) else _orthogonalized(q)
                start = autograd.zeros_like(given)
                start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)  # the reflections of -I are those of the identity
                return start
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    f"orthogonal: with use_trivialization=False, a weight of orthogonal_map={self.orthogonal_map!r} "
                    "cannot be assigned to; pass use_trivialization=True"
                )
            a, tau = autograd.geqrf(q)
            diagonal = a.diagonal(dim1=-2, dim2=-1)
            diagonal.copy_(diagonal.sign() * autograd.where(tau == 0, -1.0, 1.0).to(a.dtype))
            return a.mT if transposed else a


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: Literal["matrix_exp", "cayley", "householder"] | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Keep a matrix orthogonal: its columns, or its rows if those are fewer, are perpendicular and of norm 1.

    Parameters
    ----------
    module : Module
    name : str
        Name of the weight (…, M, N).  One of more than two dimensions is a batch of matrices.
    orthogonal_map : "matrix_exp", "cayley" or "householder", optional
        How a matrix becomes orthogonal.  Default: "matrix_exp" for square matrices, "householder" for others.
    use_trivialization : bool
        Whether to multiply by a fixed orthogonal matrix, `parametrizations.weight[0].base`, which makes the weight
        begin with the value it has, and learn faster.

    Returns
    -------
    Module
        The module itself.

    Raises
    ------
    ValueError
        If the weight has fewer than two dimensions, or orthogonal_map is unknown.
    TypeError
        If the weight is of complex numbers.

    References
    ----------
    Lezcano-Casado, "Trivializations for Gradient-Based Optimization on Manifolds", arXiv:1909.09501.

    Examples
    --------
    >>> import autograd, nn
    >>> layer = nn.utils.parametrizations.orthogonal(nn.Linear(2, 4))
    >>> autograd.allclose(layer.weight.T @ layer.weight, autograd.eye(2), atol=1e-6)
    True
    """
    weight = _tensor("orthogonal", module, name)
    if weight.ndim < 2:
        raise ValueError(f"orthogonal: expects a matrix or a batch of matrices, got shape {weight.shape}")
    if weight.dtype.kind == "c":
        raise TypeError(f"orthogonal: expects a weight of real numbers, got {weight.dtype}")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(f"orthogonal: orthogonal_map is {orthogonal_map!r}; it must be one of {', '.join(_MAPS)}")
    chosen = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, chosen, unsafe=True)
