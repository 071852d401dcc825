"""Special functions, as PyTorch's `torch.special`: of gamma, error and Bessel type, and some elementary ones."""

from autograd.names import define_all as _define_all
from autograd.ops import (
    bessel_j0 as bessel_j0,
    bessel_j1 as bessel_j1,
    bessel_y0 as bessel_y0,
    bessel_y1 as bessel_y1,
    digamma as digamma,
    entr as entr,
    erf as erf,
    erfc as erfc,
    erfcx as erfcx,
    erfinv as erfinv,
    exp2 as exp2,
    expm1 as expm1,
    i0 as i0,
    i0e as i0e,
    i1 as i1,
    i1e as i1e,
    igamma as _igamma,
    igammac as _igammac,
    lgamma as _lgamma,
    log1p as log1p,
    log_ndtr as log_ndtr,
    log_softmax as log_softmax,
    logit as logit,
    logsumexp as logsumexp,
    modified_bessel_i0 as modified_bessel_i0,
    modified_bessel_i1 as modified_bessel_i1,
    modified_bessel_k0 as modified_bessel_k0,
    modified_bessel_k1 as modified_bessel_k1,
    mvlgamma as _mvlgamma,
    ndtr as ndtr,
    ndtri as ndtri,
    polygamma as polygamma,
    round as round,
    scaled_modified_bessel_k0 as scaled_modified_bessel_k0,
    scaled_modified_bessel_k1 as scaled_modified_bessel_k1,
    sigmoid as _sigmoid,
    sinc as sinc,
    softmax as softmax,
    xlog1py as xlog1py,
    xlogy as xlogy,
    zeta as zeta,
)

# names that PyTorch has only here
expit = _sigmoid
gammainc = _igamma
gammaincc = _igammac
gammaln = _lgamma
multigammaln = _mvlgamma
psi = digamma

__all__: list[str]
_define_all(globals())
