"""Teach an LSTM to write Python, one character at a time.

Run ``python -m examples.char_rnn`` (about 20 seconds), or name a text of your own, of at least some 100,000 characters:
``python -m examples.char_rnn book.txt``.

You will see a recurrent network read the source of ``nn`` and learn to predict the next character.  Every hundred steps
it writes a line by itself.  At first it throws letters about.  Then come indentation, ``self`` and brackets, and in the
end lines that look like Python, although nobody told it what a word is.
"""

import math
import sys
from pathlib import Path

import autograd
import nn
import nn.functional as F
import optim

LENGTH, BATCH, WIDTH = 64, 32, 128  # characters in a piece of text, pieces in a batch, numbers in the network's memory

if len(sys.argv) > 1:
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
else:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(nn.__file__).parent.glob("*.py")))
    text = "".join(filter(str.isascii, text))  # so that any terminal can show what it writes
characters = sorted(set(text))
number = {character: i for i, character in enumerate(characters)}
data = autograd.tensor([number[character] for character in text])
train, test = data[: len(data) * 9 // 10], data[len(data) * 9 // 10 :]


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(characters), 32)
        self.lstm = nn.LSTM(32, WIDTH, batch_first=True)
        self.scores = nn.Linear(WIDTH, len(characters))

    def forward(self, x, state=None):  # (N, L) of integers -> (N, L, characters), and the memory after the last one
        hidden, state = self.lstm(self.embedding(x), state)
        return self.scores(hidden), state


def loss_of(model, pieces):  # (N, LENGTH + 1): each character but the first is to be predicted from those before it
    scores, _ = model(pieces[:, :-1])
    return F.cross_entropy(scores.flatten(0, 1), pieces[:, 1:].flatten())


@autograd.no_grad()
def write(model, count, temperature=0.5):
    """Draw one character after another.  A low temperature prefers likely ones, 1 takes them as often as predicted."""
    written, state = "\n", None
    for _ in range(count):
        # The network needs only the last character: its memory, the state, holds what came before.
        scores, state = model(autograd.tensor([[number[written[-1]]]]), state)
        written += characters[int(autograd.multinomial(F.softmax(scores[0, 0] / temperature, 0), 1))]
    return written.strip("\n")


autograd.manual_seed(0)
model = Writer()
optimizer = optim.AdamW(model.parameters(), lr=0.005)
held_out = test[: len(test) // (LENGTH + 1) * (LENGTH + 1)].reshape(-1, LENGTH + 1)
print(f"{len(text):,} characters, {len(characters)} of them different; guessing: loss {math.log(len(characters)):.2f}")
for step in range(601):
    starts = autograd.randint(0, len(train) - LENGTH, (BATCH, 1))
    loss = loss_of(model, train[starts + autograd.arange(LENGTH + 1)])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # the gradient through 64 steps of memory can explode
    optimizer.step()
    if step % 100 == 0:
        with autograd.no_grad():
            new = loss_of(model, held_out).item()
        print(f"step {step:4d}   loss {loss.item():.3f}   on new text {new:.3f}   {write(model, 40)!r}")
print("It writes:", write(model, 1000), sep="\n\n")
