"""Look inside a network: what its layers return, how large its gradients are, where a NaN began, where time goes.

Run ``python -m examples.hooks_and_profiler`` (about 5 seconds).

You will see three tools.  Hooks are functions of yours that run when a layer has returned or a gradient has arrived;
here they show that gradients vanish on their way back through six layers with sigmoids, and do not with ReLUs.
``detect_anomaly`` names the line that a NaN comes from.  The profiler's table lists the ops and their times.
"""

import autograd
import nn
import nn.functional as F

autograd.manual_seed(0)
images = autograd.randn(64, 1, 28, 28)
labels = autograd.randint(0, 10, (64,))


def deep(activation):
    """Make a network of six linear layers."""
    layers = [nn.Flatten(), nn.Linear(784, 128), activation()]
    for _ in range(4):
        layers += [nn.Linear(128, 128), activation()]
    return nn.Sequential(*layers, nn.Linear(128, 10))


def observe(model):
    """Run the model once, forward and backward; return what hooks saw of its linear layers, two numbers by name."""
    outputs, gradients, handles = {}, {}, []
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear):
            # "name=name" gives each function the name of its own layer, not that of the last one in the loop.
            def note_output(layer, inputs, output, name=name):  # called after the layer's forward
                outputs[name] = output.std().item()

            def note_gradient(gradient, name=name):  # called when the gradient is known; it may return another one
                gradients[name] = gradient.norm().item()

            handles.append(layer.register_forward_hook(note_output))
            handles.append(layer.weight.register_hook(note_gradient))
    F.cross_entropy(model(images), labels).backward()
    for handle in handles:
        handle.remove()  # a hook that stays is called in every later step
    return outputs, gradients


print("1. Hooks: the standard deviation of each layer's outputs, and the norm of its weight's gradient")
for activation in (nn.Sigmoid, nn.ReLU):
    outputs, gradients = observe(deep(activation))
    print(f"  {activation.__name__}")
    for name in outputs:
        print(f"    layer {name:>2}   outputs {outputs[name]:.3f}   gradient {gradients[name]:.1e}")
    print(f"    the first layer's gradient is {gradients['1'] / gradients['11']:.1e} of the last one's")

print("2. detect_anomaly: the gradient of sqrt at 0 is infinite, and 0 * inf is NaN")
x = autograd.tensor([3.0, 0.0], requires_grad=True)
norms = (x * x).sqrt()
norms.sum().backward()
print(f"  without it: the gradient is {x.grad.tolist()}, and nobody says why")
try:
    with autograd.detect_anomaly():
        norms = (x * x).sqrt()
        norms.sum().backward()
except RuntimeError as error:
    print(f"  with it: {error}")

print("3. The profiler: ten training steps of a small CNN")
model = nn.Sequential(nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 12 * 12, 10))
F.cross_entropy(model(images), labels).backward()  # the first call may compile kernels: not what we want to measure
with autograd.profiler.profile() as prof:
    for _ in range(10):
        F.cross_entropy(model(images), labels).backward()
print(prof.key_averages().table(row_limit=6))
