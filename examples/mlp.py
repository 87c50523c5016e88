"""Train a dense network to read handwritten digits, with gradients from gradgen.

``python examples/mlp.py`` learns the 8x8 digits of scikit-learn in a few seconds,
``python examples/mlp.py --data DIR --download`` learns MNIST. The network is the
function `loss` below; to read its gradient::

    gradgen show examples/mlp.py:loss \
        --sig '[(f32[784,h], f32[h]), (f32[h,10], f32[10])], f32[n,784], f32[n,10]'
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from _common import (
    MNIST_MIRROR,
    OPTIMIZERS,
    Array,
    Digits,
    ExampleError,
    Optimizer,
    Samples,
    download_mnist,
    make_directory,
    mnist,
    read_npz,
    require,
    sklearn_digits,
)
from numpy.typing import DTypeLike

import gradgen

Layers = list[tuple[Array, Array]]

# The model


def scores(layers: Layers, x: Array) -> Array:
    """Score each class for each row of `x`: dense layers with ReLU between them."""
    for W, b in layers[:-1]:
        x = np.maximum(x @ W + b, 0)
    W, b = layers[-1]
    return x @ W + b


def shifted(z: Array) -> Array:
    """Subtract from each row its largest score, to keep exp from overflowing."""
    # Subtracting any number from a row changes no probability, so the derivatives by
    # that number cancel exactly, and it may be held fixed.
    largest: Array = z.max(axis=1, keepdims=True)
    return z - gradgen.stop_gradient(largest)


def log_softmax(z: Array) -> Array:
    """Turn the scores of each row into logarithms of probabilities."""
    z = shifted(z)
    total: Array = np.exp(z).sum(axis=1, keepdims=True)
    return z - np.log(total)


def loss(layers: Layers, x: Array, y: Array) -> float:
    """Return the mean cross-entropy of the classes `y`, given as one-hot rows."""
    # This is minus the mean of y * log_softmax(z), with the sum over y, which is one
    # in every row, done by hand.
    z = shifted(scores(layers, x))
    log_total = np.log(np.exp(z).sum(axis=1))
    mean: float = (np.sum(log_total) - np.sum(y * z)) / len(x)
    return mean


value_and_gradient = gradgen.value_and_grad(loss)


def new_layers(
    sizes: Sequence[int], rng: np.random.Generator, dtype: DTypeLike
) -> Layers:
    """Draw weights fit for ReLU (He et al., 2015); the offsets begin at zero."""
    return [
        (
            rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(dtype),
            np.zeros(outputs, dtype),
        )
        for inputs, outputs in pairwise(sizes)
    ]


def flat(layers: Layers) -> list[Array]:
    """List the arrays of all layers, the same objects, for the optimiser."""
    return [array for layer in layers for array in layer]


# Training


@dataclass(frozen=True)
class Epoch:
    """How well the network does after an epoch; number 0 is before the first."""

    number: int
    seconds: float
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float

    HEADER = "epoch  train loss  train acc.  test loss  test acc.     time"

    def __str__(self) -> str:
        """Format as a row of the table below `HEADER`."""
        return (
            f"{self.number:5}  {self.train_loss:10.4f}  {self.train_accuracy:10.2%}  "
            f"{self.test_loss:9.4f}  {self.test_accuracy:9.2%}  {self.seconds:6.3f} s"
        )


def predict(layers: Layers, samples: Samples, chunk: int = 4096) -> Array:
    """Return the logarithm of each class's probability, a chunk of rows at a time."""
    rows = samples.rows
    starts = range(0, len(rows), chunk)
    return np.concatenate(
        [log_softmax(scores(layers, rows[i : i + chunk])) for i in starts]
    )


def evaluate(layers: Layers, samples: Samples) -> tuple[float, float]:
    """Return mean loss and accuracy."""
    log_p = predict(layers, samples)
    of_label = log_p[np.arange(len(log_p)), samples.labels]
    correct = log_p.argmax(axis=1) == samples.labels
    return -float(of_label.mean()), float(correct.mean())


