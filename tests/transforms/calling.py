"""Functions with helpers that call themselves, built by hand."""

from __future__ import annotations

from gradgen.ir.builder import Builder
from gradgen.ir.core import Block, Function, Literal, Param, Value
from gradgen.ir.regions import helper_result, make_call, make_if
from gradgen.ir.tree import leaf
from gradgen.ir.types import FLOAT, PY_FLOAT, PY_INT, Array, Sym
from gradgen.primitives.indexing import At, Cut
from gradgen.primitives.registry import Handle, apply


def _function(name, inputs, block, helpers=None, takes=()):
    params = tuple(Param(x.hint, leaf(x)) for x in inputs)
    tree = helper_result(block.results)
    return Function(name, params, block, tree, helpers=helpers or {}, takes=takes)


def sum_of_parts() -> Function:
    """``total(x, s)``: ``sin(s * x[0]) * total(x[1:], s * x[0])``, at the end 1."""
    x = Value(Array(FLOAT, (Sym("n"),)), "x")
    s = Value(PY_FLOAT, "s")
    builder = Builder()
    builder.enter((x, s))
    n = Handle(builder, builder.dim_atom(Sym("n")))
    empty = apply("equal", n, 0)
    signature = _function("total", (x, s), Block((x, s), (), (s,)))
    with builder.region() as ops:
        first = Handle(builder, s) * apply(
            "getitem", Handle(builder, x), 0, index=(At(1),)
        )
        first = apply("float", first)
        rest = apply("getitem", Handle(builder, x), index=(Cut(1),))
        call = make_call("total", signature, (rest.atom, first.atom), builder.dims)
        builder.append(call)
        product = apply("float", apply("sin", first)) * Handle(builder, call.results[0])
    then = Block((), (), (Literal.of(1.0),))
    choice = make_if(empty.atom, then, Block((), tuple(ops), (product.atom,)))
    builder.append(choice)
    helper = _function("total", (x, s), builder.block((x, s), choice.results))
    y = Value(Array(FLOAT, (Sym("m", proper=True),)), "y")
    outer = Builder()
    outer.enter((y,))
    call = make_call("total", helper, (y, Literal.of(0.7)), outer.dims)
    outer.append(call)
    block = outer.block((y,), call.results)
    return _function("f", (y,), block, {"total": helper})


def fills() -> Function:
    """``fill(x, k)``: ``x[k] = x[k - 1] * sin(x[k])``, then the rest, in place."""
    x = Value(Array(FLOAT, (Sym("n"),)), "x")
    k = Value(PY_INT, "k")
    builder = Builder()
    builder.enter((x, k))
    n = Handle(builder, builder.dim_atom(Sym("n")))
    kk, xx = Handle(builder, k), Handle(builder, x)
    done = apply("greater_equal", kk, n)
    signature = _function("fill", (x, k), Block((x, k), (), (x,)), takes=((0, 0),))
    with builder.region() as ops:
        here = apply("getitem", xx, kk, index=(At(1),))
        before = apply("getitem", xx, kk - 1, index=(At(1),))
        changed = apply("update", xx, kk, before * apply("sin", here), index=(At(1),))
        operands = (changed.atom, (kk + 1).atom)
        call = make_call("fill", signature, operands, builder.dims)
        call.results[0].type = x.type
        builder.append(call)
    otherwise = Block((), tuple(ops), call.results)
    choice = make_if(done.atom, Block((), (), (x,)), otherwise)
    builder.append(choice)
    body = builder.block((x, k), choice.results)
    helper = _function("fill", (x, k), body, takes=((0, 0),))
    y = Value(Array(FLOAT, (Sym("m", proper=True),)), "y")
    outer = Builder()
    outer.enter((y,))
    call = make_call("fill", helper, (y, Literal.of(1)), outer.dims)
    call.results[0].type = y.type
    outer.append(call)
    product = Handle(outer, call.results[0]) * Handle(outer, y)
    last = apply("sum", product, axis=(0,), keepdims=False)
    block = outer.block((y,), (last.atom,))
    return _function("f", (y,), block, {"fill": helper})
