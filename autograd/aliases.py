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
divide = ops.div
fix = ops.trunc
greater = ops.gt
greater_equal = ops.ge
less = ops.lt
less_equal = ops.le
moveaxis = ops.movedim
multiply = ops.mul
negative = ops.neg
not_equal = ops.ne
subtract = ops.sub
swapaxes = ops.transpose
swapdims = ops.transpose
trapz = ops.trapezoid
true_divide = ops.div
