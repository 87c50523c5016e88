"""The examples of README and docs say what really happens."""

import doctest
import linecache
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name(path: Path) -> str:
    """How a page is called in the report."""
    return path.relative_to(ROOT).as_posix()


def examples(text: str) -> str:
    """The `pycon` blocks of a page, every other line blank, so that lines count.

    >>> examples("a\\n```pycon\\n>>> 1\\n1\\n```\\nb")
    '\\n\\n>>> 1\\n1\\n\\n'
    """
    lines, inside = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line == "```pycon"
            lines.append("")
        else:
            lines.append(line if inside else "")
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_examples_of_a_page_run(page):
    text = examples(page.read_text(encoding="utf-8"))
    if "import scipy" in text or "from scipy" in text:
        pytest.importorskip("scipy")
    names = {"__name__": "__main__"}
    examples_of_page = doctest.DocTestParser().get_doctest(
        text, names, name(page), str(page), 0
    )
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    assert runner.run(examples_of_page, out=report.append).failed == 0, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_links_of_a_page_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [link for link in local if not (page.parent / link).exists()] == []


def blocks_of_readme(marker: str) -> list[str]:
    """The Python blocks of README up to and including the one after ``marker``."""
    readme = PAGES[0].read_text(encoding="utf-8")
    before, _, after = readme.partition(f"<!-- {marker} -->")
    return re.findall(r"```python\n(.*?)```", before, re.DOTALL) + re.findall(
        r"\A\s*```python\n(.*?)```", after, re.DOTALL
    )


SHOWN = {
    "hero": {"w": np.ones(2), "x": np.ones((3, 2)), "y": np.zeros(3)},
    "loop": {"x": np.ones(3), "dt": 0.1, "steps": 3},
}


@pytest.mark.parametrize("marker", SHOWN)
def test_an_example_of_readme_prints_what_stands_below_it(marker, monkeypatch, capsys):
    *_, code, printed = blocks_of_readme(marker)
    entry = (len(code), None, code.splitlines(keepends=True), "loss.py")
    monkeypatch.setitem(linecache.cache, "loss.py", entry)
    exec(compile(code, "loss.py", "exec"), dict(SHOWN[marker]))
    assert capsys.readouterr().out.rstrip("\n") == printed.rstrip("\n")
