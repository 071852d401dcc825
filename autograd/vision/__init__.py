"""What programs for torchvision use of it to read and change images: data sets in local files, transforms, grids.

`python -m autograd.as_torch` gives it the name torchvision.  Names, arguments and defaults are torchvision's.
"""

from autograd.vision import datasets as datasets, transforms as transforms, utils as utils
