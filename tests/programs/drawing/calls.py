"""Statements that call functions from outside, and functions defined on the spot."""

from __future__ import annotations

from tests.programs.drawing.expressions import array_atom, scalar
from tests.programs.drawing.writer import Writer

HELPERS = {
    "fill": """
def fill(source, target):
    for k in range(len(target)):
        target[k] = np.sin(source[k])
""",
    "bump": """
def bump(target, v):
    target[0] -= 0.5 * (target[0] - v)
    target[1:] *= 0.9
""",
    "mix": """
def mix(a, b):
    a[1:] -= 0.4 * b[:-1] * np.cos(a[1:])
    b[0] = 0.3 * a[-1]
""",
    "clip": """
def clip(target, source):
    for k, v in enumerate(source):
        if v > 0.8:
            target[k] = 0.8
            continue
        if v < -0.8:
            return
        target[k] += 0.1 * v
    target[target > 0.5] *= 0.9
""",
    "scatter": """
def scatter(target, source):
    idx = np.arange(len(source)) // 2
    np.add.at(target, idx, 0.3 * source)
    target[idx] = np.cos(source)
""",
}


def call_helper(w: Writer) -> None:
    """Call a function that writes to its arguments, which may be one array."""
    name, shape = w.choose(w.scope.whole())
    kind = w.choose(list(HELPERS))
    w.need(HELPERS[kind])
    second = scalar(w) if kind == "bump" else array_atom(w, shape)
    target = array_atom(w, shape) if w.seldom(2) else name
    w.say(f"{kind}({target}, {second})")


def use_closure(w: Writer) -> None:
    """Define a function that changes what is around it, and call it."""
    name = w.fresh("g")
    total = w.choose(w.scope.scalars)
    array, _ = w.choose(w.scope.filled())
    value = scalar(w)
    writes = [
        f"{array}[0] += 0.2 * v",
        f"{array}[...] = np.cos({array} + v)",
        f"{array}[-1] = np.sin(v)",
    ]
    writes += [f"{xs}.append(np.sin(v))" for xs in w.scope.lists]
    writes += [f"{d}[1] = np.sin(v)" for d in w.scope.dicts]
    with w.block(f"def {name}(v):"):
        form = w.choose(("nonlocal", "array", "write", "reads", "nested"))
        if form == "nonlocal":
            w.say(f"nonlocal {total}")
            w.say(f"{total} += 0.1 * np.sin(v)")
        elif form == "array":
            w.say(f"nonlocal {array}")
            w.say(f"{array} = np.sin({array}) + 0.1 * v")
        elif form == "write":
            w.say(w.choose(writes))
        elif form == "nested":
            inner = w.fresh("g")
            with w.block(f"def {inner}():"):
                w.say(f"nonlocal {total}")
                w.say(f"{total} = np.tanh({total} + v)")
                with w.block(f"if {total} > 0.4:"):
                    w.say(f"return {total}")
                w.say("return 0.5 * v")
            w.say(f"{inner}()")
        w.say(f"return np.cos(v) * {value}")
    w.say(f"{total} = {name}({scalar(w)})")
    w.add("closures", name)
