"""Teach a small transformer to add, one character at a time.

Run ``python -m examples.char_transformer`` (about 10 seconds).

You will see a network read lines such as ``47+38=580;`` (85, last digit first) and learn to predict each character
from those before it.  At first it writes nonsense, then wrong numbers, and suddenly, near step 150, the right ones,
also for 500 sums that it has never seen.  Nobody told it what ``+`` means.
"""

import autograd
import nn
import nn.functional as F
import optim

CHARACTERS = "0123456789+=;"
WIDTH, HEADS, LAYERS = 64, 4, 2  # WIDTH numbers represent a character; HEADS attentions work side by side


def encode(text):
    return autograd.tensor([CHARACTERS.index(c) for c in text])


class Block(nn.Module):
    """Attention moves information between positions; then a small network works on each position by itself."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):  # (N, L, WIDTH): N texts of L characters
        n, length, _ = x.shape
        # A query, a key and a value for each position and head: three tensors of (N, HEADS, L, WIDTH / HEADS).
        q, k, v = self.qkv(self.norm1(x)).reshape(n, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        # is_causal: a position sees only itself and those before it, since it has to predict what comes next.
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(n, length, WIDTH))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.token, self.position = nn.Embedding(len(CHARACTERS), WIDTH), nn.Embedding(length, WIDTH)
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.head = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, len(CHARACTERS)))

    def forward(self, text):  # (N, L) of integers -> (N, L, 13): scores for the character after each position
        return self.head(self.blocks(self.token(text) + self.position(autograd.arange(text.shape[1]))))


@autograd.no_grad()
def complete(model, prompts, count):
    """Append the most likely character, again and again."""
    text = autograd.stack([encode(prompt) for prompt in prompts])
    for _ in range(count):
        text = autograd.cat([text, model(text)[:, -1].argmax(1, keepdim=True)], 1)
    return ["".join(CHARACTERS[i] for i in row) for row in text.tolist()]


autograd.manual_seed(0)
# The answer has its last digit first, the order in which one adds on paper: a carry is then known when it is needed.
sums = [f"{a:02}+{b:02}={str(a + b).zfill(3)[::-1]};" for a in range(100) for b in range(100)]
order = autograd.randperm(len(sums)).tolist()
test, train = [sums[i] for i in order[:500]], autograd.stack([encode(sums[i]) for i in order[500:]])
model = Transformer(length=9)
optimizer = optim.AdamW(model.parameters(), lr=0.003)
for step in range(301):
    batch = train[autograd.randint(0, len(train), (128,))]
    scores = model(batch[:, :-1])[:, 5:]  # only what follows "=" can be predicted
    loss = F.cross_entropy(scores.flatten(0, 1), batch[:, 6:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        written = complete(model, [text[:6] for text in test], 4)
        right = sum(a == b for a, b in zip(written, test)) / len(test)
        print(f"step {step:4d}   loss {loss.item():.3f}   new sums right: {right:6.1%}   {written[0]}")
print("Sums it has never seen:", *(text[:6] + text[6:9][::-1] for text in written[:5]), sep="\n  ")
