"""Task 2: the network of the assignment, from your own layers.

    convolution, relu, 2 × 2 maximum, flatten, linear ("hidden"), relu, linear ("scores")

The convolution has stride 1 and no padding.  `parameters` is a dict of six arrays: conv.weight, conv.bias,
hidden.weight, hidden.bias, scores.weight and scores.bias.
"""

import layers


def forward(parameters, x):
    """The scores of all classes.

    x (N, C, H, W)     scores (N, K)
    """
    # SOLUTION: call the layers of task 1 one after the other.
    conv = layers.conv_forward(x, parameters["conv.weight"], parameters["conv.bias"], stride=1, padding=0)
    pooled = layers.pool_forward(layers.relu_forward(conv), size=2, stride=2)
    flat = pooled.reshape(len(x), -1)
    hidden = layers.linear_forward(flat, parameters["hidden.weight"], parameters["hidden.bias"])
    return layers.linear_forward(layers.relu_forward(hidden), parameters["scores.weight"], parameters["scores.bias"])


def oracle(parameters, x, labels):
    """Loss, scores, and the gradients of the loss by all parameters.

    x (N, C, H, W), labels (N)     loss (), scores (N, K), gradients: a dict with the names and shapes of `parameters`
    """
    # SOLUTION: forward once more, keeping what each backward needs; then the layers in reverse order.
    conv = layers.conv_forward(x, parameters["conv.weight"], parameters["conv.bias"], stride=1, padding=0)
    relu1 = layers.relu_forward(conv)
    pooled = layers.pool_forward(relu1, size=2, stride=2)
    flat = pooled.reshape(len(x), -1)
    hidden = layers.linear_forward(flat, parameters["hidden.weight"], parameters["hidden.bias"])
    relu2 = layers.relu_forward(hidden)
    scores = layers.linear_forward(relu2, parameters["scores.weight"], parameters["scores.bias"])
    loss = layers.cross_entropy_forward(scores, labels)

    gradients = {}
    g = layers.cross_entropy_backward(1.0, scores, labels)
    g, gradients["scores.weight"], gradients["scores.bias"] = layers.linear_backward(
        g, relu2, parameters["scores.weight"]
    )
    g = layers.relu_backward(g, hidden)
    g, gradients["hidden.weight"], gradients["hidden.bias"] = layers.linear_backward(
        g, flat, parameters["hidden.weight"]
    )
    g = layers.pool_backward(g.reshape(pooled.shape), relu1, size=2, stride=2)
    g = layers.relu_backward(g, conv)
    _, gradients["conv.weight"], gradients["conv.bias"] = layers.conv_backward(
        g, x, parameters["conv.weight"], stride=1, padding=0
    )
    return loss, scores, gradients
