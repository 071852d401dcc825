"""Train a convolutional network on pictures.

Run ``python -m examples.cifar_cnn`` (about 10 seconds).

You will see one short epoch: 20,000 pictures of ten classes, in batches of 64.  The loss falls from 2.3, which is
log(10), the loss of a blind guess.  Then the accuracy is printed, on training pictures and on pictures that the
network has never seen.  The two are close, since it saw each training picture only once.  Ten
pictures with the network's guesses are drawn in ``runs/cifar_cnn.png``.

The pictures are CIFAR-10 if the variable ``CIFAR10_DIR`` names its folder, or if it was downloaded before by an
experiment.  Otherwise they are drawn shapes and textures.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import autograd
import nn
import nn.functional as F
import optim
from examples.experiments.support.data import cifar10


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(32 * 8 * 8, 64), nn.Linear(64, 10)

    def forward(self, x):  # (N, 3, 32, 32): N pictures, three colors, 32 by 32 pixels
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (N, 16, 16, 16)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (N, 32, 8, 8)
        x = F.relu(self.fc1(x.flatten(1)))  # (N, 64)
        return self.fc2(x)  # (N, 10): a score for each class, which cross_entropy turns into probabilities


def tensors(split, count):
    """The first pictures of a split as floats around 0, where networks learn best, and their labels."""
    images = split.images[:count].astype(np.float32) / 127.5 - 1
    return autograd.from_numpy(images), autograd.from_numpy(split.labels[:count])


def predict(model, images):
    with autograd.no_grad():  # no gradients wanted, so record nothing
        return autograd.cat([model(batch).argmax(1) for batch in images.split(500)])


autograd.manual_seed(0)
data = cifar10.load(None, allow_download=False)
print(data)
images, labels = tensors(data.train, 20_000)
test_images, test_labels = tensors(data.test, 2_000)

model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.003)
order = autograd.randperm(len(images))  # a batch should be a mixture, whatever order the files have
for i, batch in enumerate(order.split(64)):
    loss = F.cross_entropy(model(images[batch]), labels[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 40 == 0:
        print(f"batch {i:4d}   loss {loss.item():.3f}")

guesses = predict(model, test_images)
train_accuracy = (predict(model, images[:2000]) == labels[:2000]).float().mean()
test_accuracy = (guesses == test_labels).float().mean()
print(f"Accuracy: {train_accuracy:.1%} on training pictures, {test_accuracy:.1%} on test pictures; chance is 10%.")

figure = Figure(figsize=(8, 4), layout="constrained")
for axes, image, guess, label in zip(figure.subplots(2, 5).flat, test_images, guesses, test_labels):
    axes.imshow((image.permute(1, 2, 0).numpy() + 1) / 2)
    axes.set_title(f"{data.classes[guess]}\n({data.classes[label]})", color="C2" if guess == label else "C3")
    axes.axis("off")
Path("runs").mkdir(exist_ok=True)
figure.savefig("runs/cifar_cnn.png")
print("Ten pictures with the guess and (the truth): runs/cifar_cnn.png")
