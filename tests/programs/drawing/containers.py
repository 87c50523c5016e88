"""Statements that make, change and read lists and dicts."""

from __future__ import annotations

from tests.programs.drawing.expressions import array, key, place, scalar, step
from tests.programs.drawing.writer import Writer


def use_list(w: Writer) -> None:
    """Let a list of numbers grow and shrink, and read it."""
    if not w.scope.lists or w.seldom(6):
        name = w.fresh("xs")
        comprehension = f"[np.sin(e) for e in {w.choose(w.scope.rank(1))[0]}]"
        empty = f"[{scalar(w)}] + {comprehension}"
        w.say(f"{name} = {w.choose((f'[{scalar(w)}]', empty))}")
        w.add("lists", name)
        return
    name, total = w.choose(w.scope.lists), w.choose(w.scope.scalars)
    at = place(w, name)
    forms = [f"{name}.append({scalar(w)})"] * 3
    forms += [
        f"{name}[{at}] = {scalar(w)}",
        f"{name}[{at}] += {step(w, scalar(w))}",
        f"{name}.extend([{scalar(w)}, {scalar(w)}])",
        f"{name}.insert(0, {scalar(w)})",
        f"{total} += 0.1 * np.sin(sum({name}))",
        f"{name} = {name} + [{scalar(w)}]",
        f"{name} = [np.cos(e) for e in {name}]",
        f"{name} = {name}[::-1]",
        f"{name}[0], {name}[-1] = {name}[-1], {name}[0]",
    ]
    block = w.choose((None, None, None, f"if len({name}) > 1:", "for"))
    if block is None:
        w.say(w.choose(forms))
    elif block == "for":
        item = w.fresh("e")
        with w.block(f"for {item} in {name}:"):
            w.say(f"{total} += 0.1 * np.sin({item})")
    else:
        with w.block(block):
            w.say(
                w.choose((f"{total} += 0.2 * np.cos({name}.pop())", f"{name}.pop(0)"))
            )


def use_stack(w: Writer) -> None:
    """Let a list of arrays grow and shrink, and read it."""
    if not w.scope.stacks or w.seldom(6):
        source, shape = w.choose(w.scope.filled())
        name, value = w.fresh("hs"), array(w, shape)
        copy = f"{source}.copy()"
        w.say(f"{name} = [{w.choose((value or copy, copy))}]")
        w.add("stacks", (name, shape))
        return
    name, shape = w.choose(w.scope.stacks)
    value, at = array(w, shape) or f"np.cos({name}[0])", place(w, name)
    forms = [f"{name}.append({value})"] * 3
    forms += [
        f"{name}.append(np.tanh({name}[{at}] * {name}[-1]))",
        f"{name}[{at}] = {value}",
        f"{w.choose(w.scope.scalars)} += 0.1 * np.sin(np.sum({name}[{at}]))",
        f"{w.choose(w.scope.scalars)} += 0.1 * np.cos(np.sum(np.stack({name})))",
    ]
    form = w.choose((*forms, *forms, "pop", "for", "part", "bind"))
    if form == "pop":
        with w.block(f"if len({name}) > 1:"):
            w.say(f"{w.choose(w.scope.scalars)} += 0.1 * np.sum({name}.pop())")
    elif form == "for":
        item = w.fresh("h")
        with w.block(f"for {item} in {name}:"):
            w.say(f"{w.choose(w.scope.scalars)} += 0.1 * np.sum(np.sin({item}))")
    elif form == "part":
        w.say(f"{name}[{at}][0] += {step(w, scalar(w))}")
    elif form == "bind":
        view = w.fresh("v")
        w.say(f"{view} = {name}[{at}]")
        w.bind_array(view, shape)
    else:
        w.say(form)


def use_dict(w: Writer) -> None:
    """Let a dict of numbers grow, and read it."""
    if not w.scope.dicts or w.seldom(6):
        name = w.fresh("d")
        w.say(f"{name} = {{0: {scalar(w)}, 1: {scalar(w)}, 2: 0.5}}")
        w.add("dicts", name)
        return
    name, total = w.choose(w.scope.dicts), w.choose(w.scope.scalars)
    k, other = key(w), key(w)
    forms = [
        f"{name}[{k}] = {scalar(w)}",
        f"{name}[{k}] += {step(w, scalar(w))}",
        f"{name}[{k}], {name}[{other}] = {name}[{other}], {name}[{k}]",
        f"{total} += 0.1 * np.sin(sum({name}.values()))",
        f"{total} += 0.2 * np.sin({name}.get({k} + 2, {scalar(w)}))",
        f"{name}[{k} + 3] = {scalar(w)}",
    ]
    form = w.choose((*forms, *forms, "items", "in"))
    if form == "items":
        a, v = w.fresh("a"), w.fresh("e")
        with w.block(f"for {a}, {v} in {name}.items():"):
            w.say(f"{total} += 0.1 * np.sin({v} * {a})")
    elif form == "in":
        with w.block(f"if {k} + 2 in {name}:"):
            w.say(f"{name}[{k} + 2] *= np.cos({scalar(w)})")
        with w.block("else:"):
            w.say(f"{name}[{k} + 2] = {scalar(w)}")
    else:
        w.say(form)


def states_by_time(w: Writer) -> None:
    """Build a dict of states in a loop, each from the one before, and read it."""
    name, i, total = w.fresh("by"), w.fresh("i"), w.choose(w.scope.scalars)
    source, shape = w.choose(w.scope.arrays)
    if len(shape) == 1 and w.often(1):
        w.say(f"{name} = {{-1: {source}.copy()}}")
        value, read = array(w, shape) or "0.5", f"np.sum({name}[{i} - 1])"
    else:
        w.say(f"{name} = {{-1: {scalar(w)}}}")
        value, read = scalar(w), f"{name}[{i} - 1]"
    counters = (*w.scope.counters, i)
    with w.block(f"for {i} in range(n):", counters=counters):
        w.say(f"{name}[{i}] = np.tanh({name}[{i} - 1] + {value})")
    with w.block(f"for {i} in range(n):", counters=counters):
        w.say(f"{total} += 0.1 * {read} * {scalar(w)}")
