"""What the example scripts share: data sets, optimisers and errors in one line."""

import gzip
import hashlib
import http.client
import importlib
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.request import urlopen

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]

MNIST_MIRROR = "https://storage.googleapis.com/cvdf-datasets/mnist/"
MNIST_SHA256 = {
    "train-images-idx3-ubyte": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte": (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte": (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}


class ExampleError(Exception):
    """A problem that the user can mend, told in one line."""


def require(module: str) -> Any:
    """Import a module that only the examples need.

    Importing it late lets ``gradgen show`` read a script without it.

    Raises
    ------
    ExampleError
        When it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ExampleError(
            f"{error}; the examples need: pip install 'gradgen[examples]'"
        ) from error


# Data sets


@dataclass(frozen=True)
class Samples:
    """Labelled images."""

    images: Array
    """Grey levels in [0, 1], of shape [samples, height, width]."""
    labels: NDArray[np.integer[Any]]
    """Digits 0 to 9, of shape [samples]."""

    @property
    def rows(self) -> Array:
        """The images as the rows of a matrix [samples, pixels]."""
        return self.images.reshape(len(self.images), -1)

    @property
    def one_hot(self) -> Array:
        """The labels as rows with a single one, of shape [samples, 10]."""
        rows: Array = np.eye(10, dtype=self.images.dtype)[self.labels]
        return rows


@dataclass(frozen=True)
class Digits:
    """Handwritten digits to learn from and to be examined on."""

    name: str
    train: Samples
    test: Samples

    @property
    def pixels(self) -> int:
        """How many pixels an image has."""
        return math.prod(self.train.images.shape[1:])


def sklearn_digits(dtype: DTypeLike) -> Digits:
    """Load the 1797 digits of 8x8 pixels that come with scikit-learn.

    A fifth of them, the same in every run, is kept for the test.
    """
    bunch = require("sklearn.datasets").load_digits()
    images = (bunch.images / 16).astype(dtype)
    order = np.random.default_rng(0).permutation(len(images))
    test, train = np.split(order, [len(order) // 5])
    return Digits(
        "the 8x8 digits of scikit-learn",
        Samples(images[train], bunch.target[train]),
        Samples(images[test], bunch.target[test]),
    )


def mnist(directory: Path, dtype: DTypeLike) -> Digits:
    """Load MNIST, or another data set in its format, from its four IDX files.

    Raises
    ------
    ExampleError
        When a file is missing or damaged, or does not belong to the others.
    """
    train = _read_samples(directory, "train", dtype)
    test = _read_samples(directory, "t10k", dtype)
    if train.images.shape[1:] != test.images.shape[1:]:
        raise ExampleError(
            f"{directory}: training images of {_size(train)} pixels, "
            f"but test images of {_size(test)}"
        )
    return Digits(f"MNIST in {directory}", train, test)


def _size(samples: Samples) -> str:
    return "x".join(map(str, samples.images.shape[1:]))


def _read_samples(directory: Path, part: str, dtype: DTypeLike) -> Samples:
    images_path = _find(directory, f"{part}-images-idx3-ubyte")
    labels_path = _find(directory, f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if not images.size:
        raise ExampleError(f"{images_path}: no images in it")
    if len(images) != len(labels):
        raise ExampleError(
            f"{labels_path}: {len(labels):,} labels for the {len(images):,} images "
            f"of {images_path.name}"
        )
    if labels.max() > 9:
        raise ExampleError(f"{labels_path}: label {labels.max()} is not a digit")
    scaled = images.astype(dtype)
    scaled /= 255
    return Samples(scaled, labels)


def _find(directory: Path, name: str) -> Path:
    for path in (directory / name, directory / f"{name}.gz"):
        if path.exists():
            return path
    raise ExampleError(
        f"{directory}: neither {name} nor {name}.gz is there "
        "(--download fetches MNIST into it)"
    )


def read_idx(path: Path, ndim: int) -> Bytes:
    """Read an array of unsigned bytes in IDX format, gzipped if so named.

    The format: two zero bytes, 8 for unsigned bytes, the number of axes, the length
    of each axis as a big-endian 32-bit integer, the bytes in C order.

    Raises
    ------
    ExampleError
        When the file cannot be read or is not such an array of `ndim` axes.
    """
    content = _unpacked(path)
    magic = bytes([0, 0, 8, ndim])
    if not content.startswith(magic):
        raise ExampleError(
            f"{path}: not an IDX file of bytes with {ndim} axes "
            f"(begins with {content[:4].hex(' ') or 'nothing'}, not {magic.hex(' ')})"
        )
    start = 4 + 4 * ndim
    if len(content) < start:
        raise ExampleError(f"{path}: ends within its header")
    shape = struct.unpack(f">{ndim}I", content[4:start])
    found, promised = len(content) - start, math.prod(shape)
    if found != promised:
        raise ExampleError(
            f"{path}: {'truncated' if found < promised else 'too long'}, its header "
            f"promises {promised:,} bytes of data, but {found:,} follow"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _unpacked(path: Path) -> bytes:
    """Return what a file holds, unpacked if its name ends in ``.gz``."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ExampleError(f"{path}: damaged gzip file ({error})") from error
    except OSError as error:
        raise ExampleError(f"{path}: {error.strerror or error}") from error


def download_mnist(directory: Path, mirror: str = MNIST_MIRROR) -> None:
    """Fetch MNIST's four files into a directory, unless they are there already.

    Raises
    ------
    ExampleError
        When a file cannot be fetched, or holds something else than MNIST.
    """
    make_directory(directory)
    for name, sha256 in MNIST_SHA256.items():
        path = directory / f"{name}.gz"
        if path.exists() and _has_digest(path, sha256):
            print(f"{path}: already there")
            continue
        _download(f"{mirror.rstrip('/')}/{path.name}", path, sha256)
        print(f"{path}: fetched, SHA-256 as expected")


def _has_digest(path: Path, sha256: str) -> bool:
    try:
        return hashlib.sha256(_unpacked(path)).hexdigest() == sha256
    except ExampleError:
        return False


def _download(url: str, path: Path, sha256: str) -> None:
    """Fetch `url`; `path` appears only once its digest has been checked."""
    part = path.with_name(f"part-{path.name}")
    try:
        with part.open("wb") as file:
            for chunk in _fetched(url, path.name):
                file.write(chunk)
        if not _has_digest(part, sha256):
            raise ExampleError(f"{url}: what came is not MNIST (wrong SHA-256)")
        part.replace(path)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ExampleError(f"{url}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _fetched(url: str, label: str) -> Iterator[bytes]:
    """Yield the content of `url` in pieces, with a progress bar."""
    with urlopen(url, timeout=30) as response:
        length = response.headers.get("Content-Length", "")
        with require("tqdm").tqdm(
            total=int(length) if length.isdigit() else None,
            desc=label,
            unit="B",
            unit_scale=True,
            disable=None,  # no bar where the output is not a terminal
        ) as bar:
            while chunk := response.read(1 << 16):
                bar.update(len(chunk))
                yield chunk


def make_directory(directory: Path) -> None:
    """Make a directory and its parents, unless it is there.

    Raises
    ------
    ExampleError
        When that is not possible.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExampleError(f"{directory}: {error.strerror or error}") from error


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of an ``.npz`` file.

    Raises
    ------
    ExampleError
        When it is missing, damaged or no such file.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in arrays.files}
    except OSError as error:
        raise ExampleError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds
        raise ExampleError(f"{path}: not an .npz file, or damaged") from error


# Optimisers


class Optimizer(Protocol):
    """Something that moves parameters, in place, against their gradients."""

    rate: float

    def step(self, gradients: Sequence[Array]) -> None:
        """Update every parameter, given its gradient."""


class Momentum:
    """Gradient descent with momentum (Polyak, 1964).

    ``v = decay * v - rate * g``, then ``p = p + v``.
    """

    def __init__(
        self, parameters: Sequence[Array], rate: float = 0.1, decay: float = 0.9
    ) -> None:
        self.parameters, self.rate, self.decay = parameters, rate, decay
        self.velocities = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: Sequence[Array]) -> None:
        """Update every parameter, given its gradient."""
        for p, v, g in zip(self.parameters, self.velocities, gradients, strict=True):
            v *= self.decay
            v -= self.rate * g
            p += v


class RMSprop:
    """Steps relative to the recent size of each gradient (Tieleman, Hinton, 2012).

    ``s = decay * s + (1 - decay) * g**2``, then
    ``p = p - rate * g / (sqrt(s) + epsilon)``.
    """

    def __init__(
        self,
        parameters: Sequence[Array],
        rate: float = 1e-3,
        decay: float = 0.9,
        epsilon: float = 1e-8,
    ) -> None:
        self.parameters, self.rate = parameters, rate
        self.decay, self.epsilon = decay, epsilon
        self.squares = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: Sequence[Array]) -> None:
        """Update every parameter, given its gradient."""
        for p, s, g in zip(self.parameters, self.squares, gradients, strict=True):
            _average(s, g * g, self.decay)
            p -= _quotient(self.rate * g, s, self.epsilon)


class Adam:
    """RMSprop with momentum, both freed of their bias to zero (Kingma, Ba, 2015).

    ``m = b1 * m + (1 - b1) * g`` and ``s = b2 * s + (1 - b2) * g**2`` with
    ``decays = (b1, b2)``, then, in step number t,
    ``p = p - rate * (m / (1 - b1**t)) / (sqrt(s / (1 - b2**t)) + epsilon)``.
    """

    def __init__(
        self,
        parameters: Sequence[Array],
        rate: float = 1e-3,
        decays: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        self.parameters, self.rate = parameters, rate
        self.decays, self.epsilon = decays, epsilon
        self.means = [np.zeros_like(p) for p in parameters]
        self.squares = [np.zeros_like(p) for p in parameters]
        self.steps = 0

    def step(self, gradients: Sequence[Array]) -> None:
        """Update every parameter, given its gradient."""
        self.steps += 1
        b1, b2 = self.decays
        # The two corrections of the bias, taken out of the arrays (ibid., section 2).
        root = math.sqrt(1 - b2**self.steps)
        rate = self.rate * root / (1 - b1**self.steps)
        epsilon = self.epsilon * root
        moments = zip(self.parameters, self.means, self.squares, gradients, strict=True)
        for p, m, s, g in moments:
            _average(m, g, b1)
            _average(s, g * g, b2)
            p -= _quotient(rate * m, s, epsilon)


def _average(mean: Array, value: Array, decay: float) -> None:
    """Move an exponential average, in place, towards a new value."""
    mean *= decay
    mean += (1 - decay) * value


def _quotient(numerator: Array, square: Array, epsilon: float) -> Array:
    """Return ``numerator / (sqrt(square) + epsilon)``, written into `numerator`."""
    root = np.sqrt(square)
    root += epsilon
    numerator /= root
    return numerator


OPTIMIZERS = {"sgd": Momentum, "rmsprop": RMSprop, "adam": Adam}