def batches(
    samples: Samples, size: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield all samples once, shuffled, as `size` rows `x` and one-hot rows `y`."""
    x, y = samples.rows, samples.one_hot
    order = rng.permutation(len(x))
    for start in range(0, len(x), size):
        chosen = order[start : start + size]
        yield x[chosen], y[chosen]


def examine(layers: Layers, digits: Digits, number: int, seconds: float) -> Epoch:
    """Evaluate the network after an epoch that took so long, and print the result."""
    in_train, in_test = evaluate(layers, digits.train), evaluate(layers, digits.test)
    epoch = Epoch(number, seconds, *in_train, *in_test)
    require("tqdm").tqdm.write(str(epoch))
    if not np.isfinite(epoch.train_loss):
        raise ExampleError("the training diverges, try a smaller --lr")
    return epoch


def train(
    layers: Layers,
    digits: Digits,
    optimizer: Optimizer,
    epochs: int,
    batch: int,
    rng: np.random.Generator,
) -> tuple[list[Epoch], list[float]]:
    """Train `layers` in place, with a progress bar and a table.

    Returns
    -------
    history : list of Epoch
        The network before the training, and after each epoch.
    step_seconds : list of float
        What each step took: gathering the batch, the gradient, the update.

    Raises
    ------
    ExampleError
        When the training diverges.
    """
    tqdm = require("tqdm").tqdm
    tqdm.write(Epoch.HEADER)
    history = [examine(layers, digits, 0, 0.0)]
    step_seconds: list[float] = []
    total = epochs * -(-len(digits.train.labels) // batch)
    with tqdm(total=total, unit="step", leave=False, disable=None) as bar:
        for number in range(1, epochs + 1):
            bar.set_description(f"epoch {number}/{epochs}")
            begin = last = perf_counter()
            for x, y in batches(digits.train, batch, rng):
                _, gradient = value_and_gradient(layers, x, y)
                optimizer.step(flat(gradient))
                bar.update()
                now = perf_counter()
                step_seconds.append(now - last)
                last = now
            history.append(examine(layers, digits, number, last - begin))
    return history, step_seconds


def dispatch_seconds(
    layers: Layers, x: Array, y: Array, repeats: int = 200
) -> tuple[float, float]:
    """Measure what a call of the gradient takes beyond the code that it runs.

    Both are called in turn with the same arguments, changing places.

    Returns
    -------
    median, error : float
        The median of the differences in seconds, and its standard error.
    """

    def seconds(function: Callable[[Layers, Array, Array], object]) -> float:
        begin = perf_counter()
        function(layers, x, y)
        return perf_counter() - begin

    generated = value_and_gradient.compiled(layers, x, y)
    differences = []
    for i in range(repeats):
        if i % 2:
            direct, dispatched = seconds(generated), seconds(value_and_gradient)
        else:
            dispatched, direct = seconds(value_and_gradient), seconds(generated)
        differences.append(dispatched - direct)
    low, median, high = np.percentile(differences, [25, 50, 75])
    # Of normally distributed numbers, the median has 1.253 times the error of the
    # mean, and the quartiles lie 1.349 standard deviations apart.
    return float(median), float(1.253 / 1.349 * (high - low) / np.sqrt(repeats))


def time_report(layers: Layers, x: Array, y: Array, step_seconds: list[float]) -> str:
    """Tell the time of a step, and how much of it gradgen's dispatch takes."""
    step = np.median(step_seconds)
    dispatch, error = dispatch_seconds(layers, x, y)
    return (
        f"time per step {step * 1e3:.3g} ms, of which gradgen's dispatch "
        f"{dispatch * 1e6:.1f} ± {error * 1e6:.1f} µs ({dispatch / step:.2%})"
    )


# Weights


def save_weights(path: Path, layers: Layers) -> None:
    """Write the layers to an ``.npz`` file, as W0, b0, W1, b1 and so on."""
    arrays: dict[str, Any] = {}
    for i, (W, b) in enumerate(layers):
        arrays[f"W{i}"], arrays[f"b{i}"] = W, b
    try:
        np.savez(path, **arrays)
    except OSError as error:
        raise ExampleError(f"{path}: {error.strerror or error}") from error


def load_weights(path: Path, pixels: int, dtype: DTypeLike) -> Layers:
    """Read layers that take images of so many pixels.

    Raises
    ------
    ExampleError
        When the file cannot be read, or holds no such network.
    """
    arrays = read_npz(path)
    layers: Layers = []
    inputs = pixels
    for i in range(len(arrays) // 2):
        W, b = arrays.get(f"W{i}"), arrays.get(f"b{i}")
        if W is None or b is None or W.ndim != 2 or b.shape != W.shape[1:]:
            raise ExampleError(f"{path}: no weights W{i}, b{i} of a dense layer in it")
        if len(W) != inputs:
            raise ExampleError(
                f"{path}: layer {i} takes {len(W)} numbers, but is given {inputs}"
            )
        if not all(a.dtype.kind == "f" and np.isfinite(a).all() for a in (W, b)):
            raise ExampleError(f"{path}: layer {i} has weights that are no numbers")
        layers.append((W.astype(dtype), b.astype(dtype)))
        inputs = W.shape[1]
    if not layers or inputs != 10:
        raise ExampleError(f"{path}: not a network with 10 outputs")
    return layers


def keep(path: Path, layers: Layers, digits: Digits, accuracy: float) -> None:
    """Save the layers, and make sure that they come back with the same accuracy."""
    save_weights(path, layers)
    reloaded = load_weights(path, digits.pixels, layers[0][0].dtype)
    _, found = evaluate(reloaded, digits.test)
    if found != accuracy:
        raise ExampleError(f"{path}: test accuracy {found:.2%} after reloading")
    print(f"{path}: weights, test accuracy {found:.2%} after reloading, as before")


# The figure


def draw(path: Path, history: list[Epoch], layers: Layers, test: Samples) -> None:
    """Draw the progress and the most confidently misclassified digits of the test."""
    figure = require("matplotlib.figure").Figure((12, 6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[2, 3])
    draw_progress(left, history)
    draw_mistakes(right, np.exp(predict(layers, test)), test)
    try:
        figure.savefig(path, dpi=120)
    except OSError as error:
        raise ExampleError(f"{path}: {error.strerror or error}") from error
    print(f"{path}: loss, accuracy and the worst mistakes")


def draw_progress(figure: Any, history: list[Epoch]) -> None:
    """Plot loss and accuracy after each epoch."""
    epochs = history[1:] or history
    numbers = [epoch.number for epoch in epochs]
    losses, accuracies = figure.subplots(2, 1, sharex=True)
    for part, style in (("train", "o--"), ("test", "o-")):
        loss_curve = [getattr(epoch, f"{part}_loss") for epoch in epochs]
        accuracy_curve = [100 * getattr(epoch, f"{part}_accuracy") for epoch in epochs]
        losses.plot(numbers, loss_curve, style, markersize=3, label=part)
        accuracies.plot(numbers, accuracy_curve, style, markersize=3, label=part)
    losses.set(ylabel="cross-entropy", yscale="log")
    accuracies.set(xlabel="epoch", ylabel="accuracy (%)")
    accuracies.xaxis.get_major_locator().set_params(integer=True)
    for axes in (losses, accuracies):
        axes.grid(alpha=0.3)
        axes.legend()


def draw_mistakes(figure: Any, p: Array, test: Samples, most: int = 24) -> None:
    """Show the misclassified digits, the most confident mistake first.

    `p` holds the probability of each class for each image.
    """
    answers, confidence = p.argmax(axis=1), p.max(axis=1)
    mistakes = np.flatnonzero(answers != test.labels)
    shown = mistakes[np.argsort(-confidence[mistakes])][:most]
    figure.suptitle(
        f"{len(mistakes)} of {len(p):,} test digits misread, "
        f"the {len(shown)} most confident answers:"
    )
    columns = max(1, math.ceil(math.sqrt(1.5 * len(shown))))
    rows = max(1, math.ceil(len(shown) / columns))
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, i in zip(grid.flat, shown, strict=False):
        axes.imshow(test.images[i], cmap="gray_r")
        axes.set_title(
            f"{test.labels[i]} read as {answers[i]}\n{confidence[i]:.2%} sure",
            fontsize=9,
        )


# The command line


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description="Train a dense network to read handwritten digits, "
        "with gradients from gradgen."
    )
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="directory of MNIST's four IDX files")
    add("--download", action="store_true", help="first fetch MNIST into --data DIR")
    add("--mirror", default=MNIST_MIRROR, metavar="URL", help="where to fetch it from")
    network = parser.add_mutually_exclusive_group()
    network.add_argument(
        "--hidden",
        type=_positive,
        nargs="*",
        default=[512],
        metavar="SIZE",
        help="sizes of the hidden layers (default: 512)",
    )
    network.add_argument(
        "--load", type=Path, metavar="FILE", help="begin with the weights in this file"
    )
    add("--dtype", choices=["float32", "float64"], default="float32")
    add("--optimizer", choices=list(OPTIMIZERS), default="sgd")
    add("--lr", type=_positive_float, help="learning rate (default: the optimizer's)")
    add("--batch", type=_positive, default=128, help="size of a batch (default: 128)")
    add("--epochs", type=_natural, help="default: 30, or 10 with --data")
    add("--seed", type=_natural, default=0, help="for weights and batches (default: 0)")
    add(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where to write mlp.png and mlp.npz (default: here)",
    )
    options = parser.parse_args(arguments)
    if options.download and not options.data:
        parser.error("--download needs --data DIR")
    if options.epochs is None:
        options.epochs = 10 if options.data else 30
    return options


def _natural(text: str) -> int:
    return int(_number(int, text, "a whole number that is not negative", 0))


def _positive(text: str) -> int:
    return int(_number(int, text, "a positive whole number", 1))


def _positive_float(text: str) -> float:
    return _number(float, text, "a positive number", np.nextafter(0.0, 1.0))


def _number(kind: type[float], text: str, wanted: str, least: float) -> float:
    try:
        number = kind(text)
    except ValueError:
        number = math.nan
    if not least <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}")
    return number


