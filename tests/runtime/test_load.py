"""Loading generated source: debuggers, tracebacks and garbage."""

import gc
import inspect
import linecache
import traceback

import pytest

from gradgen.errors import Span
from gradgen.runtime.load import Listing, add_note, load

SOURCE = "def f(x):\n    y = x + one\n    return 1 / y\n"


def test_inspect_and_linecache_know_the_source():
    function = load(Listing("f", SOURCE), {"one": 1})
    assert function(1) == 0.5
    assert inspect.getsource(function) == SOURCE
    file = function.__code__.co_filename
    linecache.checkcache()
    assert linecache.getline(file, 2) == "    y = x + one\n"


def test_names_differ_and_go_with_the_function():
    first, second = (load(Listing("f", SOURCE), {"one": 1}) for _ in range(2))
    files = {f.__code__.co_filename for f in (first, second)}
    assert len(files) == 2
    assert files <= set(linecache.cache)
    del first, second
    gc.collect()
    load(Listing("f", SOURCE), {"one": 1})
    assert files.isdisjoint(linecache.cache)


def test_a_function_that_goes_leaves_linecache_alone_until_the_next_load():
    function = load(Listing("f", SOURCE), {"one": 1})
    file = function.__code__.co_filename
    del function
    gc.collect()
    assert file in linecache.cache


def test_a_traceback_shows_the_line_and_a_note():
    here = Span(__file__, inspect.currentframe().f_lineno)
    listing = Listing("f", SOURCE, {3: here})
    function = load(listing, {"one": 1})
    with pytest.raises(ZeroDivisionError) as caught:
        function(-1)
    add_note(caught.value, function.__code__, listing)
    text = "".join(traceback.format_exception(caught.value))
    assert "    return 1 / y\n" in text
    assert f"in the code generated from {here.file}:{here.line}\n" in text
    assert "here = Span(__file__" in text
