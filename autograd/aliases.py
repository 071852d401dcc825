"""Second names that PyTorch has for functions: those of NumPy, and older ones.  Each is the function itself."""

from autograd import ops

absolute = ops.abs
arccos = ops.acos
arccosh = ops.acosh
arcsin = ops.asin
arcsinh = ops.asinh
arctan = ops.atan
arctan2 = ops.atan2
arctanh = ops.atanh
clip = ops.clamp
concat = ops.cat
concatenate = ops.cat
det = ops.linalg_det
divide = ops.div
fix = ops.trunc
ger = ops.outer
greater = ops.gt
greater_equal = ops.ge
inverse = ops.linalg_inv
less = ops.lt
less_equal = ops.le
matrix_exp = ops.linalg_matrix_exp
matrix_power = ops.linalg_matrix_power
moveaxis = ops.movedim
multiply = ops.mul
negative = ops.neg
not_equal = ops.ne
orgqr = ops.linalg_householder_product
row_stack = ops.vstack
slogdet = ops.linalg_slogdet
subtract = ops.sub
swapaxes = ops.transpose
swapdims = ops.transpose
trapz = ops.trapezoid
true_divide = ops.div
