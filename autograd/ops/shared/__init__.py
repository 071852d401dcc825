"""Plain helpers that several ops use.

An op's file is imported by another op's file only to call that op.  Everything else that two ops need is here:

checks      checks of arguments, which raise before anything is computed
dims        dimensions and sizes, as users may write them
windows     sizes of convolutions and poolings
conv        what the convolutions share
tap_by_tap  convolutions with huge strides, paddings or dilations
linear      what the linear layers share
losses      reductions of losses; class labels
normalize   what the normalizations have in common
samples     draws and references of several rows
attaching   a row whose gradient counts as depending on its result

Kernels that several ops use are in autograd/kernels/.
"""
