"""The MLP example: its files, its optimisers and its training."""

import gzip
import hashlib
import importlib
import os
import re
import struct
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples"))
common = importlib.import_module("_common")
mlp = importlib.import_module("mlp")

MNIST = ROOT.parent / "shared" / "data" / "mnist"
needs_mnist = pytest.mark.skipif(not MNIST.exists(), reason="no copy of MNIST")


def idx(array):
    """An array of bytes in IDX format."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def packed(content):
    """`content` gzipped, the same in every process."""
    return gzip.compress(content, mtime=0)


def bright_rows(count):
    """Images of 10x6 pixels in which the row that is bright tells the digit."""
    labels = np.arange(count) % 10
    images = np.random.default_rng(count).integers(0, 100, (count, 10, 6))
    images[np.arange(count), labels] += 150
    return images, labels


@pytest.fixture
def data(tmp_path):
    """A directory in MNIST's format: plain files to train, gzipped ones to test."""
    directory = tmp_path / "data"
    directory.mkdir()
    for part, count in (("train", 200), ("t10k", 40)):
        images, labels = bright_rows(count)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            path = directory / f"{part}-{name}-ubyte"
            if part == "train":
                path.write_bytes(idx(array))
            else:
                Path(f"{path}.gz").write_bytes(packed(idx(array)))
    return directory


@pytest.fixture
def fails(capsys, tmp_path):
    """Run the script; assert that it ends with status 2 and this line."""

    def run(pattern, *options):
        status = mlp.main([*map(str, options), "--out", str(tmp_path / "out")])
        error = capsys.readouterr().err
        assert status == 2
        assert re.fullmatch(rf"mlp\.py: .*{pattern}.*\n", error), error

    return run


# Files in IDX format


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (0,), (3, 0, 2)])
def test_read_idx(tmp_path, name, shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    content = idx(array)
    path = tmp_path / name
    path.write_bytes(packed(content) if path.suffix else content)
    result = common.read_idx(path, len(shape))
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, array, strict=False)


