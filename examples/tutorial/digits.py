"""A small training: read the digits of a display whose seven segments fail now and then."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# Which of the seven segments each digit lights, from 0 to 9.
SEGMENTS = "1110111 0010010 1011101 1011011 0111010 1101011 1101111 1010010 1111111 1111011"


def display(seed: int, size: int = 500) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pictures of random digits, of shape (size, 7), one segment in ten wrong; and the digits."""
    random = np.random.default_rng(seed)
    digits = random.integers(10, size=size)
    lit = np.array([[int(segment) for segment in code] for code in SEGMENTS.split()])[digits]
    wrong = random.random(lit.shape) < 0.1
    return np.where(wrong, 1 - lit, lit).astype(np.float64), digits


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance of each digit, of the same shape as the scores."""
    powers = np.exp(scores)
    chances: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return chances


def train(
    *, lr: float, momentum: float = 0.0, epochs: int = 5, seed: int = 0
) -> Iterator[dict[str, float]]:
    """Train a softmax regression, and yield loss and accuracy on other pictures each epoch."""
    pictures, digits = display(seed)
    others, answers = display(seed + 1)
    weights = step = np.zeros((7, 10))
    for _ in range(epochs):
        for batch in np.split(np.arange(len(digits)), 10):
            error = softmax(pictures[batch] @ weights) - np.eye(10)[digits[batch]]
            step = momentum * step - lr * pictures[batch].T @ error / len(batch)
            weights = weights + step
        chances = softmax(others @ weights)
        loss = -np.log(chances[np.arange(len(answers)), answers]).mean()
        yield {"loss": float(loss), "accuracy": float((chances.argmax(1) == answers).mean())}
