"""Feed a network with a Dataset and a DataLoader, and resume in the middle of an epoch.

Run ``python -m examples.data_loader`` (about 5 seconds).

A Dataset says how many samples there are and how to make one; here each is a noisy spiral arm, drawn anew whenever it
is asked for.  A DataLoader shuffles them, collects them to batches, and lets two worker processes prepare batches
while the network trains.

You will see the accuracy on new points rise to more than 95% in twelve epochs.  Then the training is stopped in the
middle of an epoch and resumed from what was saved, as after a crash.  It ends with exactly the same weights.
"""

import numpy as np

import autograd
import nn
import nn.functional as F
import optim
from autograd.utils.data import DataLoader, Dataset, random_split


class Spirals(Dataset):
    """Points on two spiral arms; the label is the arm.  The noise is new in each epoch."""

    def __init__(self, count):
        self.angles = np.linspace(0.5, 9, count, dtype=np.float32)

    def __len__(self):
        return len(self.angles)

    def __getitem__(self, i):
        arm, angle = i % 2, self.angles[i]
        point = np.array([np.cos(angle), np.sin(angle)], np.float32) * angle / 9 * (-1) ** arm
        return point + 0.03 * np.random.randn(2).astype(np.float32), arm  # noqa: NPY002


def make():
    """A network, its optimizer and its loaders, the same each time."""
    generator = autograd.Generator().manual_seed(0)
    train, test = random_split(Spirals(2000), [0.8, 0.2], generator)
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2))
    loader = DataLoader(train, batch_size=50, shuffle=True, num_workers=2, generator=generator)
    return model, optim.Adam(model.parameters(), lr=0.01), loader, DataLoader(test, batch_size=400)


def train(model, optimizer, loader, stop=None):
    """Train for the rest of the epoch, or up to a number of batches."""
    for i, (points, arms) in enumerate(loader, 1):
        optimizer.zero_grad()
        F.cross_entropy(model(points), arms).backward()
        optimizer.step()
        if i == stop:
            break


if __name__ == "__main__":  # where workers are started anew, as on Windows, they import this file
    model, optimizer, loader, test = make()
    for epoch in range(12):
        train(model, optimizer, loader)
        points, arms = next(iter(test))
        with autograd.no_grad():
            print(f"epoch {epoch + 1}   accuracy {(model(points).argmax(1) == arms).float().mean():.1%}")

    model, optimizer, loader, _ = make()
    train(model, optimizer, loader, stop=10)  # 10 of the 32 batches
    saved = model.state_dict(), optimizer.state_dict(), loader.state_dict()
    print(f"Stopped after {saved[2]['batches']} batches.")

    again, optimizer, loader, _ = make()
    for part, state in zip((again, optimizer, loader), saved):
        part.load_state_dict(state)
    train(again, optimizer, loader)
    whole, optimizer, loader, _ = make()
    train(whole, optimizer, loader)
    equal = all(autograd.equal(p, q) for p, q in zip(again.parameters(), whole.parameters()))
    print(f"Resumed and uninterrupted training end with the same weights: {equal}")
