"""The settings of the deep network, which ours and PyTorch's share; this module imports no framework."""

from __future__ import annotations

WIDTHS = (64, 256, 256)  # channels of the three groups
EPS = 5e-4  # ε of the whitening
PAD = 2  # pixels by which images are shifted at most
SMOOTHING = 0.2
EPOCHS = 8
BATCH_SIZE = 2000
LR = 0.24  # of the filters
MUON_MOMENTUM, MOMENTUM = 0.6, 0.85
NS_STEPS = 3  # of Muon
# Rates of the other parameters, for the mean of the loss, relative to --lr. They look large because the scores, of
# which the loss is computed, are divided by the width of the last layer.
BIAS_RATE, HEAD_RATE = 442.0, 5583.0
DECAY = 4e-3  # of biases and head: weight decay times rate, the share of them that a step takes away
