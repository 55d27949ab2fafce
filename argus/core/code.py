"""What a computation rests on besides its input: the code that it imports, and who runs that code.

Both are found by machine: the files by reading their imports, the libraries by what is installed. A
side cache that is keyed by them forgets what other code, or another library, computed, and a model
is trained again when what its training rests on says something else.
"""

from __future__ import annotations

import ast
import hashlib
import json
import pkgutil
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from argus.core import installed

NEUTRAL = frozenset(
    {
        "argus",
        "stages",
        "argus.core.caches",
        "argus.core.code",
        "argus.core.errors",
        "argus.core.installed",
        "argus.core.interrupts",
        "argus.core.params",
        "argus.core.params.preflight",
        "argus.core.params.reading",
        "argus.core.params.schema",
        "argus.core.params.sections",
        "argus.core.paths",
        "argus.core.progress",
        "argus.models.code_record",
    }
)
"""Modules that cannot change what a stage writes: messages, progress bars, how threads wait, the
check of params.yaml (whose values DVC tracks by themselves), where outputs lie (which dvc.yaml says
as well), side caches with their versions, which must not be seen in any output, and the check that
the record of code is of today."""

DISCOVERED = {"argus.judging.registry": ("argus.judging.metrics", "argus.metrics")}
"""Modules that import what they find -> the package all of whose modules they find, and the group
of entry points by which other packages join. (Of the architectures each model runs but its own.)"""


TYPES_ALONE = ("TYPE_CHECKING", "typing.TYPE_CHECKING")
"""Conditions under which nothing is imported when the code runs."""
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
"""What has its docstring in `__doc__`."""


def version(module: str, *facts: object) -> str:
    """Which code computes a value, and on what: 16 hexadecimal digits of SHA-256.

    Comments, docstrings and layout do not count.

    Args:
        module: the one whose functions compute it, `__name__` there.
        facts: what else decides the value besides its input; by their `repr`.
    """
    files = closure(module)
    digest = hashlib.sha256(json.dumps([environment(files), list(map(repr, facts))]).encode())
    for name, file in files.items():
        digest.update(f"{name}\0{meaning(file.read_text(encoding='utf-8'))}\0".encode())
    return digest.hexdigest()[:16]


@cache
def meaning(text: str) -> str:
    """What a source file says to the interpreter: its syntax tree, without docstrings.

    Those of constants and fields, which stand below them, do not count either. Those of modules,
    classes and functions stay where the file speaks of `__doc__`, since they may then mean
    something.
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        kept = int("__doc__" in text and isinstance(node, DOCUMENTED))
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                start = kept if name == "body" else 0
                rest = [each for each in block[start:] if not _is_text(each)]
                setattr(node, name, block[:start] + rest)
    return _written(tree)


def _is_text(statement: ast.AST) -> bool:
    """Whether a statement is a string by itself, which does nothing."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _written(node: object) -> str:
    """A syntax tree as text; `ast.dump` writes empty fields too, and Python has more by version."""
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
        within = ",".join(f"{name}={_written(value)}" for name, value in fields)
        return f"{type(node).__name__}({within})"
    if isinstance(node, list):
        return f"[{','.join(map(_written, node))}]"
    return repr(node)


def parts(*modules: str, without: Collection[str] = NEUTRAL) -> dict[str, str]:
    """What running some modules rests on, part by part, so that two states can be compared.

    Returns:
        for each source file of their closure that says something, by module: 12 hexadecimal digits
        of SHA-256 of its `meaning`. For a module of an installed library instead, by that library's
        name: its version, and the commit if it was installed from a repository.

    Raises:
        ModuleNotFoundError: there is no such module.
    """
    ours = [module for module in modules if _top(module) not in installed.owners()]
    found = closure(*ours, without=without)
    joined = {module for finder in DISCOVERED.keys() & found for module in _discovered(finder)}
    libraries = {name for m in {*modules, *joined} for name in installed.owners().get(_top(m), ())}
    meanings = {module: meaning(file.read_text(encoding="utf-8")) for module, file in found.items()}
    files = {
        module: hashlib.sha256(said.encode()).hexdigest()[:12]
        for module, said in meanings.items()
        if said != meaning("")
    }
    return files | {name: installed.release(name) for name in sorted(libraries)}


def closure(*modules: str, without: Collection[str] = ()) -> dict[str, Path]:
    """The source files that importing some modules brings in, themselves included, by module.

    Imports anywhere in a file count, those inside functions too; those for type checkers alone do
    not. Followed is what is no installed library and not Python's own.

    Args:
        modules: by their full names.
        without: modules that are left out, with what only they import.

    Raises:
        ModuleNotFoundError: there is no such module.
    """
    found: dict[str, Path] = {}
    own = {_top(module) for module in modules}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        top = _top(module)
        if module in found or module in without or (top not in own and not _is_source(top)):
            continue
        file = source(module)
        if file is not None:
            found[module] = file
            waiting += imports(module, file)
            if module in DISCOVERED:
                waiting += _discovered(module)
        elif module in modules:
            raise ModuleNotFoundError(f"no source file of {module}")
    return dict(sorted(found.items()))


def imports(module: str, file: Path) -> list[str]:
    """The modules that a file names in its imports, and the packages that they are in.

    A name that is imported from a module is among them too, for it may be a module itself.
    """
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    return imports_of(module, package, file.read_text(encoding="utf-8"))


@cache
def imports_of(module: str, package: str, text: str) -> list[str]:
    """`imports` of a module with that source, in a package."""
    names = [module]
    for node in _reached(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = parents[: len(parents) - node.level + 1] if node.level else []
            origin = ".".join([*base, node.module] if node.module else base)
            names += [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
    parts = (name.split(".") for name in names)
    within = {".".join(part[: n + 1]) for part in parts for n in range(len(part))}
    return sorted(within - {module})


def source(module: str) -> Path | None:
    """Where the source of a module lies; None if it is none, as a function in one."""
    top, *rest = module.split(".")
    spec = find_spec(top)
    if spec is None:
        return None
    if not rest and not spec.submodule_search_locations:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for folder in spec.submodule_search_locations or ():
        place = Path(folder, *rest)
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                return file
    return None


def environment(files: dict[str, Path]) -> dict[str, str]:
    """What runs some source files: the versions of what is installed, and the machine's kind.

    Libraries that these import and all that those require count, see `argus.core.installed`.

    Args:
        files: by module, as `closure` gives them.
    """
    imported = {_top(name) for m, f in files.items() for name in imports(m, f)}
    owners = installed.owners()
    libraries = installed.required({owner for top in imported for owner in owners.get(top, ())})
    return installed.versions(libraries) | installed.machine()


def _reached(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a tree that are there when it runs."""
    yield node
    children: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test) in TYPES_ALONE:
        children = node.orelse
    for child in children:
        yield from _reached(child)


def _discovered(finder: str) -> list[str]:
    """The modules that one of `DISCOVERED` imports without naming them."""
    package, group = DISCOVERED[finder]
    file = source(package)
    names = [each.name for each in pkgutil.iter_modules([str(file.parent)])] if file else []
    joined = [entry.module for entry in metadata.entry_points(group=group)]
    return [*(f"{package}.{name}" for name in names), *joined]


def _top(module: str) -> str:
    """The package that a module is in, or itself."""
    return module.partition(".")[0]


def _is_source(top: str) -> bool:
    """Whether a package is neither Python's own nor an installed library."""
    return top not in sys.stdlib_module_names and top not in installed.owners()
