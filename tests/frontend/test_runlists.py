"""Lists and dicts that only a run knows: aliases, and what is refused."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.errors import UnsupportedError
from gradgen.ir.core import walk_ops
from tests.frontend.harness import agree, lowered

X = np.array([0.3, 0.7, 0.95, 0.2])


@dataclasses.dataclass
class Box:
    items: list[Any]
    total: float = 0.0


def two_names(x):
    a = [1.5 * x[0]]
    b = a
    for v in x:
        a.append(v)
    b[0] = x[0] * 3.0
    return a[0] + sum(b)


def sets_items_under_iteration(x):
    ys = [v for v in x]
    for i, y in enumerate(ys):
        if i + 1 < len(ys):
            ys[i + 1] = y * 2.0
    return sum(ys) * ys[-1]


def two_names_of_dict(x):
    d = {0: x[0]}
    e = d
    for i in range(len(x)):
        d[i] = x[i] * 2.0
    return e[0] + len(e) * x[0]


def list_in_tuple(x):
    pair = ([], x[0])
    for v in x:
        pair[0].append(v)
    return sum(pair[0]) * pair[1]


def list_as_default(x):
    ys = []

    def size(items=ys):
        return len(items)

    for v in x:
        ys.append(v)
    return size() * x[0]


def list_in_instance(x):
    box = Box([])
    for v in x:
        box.items.append(v)
        box.total += box.items[0] * v
    return box.total + len(box.items)


def widened_in_turn(x):
    ys, zs = [], []
    add = ys.append
    for i in range(len(x)):
        for j in range(i + 1):
            add(x[j])
        zs.append(len(ys) * x[i])
        for j in range(i + 1):
            zs.append(x[j])
    return sum(ys) * sum(zs)


def grows_in_call(x):
    ys = [x[0]]

    def grow():
        for v in x:
            ys.append(v)
        return 2.0

    return ys[0] * grow() + len(ys)


def copies_of_arrays(x):
    hs = [np.zeros(2)]
    for v in x:
        h = hs[-1].copy()
        h[0] += v
        hs.append(h)
    return sum(h[0] for h in hs)


def shallow_copy(x):
    a = [np.array([v, 1.0]) for v in x]
    b = list(a)
    b[0] = b[0] * 2.0
    return a[0][0] + b[0][0] + len(a)


def old_list_under_new_name(x):
    ys = [v for v in x]
    first = ys[0]
    ys[0] = 9.0 * x[1]
    zs = ys
    ys = ys[1:]
    zs[1] = 4.0 * x[0]
    return first + sum(ys) + sum(zs)


def widens_what_numbers_are(x):
    ys = [0.0] * len(x)
    zs = [0 for _ in x]
    for i in range(len(x)):
        ys[i] = x[i] * 2.0
        zs[i] = x[i]
    return sum(ys) * sum(zs)


def dict_changes_under_iteration(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    for k in d:
        d[k] = d[k] * 2.0
    return sum(d.values()) * d[0]


def queue_of_pairs(x):
    queue = [(x[0], 1)]
    turns, total = 0, x[1]
    while queue and turns < 6:
        value, depth = queue.pop(0)
        turns += 1
        total += value
        if depth < 3:
            queue.append((value * 0.5, depth + 1))
            queue.append((value * 0.3, depth + 1))
    return total


def list_left_by_one_branch(x):
    ys = [x[0]]
    if x[0] > 0.1:
        ys = [x[1], x[2]]
    return sum(ys)


def bound_on_one_path(x):
    if x[0] > 0.1:
        ys = [x[0]]
    for v in x:
        ys.append(v)
    return sum(ys)


def list_changed_or_replaced(x):
    a = [x[0], x[1]]
    if x[0] > 0.1:
        a[0] = 7.0 * x[1]
    else:
        a = [x[0], 2.0 * x[0]]
    return a[0] * a[1]


def dict_changed_or_replaced(x):
    d = {"a": x[0]}
    if x[0] > 0.1:
        d["a"] = 7.0 * x[1]
    else:
        d = {"a": x[2]}
    return d["a"]


def instance_changed_or_replaced(x):
    box = Box([], x[0])
    if x[0] > 0.1:
        box.total = 7.0 * x[1]
    else:
        box = Box([], x[2])
    return box.total


def array_changed_or_replaced(x):
    w = x.copy()
    z = x * 2.0
    if x[0] > 0.1:
        w[0] = 7.0
    else:
        w = z
    return w.sum()


def buffer_reset_in_loop(x):
    buffer, total = np.zeros(2), 0.0
    for v in x:
        buffer[0] += v
        if v > 0.5:
            total += buffer[0]
            buffer = np.zeros(2)
    return total + buffer[0] * 3.0


AGREEING = (
    list_changed_or_replaced,
    dict_changed_or_replaced,
    instance_changed_or_replaced,
    array_changed_or_replaced,
    buffer_reset_in_loop,
    bound_on_one_path,
    two_names,
    sets_items_under_iteration,
    two_names_of_dict,
    list_in_tuple,
    list_as_default,
    list_in_instance,
    widened_in_turn,
    grows_in_call,
    copies_of_arrays,
    shallow_copy,
    old_list_under_new_name,
    widens_what_numbers_are,
    dict_changes_under_iteration,
    queue_of_pairs,
    list_left_by_one_branch,
)


@pytest.mark.parametrize("function", AGREEING, ids=lambda f: f.__name__)
def test_agrees(function: Callable[..., Any]) -> None:
    agree(function, X)


def keeps_one_buffer(x):
    hs, u = [], np.zeros(2)
    for v in x:
        u[0] += v
        hs.append(u)
    return sum(h[0] for h in hs)


def writes_later(x):
    hs = []
    for v in x:
        u = np.array([v, v])
        hs.append(u)
    u[0] = 100.0
    return hs[-1][0]


def writes_first_item(x):
    a = np.array([x[0], x[0]])
    hs = [a]
    for v in x:
        hs.append(a * v)
    a[0] = 7.0
    return hs[0][0]


def one_array_in_all_items(x):
    hs = [np.array([x[0], x[1]])] * len(x)
    hs[0][1] = 5.0
    return hs[-1][1]


def one_array_in_every_turn(x):
    h, hs = x * 2.0, []
    for _ in x:
        hs.append(h)
    hs[0][0] = 5.0
    return hs[1][0]


def one_array_twice_a_turn(x):
    hs = []
    for v in x:
        h = x * v
        hs.append(h)
        hs.append(h)
    hs[0][0] = 5.0
    return hs[1][0]


def one_array_in_some_turns(x):
    h, hs = np.zeros(len(x)), []
    for v in x:
        if v > 2.0:
            h = h + x * v
        hs.append(h)
    hs[0][0] = 4.0
    return np.sum(hs[1])


def one_item_put_in_again(x):
    hs = [x * v for v in x]
    if x[0] > 0.1:
        hs.append(hs[0])
    hs[0][0] = 5.0
    return np.sum(hs[-1])


def list_and_itself(x):
    hs = [x * v for v in x]
    both = hs + hs
    both[0][0] = 5.0
    return np.sum(both[-1])


def writes_item_of_a_copy(x):
    hs = [x * v for v in x]
    ys = list(hs)
    hs[0][0] = 5.0
    return np.sum(ys[0])


def writes_item_read_before(x):
    hs = [x * v for v in x]
    h = hs[0]
    hs[0][0] = 5.0
    return np.sum(h)


def writes_item_after_a_change(x):
    hs = [x * v for v in x]
    h = hs[0]
    hs.append(x * 3.0)
    h[0] = 5.0
    return np.sum(hs[0])


def writes_items_that_are_views(x):
    rows = [row for row in np.outer(x, x)]
    rows.append(x * x)
    rows[0][0] = 5.0
    return np.sum(rows[0])


def writes_item_of_an_argument(x):
    hs = [x]
    for v in x:
        hs.append(x * v)
    hs[0][0] = 5.0
    return np.sum(hs[0])


def writes_item_taken_out(x):
    hs = [x * v for v in x]
    h = hs.pop()
    h[0] = 5.0
    return np.sum(h)


def one_row_in_every_turn(x):
    row, rows = [v for v in x], []
    for _ in x:
        rows.append(row)
    rows[0][0] = 5.0
    return sum(rows[1])


def writes_what_was_selected(x):
    w = [np.array([x[0], 1.0]), np.array([x[1], 2.0])]
    total = 0.0
    for i in range(len(x)):
        a = w[i % 2]
        w[0][1] = 3.0
        total += a[1]
    return total


def grows_under_iteration(x):
    ys = [v for v in x]
    for y in ys:
        if y > 0.9:
            ys.append(0.1)
    return sum(ys)


def inner_list_changes(x):
    rows, row = [], []
    for v in x:
        row.append(v)
        rows.append(row)
    return sum(rows[0])


def iterator_of_list(x):
    ys = [x[0]]
    items = iter(ys)
    for v in x:
        ys.append(v)
    return sum(items)


def numbers_and_arrays(x):
    ys = [x[0]]
    for _ in x:
        ys.append(x)
    return ys[0]


def changes_callers_list(ys, x):
    for v in x:
        ys.append(v)
    return sum(ys)


def returns_list_of_pairs(x):
    return [(v, v * 2.0) for v in x]


def returns_dict(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    return d


def sorts(x):
    ys = [v for v in x]
    return sorted(ys)[0]


def accumulates(x):
    ys = [v for v in x]
    return sum(itertools.accumulate(ys))


def leaves_a_chain(x):
    ys = [v for v in x]
    return x[0] * any(v > 2.0 for v in itertools.chain(ys, x))


def unpacks(x):
    ys = [v for v in x]
    return sum([*ys, x[0]])


def array_of_lists(x):
    rows = [[v * w for v in x] for w in x]
    return np.sum(np.array(rows))


def other_keys_on_a_path(x):
    d = {"a": x[0]}
    d["a" if x[0] > 0.5 else "b"] = x[1]
    return d["a"]


def key_of_run_time_numbers(x):
    d = {(0, 0): 1.0, (0, 1): 2.0}
    for i in range(len(x)):
        d[0, i % 2] = x[i]
    return d[0, 0]


def instances_in_list(x):
    boxes = []
    for v in x:
        boxes.append(Box([], v))
    return boxes[0].total


def numbers_as_keys(x):
    d = {}
    for v in x:
        d[v] = v
    return len(d) * x[0]


REFUSED = {
    keeps_one_buffer: "may have been written to through another name",
    writes_later: "may have been written to through another name",
    writes_first_item: "may have been written to through another name",
    one_array_in_all_items: "the same array may be in this list more than once",
    one_array_in_every_turn: "the same array may be in this list more than once",
    one_array_twice_a_turn: "the same array may be in this list more than once",
    one_array_in_some_turns: "belong to the caller, or to another list",
    one_item_put_in_again: "belong to the caller, or to another list",
    list_and_itself: "the same array may be in this list more than once",
    writes_item_of_a_copy: "may have been written to through another name",
    writes_item_read_before: "may have been written to through another name",
    writes_item_after_a_change: "was changed since",
    writes_items_that_are_views: "the same array may be in this list more than once",
    writes_item_of_an_argument: "belong to the caller, or to another list",
    writes_item_taken_out: "this array belongs to a list",
    one_row_in_every_turn: "the same array may be in this list more than once",
    writes_what_was_selected: "may have been written to through another name",
    grows_under_iteration: "grows or shrinks while it is iterated over",
    inner_list_changes: "may have been changed through another name",
    iterator_of_list: "grows or shrinks while it is iterated over",
    numbers_and_arrays: "elements of types f64 and f64[n]",
    returns_list_of_pairs: "a list of lists or tuples cannot be returned",
    returns_dict: "a dict cannot be returned whose length only a run knows",
    sorts: "sorting a list whose length is known only at run time",
    accumulates: "itertools.accumulate over items whose number only a run knows",
    leaves_a_chain: "this takes items one by one",
    unpacks: "this takes items one by one",
    array_of_lists: "an array of a list of lists whose lengths only a run knows",
    other_keys_on_a_path: "it has other keys on other paths",
    key_of_run_time_numbers: "a tuple of run-time numbers as the key",
    instances_in_list: "would hold an object of class Box, which can be changed",
    numbers_as_keys: "must be an integer",
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(UnsupportedError) as caught:
        lowered(function, X)
    assert REFUSED[function] in str(caught.value)
    assert "  --> " in str(caught.value)


def test_the_callers_list_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="of the caller's"):
        lowered(changes_callers_list, [1.0], X)


def selects_layer(layers, x):
    total = 0.0
    for i in range(len(x)):
        total += np.sum(layers[i % 2]) * x[i]
    return total


def test_known_items_are_listed_once() -> None:
    found = lowered(selects_layer, [X, X * 2.0], X)
    outer = [op.name for op in found.function.body.ops]
    everywhere = [op.name for op in walk_ops(found.function.body)]
    assert outer.count("seq_from") == everywhere.count("seq_from") == 1


def known_lists_stay(x):
    ys = []
    for k in range(3):
        ys.append(x[k] * k)
    return ys[0] + ys[1] * ys[2]


def test_lists_of_known_length_are_unrolled() -> None:
    found = lowered(known_lists_stay, X)
    names = [op.name for op in walk_ops(found.function.body)]
    assert not any(name.startswith("seq_") for name in names)


def test_lists_go_by_the_name_of_their_variable() -> None:
    found = lowered(two_names, X)
    made = [op for op in walk_ops(found.function.body) if op.name == "seq_from"]
    assert [op.results[0].hint for op in made] == ["a"]
