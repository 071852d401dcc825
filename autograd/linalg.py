"""Linear algebra: `torch.linalg` on NumPy's and SciPy's LAPACK.

All functions take matrices of float32 or float64 with any number of leading dimensions, and have gradients of any order
where the result has one.

Examples
--------
>>> import autograd
>>> A = autograd.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
>>> autograd.linalg.slogdet(A).logabsdet.backward()
>>> A.grad  # the inverse, transposed
tensor([[ 0.6000, -0.2000],
        [-0.2000,  0.4000]])
"""

from autograd import ops as _ops
from autograd.names import define_all as _define_all
from autograd.ops import matmul as matmul
from autograd.ops.shared.matrices import LinAlgError as LinAlgError

cholesky = _ops.linalg_cholesky
cholesky_ex = _ops.linalg_cholesky_ex
cond = _ops.linalg_cond
cross = _ops.linalg_cross
det = _ops.linalg_det
diagonal = _ops.linalg_diagonal
eigh = _ops.linalg_eigh
eigvalsh = _ops.linalg_eigvalsh
householder_product = _ops.linalg_householder_product
inv = _ops.linalg_inv
inv_ex = _ops.linalg_inv_ex
lstsq = _ops.linalg_lstsq
lu = _ops.linalg_lu
lu_factor = _ops.linalg_lu_factor
lu_factor_ex = _ops.linalg_lu_factor_ex
lu_solve = _ops.linalg_lu_solve
matrix_exp = _ops.linalg_matrix_exp
matrix_norm = _ops.linalg_matrix_norm
matrix_power = _ops.linalg_matrix_power
matrix_rank = _ops.linalg_matrix_rank
multi_dot = _ops.linalg_multi_dot
norm = _ops.linalg_norm
pinv = _ops.linalg_pinv
qr = _ops.linalg_qr
slogdet = _ops.linalg_slogdet
solve = _ops.linalg_solve
solve_ex = _ops.linalg_solve_ex
solve_triangular = _ops.linalg_solve_triangular
svd = _ops.linalg_svd
svdvals = _ops.linalg_svdvals
tensorinv = _ops.linalg_tensorinv
tensorsolve = _ops.linalg_tensorsolve
vander = _ops.linalg_vander
vecdot = _ops.linalg_vecdot
vector_norm = _ops.linalg_vector_norm

__all__: list[str]
_define_all(globals())