def run(options: argparse.Namespace) -> None:
    """Load the data, train, and write the results."""
    if options.download:
        download_mnist(options.data, options.mirror)
    if options.data:
        digits = mnist(options.data, options.dtype)
    else:
        digits = sklearn_digits(options.dtype)
    rng = np.random.default_rng(options.seed)
    if options.load:
        layers = load_weights(options.load, digits.pixels, options.dtype)
    else:
        sizes = [digits.pixels, *options.hidden, 10]
        layers = new_layers(sizes, rng, options.dtype)
    make_directory(options.out)
    rate = {} if options.lr is None else {"rate": options.lr}
    optimizer = OPTIMIZERS[options.optimizer](flat(layers), **rate)

    print(describe(layers, digits, optimizer, options))
    history, step_seconds = train(
        layers, digits, optimizer, options.epochs, options.batch, rng
    )
    if step_seconds:
        x, y = next(batches(digits.train, options.batch, rng))
        print(time_report(layers, x, y, step_seconds))
    keep(options.out / "mlp.npz", layers, digits, history[-1].test_accuracy)
    draw(options.out / "mlp.png", history, layers, digits.test)


def describe(
    layers: Layers, digits: Digits, optimizer: Optimizer, options: argparse.Namespace
) -> str:
    """Sum up the data, the network and the method in two lines."""
    sizes = "-".join(str(n) for n in [digits.pixels, *(len(b) for _, b in layers)])
    return (
        f"{digits.name}: {len(digits.train.labels):,} to learn from, "
        f"{len(digits.test.labels):,} for the test\n"
        f"{sizes}, {sum(array.size for array in flat(layers)):,} parameters of "
        f"{options.dtype}; {options.optimizer} at rate {optimizer.rate:g}, "
        f"batches of {options.batch}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script and return its exit status."""
    options = parse(arguments)
    try:
        run(options)
    except ExampleError as error:
        print(f"mlp.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
