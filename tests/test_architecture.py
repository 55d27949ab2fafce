"""Which room may import which: the arrows of docs/architecture.md, held by reading all imports.

Imports inside functions count. Those for type checkers alone must go down, too, but may close a
circle, as nothing is imported by them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

import pytest

from argus.core import code
from tests.conftest import ROOT

BELOW = {
    "core": set[str](),
    "data": {"core"},
    "hamming": {"core", "data"},
    "features": {"core", "data", "hamming"},
    "models": {"core", "data", "hamming", "features"},
    "judging": {"core", "data", "hamming", "features", "models"},
    "cli": {"core", "data", "hamming", "features", "models", "judging"},
}
"""The rooms of `argus`, and which of the others each may import."""

Graph = dict[str, set[str]]
"""By module, the modules of this repository that it imports."""


def read(*tops: str, typed: bool = False) -> Graph:
    """The imports of every module below some folders of the repository.

    Args:
        tops: the folders.
        typed: whether those for type checkers alone count.
    """
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for top in tops
        for file in sorted((ROOT / top).rglob("*.py"))
    }
    graph: Graph = {}
    for module, file in files.items():
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"if (typing\.)?TYPE_CHECKING:", "if True:", text) if typed else text
        named = {name for name in code.imports_of(module, package, text) if name in files}
        # `from a.b import c` names a, a.b and a.b.c: what is imported is the last of them; and the
        # packages that a module lies in are no imports of it
        graph[module] = {
            name
            for name in named
            if not any(other.startswith(f"{name}.") for other in (*named, module))
        }
    return graph


IMPORTS = read("argus", "stages")
WITH_TYPES = read("argus", "stages", typed=True)


def room(module: str) -> str:
    """`argus.data.images.decode` is in `data`; a stage is a room of its own: `stages.split`."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "stages" else (parts[1:] or [""])[0]


def arrows(graph: Graph) -> Iterable[tuple[str, str]]:
    """Module and imported module, where they are in different rooms."""
    return (
        (module, other)
        for module, imported in graph.items()
        for other in sorted(imported)
        if room(module) != room(other)
    )


def circle(graph: Graph) -> list[str]:
    """One circle of a graph, from a node back to itself; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        nodes: list[str] = error.args[1]
        return nodes[::-1]  # graphlib goes against the arrows
    return []


def among_children(graph: Graph, package: str) -> Graph:
    """The arrows among what lies directly in a package: its modules and its packages as wholes."""
    depth = package.count(".") + 2

    def child(module: str) -> str | None:
        inside = module.startswith(f"{package}.")
        return ".".join(module.split(".")[:depth]) if inside else None

    found: Graph = {}
    for module, imported in graph.items():
        if (start := child(module)) is not None:
            ends = {end for other in imported if (end := child(other)) is not None}
            found.setdefault(start, set()).update(ends - {start})
    return found


PACKAGES = sorted(
    module for module in IMPORTS if any(other.startswith(f"{module}.") for other in IMPORTS)
)


@pytest.mark.parametrize("name", BELOW)
def test_a_room_imports_only_rooms_below_it(name: str) -> None:
    up = [
        f"{module} imports {other}: {name} may import {sorted(BELOW[name]) or 'nothing'}"
        for module, other in arrows(WITH_TYPES)
        if room(module) == name and room(other) not in BELOW[name]
    ]
    assert not up, "\n".join(up)


def test_every_package_of_the_library_is_one_of_the_rooms() -> None:
    there = {path.parent.name for path in (ROOT / "argus").glob("*/__init__.py")}
    assert there == set(BELOW), "a new room needs its place in BELOW and in docs/architecture.md"
    # the package itself prepares the process and knows nothing of what is done in it
    assert {room(other) for other in IMPORTS["argus"]} <= {"core"}


def test_no_stage_imports_another_nor_the_command_line() -> None:
    wrong = [
        f"{module} imports {other}: what two stages share belongs into argus"
        for module, other in arrows(WITH_TYPES)
        if module.startswith("stages.") and room(other) not in BELOW["cli"]
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_imports_the_command_line() -> None:
    wrong = [
        f"{module} imports {other}: the command is on top"
        for module, other in arrows(WITH_TYPES)
        if room(other) == "cli"
    ]
    assert not wrong, "\n".join(wrong)


def test_no_modules_import_each_other_in_a_circle() -> None:
    found = circle(IMPORTS)
    assert not found, " imports\n".join(found)


def test_no_module_is_imported_by_a_call() -> None:
    """No test sees such an arrow. The command finds its own rooms so, and it is on top."""
    calls = re.compile(r"\bimport_module\(|\b__import__\(|\brunpy\b")
    found = {
        module
        for module in IMPORTS
        if (file := code.source(module)) and calls.search(file.read_text(encoding="utf-8"))
    }
    assert found == {"argus.cli.__main__"}


@pytest.mark.parametrize("package", PACKAGES)
def test_what_lies_in_a_package_forms_no_circle(package: str) -> None:
    found = circle(among_children(IMPORTS, package))
    assert not found, f"in {package}: " + " imports ".join(found)


def test_the_library_does_not_rest_on_tests_or_benchmarks() -> None:
    for module, file in ((m, code.source(m)) for m in IMPORTS):
        assert file is not None
        tops = {name.partition(".")[0] for name in code.imports(module, file)}
        assert not tops & {"tests", "benchmarks"}, module


def test_the_drawing_shows_the_imports_as_they_are() -> None:
    drawn = (ROOT / "docs/architecture.svg").read_text(encoding="utf-8")
    rows = {
        path.parent.name: f"stages/{path.parent.name}" for path in ROOT.glob("stages/*/__main__.py")
    }
    parts = {path.parent.name for path in ROOT.glob("argus/cli/*/__init__.py")}
    expected = 0
    for package in [f"stages.{name}" for name in rows] + [f"argus.cli.{name}" for name in parts]:
        expected += len(
            {
                room(other)
                for module, imported in IMPORTS.items()
                if module == package or module.startswith(f"{package}.")
                for other in imported
            }
            & (set(BELOW) - {"cli"})
        )
    names = [f"argus/{name}" for name in BELOW] + [*rows.values(), *(f"cli/{p}" for p in parts)]
    wrong = [name for name in names if f">{name}<" not in drawn]
    assert not wrong, f"{wrong} not in docs/architecture.svg: make architecture"
    assert drawn.count("<circle") == expected, "docs/architecture.svg is old: make architecture"


def test_a_circle_is_found_and_named_in_the_order_of_its_imports() -> None:
    graph: Graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    found = circle(graph)
    assert found[0] == found[-1]
    assert sorted(found[1:]) == ["a", "b", "c"]
    assert all(other in graph[module] for module, other in itertools.pairwise(found))
    assert circle({"a": {"b"}, "b": set()}) == []


def test_packages_are_seen_as_wholes() -> None:
    graph: Graph = {"p.a.x": {"p.b.y"}, "p.b.z": {"p.a.w"}, "p.b.y": set(), "p.a.w": set()}
    assert circle(graph) == []
    assert set(circle(among_children(graph, "p"))) == {"p.a", "p.b"}