GOOD = idx(np.arange(24).reshape(2, 3, 4))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x", b"", "begins with nothing, not 00 00 08 03"),
        ("x", b"\0\0\x0d\3" + GOOD[4:], "not an IDX file of bytes with 3 axes"),
        ("x", idx(np.arange(5)), "begins with 00 00 08 01, not 00 00 08 03"),
        ("x", packed(GOOD), "not an IDX file"),
        ("x", GOOD[:9], "ends within its header"),
        ("x", GOOD[:-1], "truncated, its header promises 24 bytes .* 23 follow"),
        ("x", GOOD + b"\0", "too long, its header promises 24 bytes .* 25 follow"),
        ("x.gz", GOOD, "damaged gzip file"),
        ("x.gz", b"", "begins with nothing"),
        ("x.gz", packed(GOOD)[:-9], "damaged gzip file"),
        ("x.gz", packed(GOOD)[:-8] + bytes(8), "damaged gzip file"),
        ("x.gz", packed(GOOD)[:10] + b"\xff" * 20, "damaged gzip file"),
    ],
)
def test_read_idx_refuses(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(common.ExampleError, match=message) as caught:
        common.read_idx(path, 3)
    assert str(path) in str(caught.value)


def test_read_idx_without_a_file(tmp_path):
    with pytest.raises(common.ExampleError, match="No such file"):
        common.read_idx(tmp_path / "x", 3)
    with pytest.raises(common.ExampleError, match="directory"):
        common.read_idx(tmp_path, 3)


# Data sets


def test_mnist_format(data):
    digits = common.mnist(data, "float32")
    images, labels = bright_rows(40)
    assert digits.train.images.shape == (200, 10, 6)
    assert digits.pixels == 60
    assert digits.test.images.dtype == digits.test.one_hot.dtype == np.float32
    np.testing.assert_allclose(digits.test.images, images / 255, rtol=1e-6)
    np.testing.assert_array_equal(digits.test.one_hot, np.eye(10)[labels])
    np.testing.assert_array_equal(digits.test.rows[7], digits.test.images[7].ravel())


@needs_mnist
def test_mnist_itself():
    for name, sha256 in common.MNIST_SHA256.items():
        content = gzip.decompress((MNIST / f"{name}.gz").read_bytes())
        assert hashlib.sha256(content).hexdigest() == sha256
    images = common.read_idx(MNIST / "t10k-images-idx3-ubyte.gz", 3)
    labels = common.read_idx(MNIST / "t10k-labels-idx1-ubyte.gz", 1)
    assert images.shape == (10_000, 28, 28)
    np.testing.assert_array_equal(labels[:5], [7, 2, 1, 0, 4])


def replace(name, array):
    def spoil(directory):
        (directory / name).write_bytes(idx(array))

    return spoil


def remove(name):
    def spoil(directory):
        (directory / name).unlink()

    return spoil


@pytest.mark.parametrize(
    ("spoil", "pattern"),
    [
        (
            remove("t10k-labels-idx1-ubyte.gz"),
            r"neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte\.gz is there",
        ),
        (
            replace("train-labels-idx1-ubyte", np.zeros(199)),
            "199 labels for the 200 images of train-images-idx3-ubyte",
        ),
        (
            replace("train-labels-idx1-ubyte", np.full(200, 10)),
            "label 10 is not a digit",
        ),
        (
            replace("train-images-idx3-ubyte", np.zeros((0, 10, 6))),
            "train-images-idx3-ubyte: no images in it",
        ),
        (
            replace("train-images-idx3-ubyte", np.zeros((200, 6, 10))),
            "training images of 6x10 pixels, but test images of 10x6",
        ),
        (
            replace("train-images-idx3-ubyte", np.zeros(200)),
            "not an IDX file of bytes with 3 axes",
        ),
    ],
)
def test_wrong_data(data, fails, spoil, pattern):
    spoil(data)
    fails(pattern, "--data", data)


def test_missing_package(monkeypatch, fails):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    fails(r"sklearn\.datasets.*gradgen\[examples\]")


# Downloads


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A directory and the address at which it is served; its files count as MNIST."""
    pytest.importorskip("tqdm")
    directory = tmp_path / "served"
    directory.mkdir()
    digests = {}
    for name in common.MNIST_SHA256:
        content = name.encode() * 1000
        (directory / f"{name}.gz").write_bytes(packed(content))
        digests[name] = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(common, "MNIST_SHA256", digests)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = partial(QuietHandler, directory=directory)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield directory, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_download(mirror, tmp_path, capsys):
    served, url = mirror
    there = tmp_path / "new" / "data"
    common.download_mnist(there, url)
    names = sorted(path.name for path in served.iterdir())
    assert sorted(path.name for path in there.iterdir()) == names
    assert capsys.readouterr().out.count("SHA-256 as expected") == 4

    (there / names[0]).write_bytes(b"damaged")
    common.download_mnist(there, f"{url}/")
    assert capsys.readouterr().out.count("already there") == 3
    assert (there / names[0]).read_bytes() == (served / names[0]).read_bytes()


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (None, "404"),
        (packed(b"something else"), r"not MNIST \(wrong SHA-256\)"),
        (b"<html>Please log in</html>", r"not MNIST \(wrong SHA-256\)"),
    ],
)
def test_download_fails(mirror, tmp_path, fails, content, pattern):
    served, url = mirror
    path = served / "t10k-images-idx3-ubyte.gz"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    there = tmp_path / "data"
    fails(pattern, "--data", there, "--download", "--mirror", url)
    assert sorted(path.name for path in there.iterdir()) == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "http://a b/"])
def test_download_from_nowhere(tmp_path, fails, monkeypatch, url):
    pytest.importorskip("tqdm")
    monkeypatch.setenv("no_proxy", "*")
    fails(url, "--data", tmp_path / "data", "--download", "--mirror", url)


# Optimisers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        # v = -0.5 * 4 = -2;  v = 0.5 * -2 - 0.5 * -2 = 0
        ("sgd", {"rate": 0.5, "decay": 0.5}, [8, 8]),
        # s = 0.25 * 16 = 4;  s = 0.75 * 4 + 0.25 * 4 = 4
        (
            "rmsprop",
            {"rate": 3, "decay": 0.75, "epsilon": 2},
            [10 - 12 / (2 + 2), 7 + 6 / (2 + 2)],
        ),
        # m = 0.5 * 4 = 2, s = 0.25 * 16 = 4; freed of bias 4 and 16.
        # m = 0.5 * 2 + 0.5 * -2 = 0; so the second step leaves p where it is.
        (
            "adam",
            {"rate": 6, "decays": (0.5, 0.75), "epsilon": 4},
            [10 - 6 * 4 / (4 + 4), 7],
        ),
    ],
)
def test_optimizer(name, options, expected, dtype):
    scalar, row = np.full((), 10, dtype), np.full((2, 3), 10, dtype)
    optimizer = common.OPTIMIZERS[name]([scalar, row], **options)
    for g, p in zip([4, -2], expected, strict=True):
        gradients = [np.full((), g, dtype), np.full((2, 3), g, dtype)]
        optimizer.step(gradients)
        for parameter, gradient in zip([scalar, row], gradients, strict=True):
            np.testing.assert_allclose(parameter, p, rtol=1e-6)
            assert parameter.dtype == dtype
            assert np.all(gradient == g)


def test_adam_is_free_of_bias():
    p = np.zeros(1)
    adam = common.Adam([p], rate=0.01)
    for t in range(1, 4):
        adam.step([np.array([5.0])])
        np.testing.assert_allclose(p, -0.01 * t, rtol=1e-8)


@pytest.mark.parametrize("name", list(common.OPTIMIZERS))
def test_optimizer_wants_all_gradients(name):
    with pytest.raises(ValueError, match="shorter"):
        common.OPTIMIZERS[name]([np.zeros(2), np.zeros(3)]).step([np.zeros(2)])


# The model


def test_loss_and_gradient():
    rng = np.random.default_rng(1)
    layers = mlp.new_layers([6, 5, 4, 3], rng, "float64")
    x, y = rng.normal(size=(7, 6)), np.eye(3)[rng.integers(3, size=7)]
    value, gradient = mlp.value_and_gradient(layers, x, y)

    z = mlp.scores(layers, x)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(value, -np.mean(np.log(p[y == 1])))
    np.testing.assert_allclose(mlp.loss(layers, x, y), value)
    for array, slope in zip(mlp.flat(layers), mlp.flat(gradient), strict=True):
        direction = rng.normal(size=array.shape)
        array += 1e-6 * direction
        above = mlp.loss(layers, x, y)
        array -= 2e-6 * direction
        below = mlp.loss(layers, x, y)
        array += 1e-6 * direction
        np.testing.assert_allclose(
            np.sum(slope * direction), (above - below) / 2e-6, rtol=1e-6
        )


def test_loss_of_huge_scores_is_finite():
    layers = [(np.diag([1e4, -1e4]).astype(np.float32), np.zeros(2, np.float32))]
    x, y = np.ones((3, 2), np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0]]
    value, [(W_bar, b_bar)] = mlp.value_and_gradient(layers, x, y)
    np.testing.assert_allclose(value, 2e4 / 3, rtol=1e-6)
    np.testing.assert_allclose(b_bar, [1 / 3, -1 / 3], rtol=1e-6)
    assert W_bar.dtype == b_bar.dtype == np.float32


def test_batches_hold_every_sample_once(data):
    samples = common.mnist(data, "float64").test
    drawn = list(mlp.batches(samples, 16, np.random.default_rng(0)))
    assert [len(x) for x, _ in drawn] == [16, 16, 8]
    x = np.concatenate([x for x, _ in drawn])
    y = np.concatenate([y for _, y in drawn])
    assert not np.array_equal(x, samples.rows)
    labels = dict(zip(map(tuple, samples.rows), samples.labels, strict=True))
    assert [labels[tuple(row)] for row in x] == y.argmax(axis=1).tolist()
    assert len({tuple(row) for row in x}) == 40


def test_predict_goes_by_chunks(data):
    samples = common.mnist(data, "float64").test
    layers = mlp.new_layers([60, 10], np.random.default_rng(0), "float64")
    by_chunks = mlp.predict(layers, samples, chunk=7)
    np.testing.assert_allclose(by_chunks, mlp.predict(layers, samples), rtol=1e-12)


# Weights


def test_weights_come_back(tmp_path):
    layers = mlp.new_layers([60, 8, 10], np.random.default_rng(0), "float32")
    mlp.save_weights(tmp_path / "w.npz", layers)
    again = mlp.load_weights(tmp_path / "w.npz", 60, "float32")
    assert len(again) == 2
    for before, after in zip(mlp.flat(layers), mlp.flat(again), strict=True):
        np.testing.assert_array_equal(before, after, strict=True)


def zeros(*shapes):
    return {
        f"{name}{i}": np.zeros(shape)
        for i, (inputs, outputs) in enumerate(shapes)
        for name, shape in (("W", (inputs, outputs)), ("b", outputs))
    }


@pytest.mark.parametrize(
    ("arrays", "pattern"),
    [
        (zeros((64, 10)), "layer 0 takes 64 numbers, but is given 60"),
        (zeros((60, 8), (9, 10)), "layer 1 takes 9 numbers, but is given 8"),
        (zeros((60, 9)), "not a network with 10 outputs"),
        ({}, "not a network with 10 outputs"),
        ({"x": np.zeros(3), "y": np.zeros(3)}, "no weights W0, b0"),
        ({"W0": np.zeros((60, 10)), "b0": np.zeros(9)}, "no weights W0, b0"),
        (zeros((60, 10)) | {"b0": np.full(10, np.nan)}, "layer 0 .* no numbers"),
        ({"W0": np.full((60, 10), "a"), "b0": np.zeros(10)}, "layer 0 .* no numbers"),
    ],
)
def test_weights_that_do_not_fit(data, tmp_path, fails, arrays, pattern):
    path = tmp_path / "w.npz"
    np.savez(path, **arrays)
    fails(pattern, "--data", data, "--load", path)


def test_damaged_weights(data, tmp_path, fails):
    path = tmp_path / "w.npz"
    fails("w.npz: No such file", "--data", data, "--load", path)
    mlp.save_weights(path, mlp.new_layers([60, 10], np.random.default_rng(0), "f4"))
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = bytearray(content)
    flipped[middle] ^= 255
    for damaged in (b"", b"text", content[:middle], bytes(flipped)):
        path.write_bytes(damaged)
        fails("not an .npz file, or damaged", "--data", data, "--load", path)
    np.save(tmp_path / "w.npy", np.zeros(3))
    fails("not an .npz file", "--data", data, "--load", tmp_path / "w.npy")


# The whole script


def run_options(data, out, *more):
    return ["--data", str(data), "--out", str(out), "--hidden", "16", *more]


@pytest.mark.parametrize("optimizer", list(common.OPTIMIZERS))
def test_script(data, tmp_path, capsys, optimizer):
    for module in ("tqdm", "matplotlib"):
        pytest.importorskip(module)
    out = tmp_path / "new" / "out"
    rate = "0.1" if optimizer == "sgd" else "0.01"
    options = ["--optimizer", optimizer, "--lr", rate, "--batch", "16"]
    assert mlp.main(run_options(data, out, "--epochs", "4", *options)) == 0
    printed, error = capsys.readouterr()
    assert error == ""
    assert "60-16-10, 1,146 parameters of float32" in printed
    rows = re.findall(r"^ +(\d+) .* (\d+\.\d\d)% +\d+\.\d+ s$", printed, re.MULTILINE)
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4"]
    assert float(rows[-1][1]) > 95
    assert re.search(r"time per step .* dispatch .* µs \(.*%\)", printed)
    assert (out / "mlp.png").read_bytes().startswith(b"\x89PNG")

    weights = str(out / "mlp.npz")
    again = ["--data", str(data), "--load", weights, "--epochs", "0", "--out", str(out)]
    assert mlp.main(again) == 0
    printed = capsys.readouterr().out
    assert f"test accuracy {rows[-1][1]}% after reloading" in printed
    assert re.search(rf"^ +0 .* {rows[-1][1]}% +0\.000 s$", printed, re.MULTILINE)


def test_same_seed_same_weights(data, tmp_path):
    pytest.importorskip("tqdm")
    trained = []
    for seed in (1, 1, 2):
        rng = np.random.default_rng(seed)
        layers = mlp.new_layers([60, 10], rng, "float64")
        optimizer = common.Momentum(mlp.flat(layers))
        mlp.train(layers, common.mnist(data, "float64"), optimizer, 1, 32, rng)
        trained.append(layers[0][0])
    np.testing.assert_array_equal(trained[0], trained[1])
    assert not np.array_equal(trained[0], trained[2])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_divergence(data, tmp_path, fails):
    pytest.importorskip("tqdm")
    fails("diverges, try a smaller --lr", "--data", data, "--lr", "1e30")


def test_output_directory_that_is_a_file(data, tmp_path, capsys):
    (tmp_path / "out").write_text("")
    assert mlp.main(run_options(data, tmp_path / "out")) == 2
    assert capsys.readouterr().err == f"mlp.py: {tmp_path / 'out'}: File exists\n"


@pytest.mark.parametrize(
    "options",
    [
        ["--download"],
        ["--batch", "0"],
        ["--epochs", "-1"],
        ["--lr", "0"],
        ["--lr", "inf"],
        ["--lr", "fast"],
        ["--hidden", "0"],
        ["--dtype", "int8"],
        ["--optimizer", "newton"],
        ["--hidden", "8", "--load", "w.npz"],
    ],
)
def test_wrong_options(options, capsys):
    with pytest.raises(SystemExit, match="2"):
        mlp.main(options)
    assert "error:" in capsys.readouterr().err


def test_digits_by_default(tmp_path):
    for module in ("tqdm", "matplotlib", "sklearn"):
        pytest.importorskip(module)
    # On a busy machine, threads that wait for each other make it slow.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    finished = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples" / "mlp.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    accuracy = re.search(r"test accuracy (.*)% after reloading", finished.stdout)
    assert float(accuracy[1]) >= 97
    assert {path.name for path in tmp_path.iterdir()} == {"mlp.npz", "mlp.png"}


@needs_mnist
def test_mnist_learns(tmp_path):
    pytest.importorskip("tqdm")
    digits = common.mnist(MNIST, "float32")
    rng = np.random.default_rng(0)
    layers = mlp.new_layers([784, 32, 10], rng, "float32")
    history, step_seconds = mlp.train(
        layers, digits, common.Momentum(mlp.flat(layers)), 1, 128, rng
    )
    assert len(step_seconds) == 469
    assert history[-1].test_accuracy > 0.92
