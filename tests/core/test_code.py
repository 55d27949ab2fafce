"""What a computation rests on: the files it imports, and the versions of who runs them."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import features

from argus.core import code

FILES = {
    "house/__init__.py": "",
    "house/a.py": """
        import json
        import house.b as other
        from house import c, VALUE
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from house import typed
        def later():
            from .inner import f
            import numpy
    """,
    "house/b.py": "import yaml\nfrom house import a",
    "house/c.py": "",
    "house/typed.py": "",
    "house/not_imported.py": "",
    "house/inner/__init__.py": "from . import f",
    "house/inner/f.py": "from ..d import D\nfrom beside import *",
    "house/d.py": "try:\n    import not_installed\nexcept ImportError:\n    pass",
    "beside.py": "import PIL.Image",
}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Write a file of a small package that can be imported."""
    monkeypatch.syspath_prepend(tmp_path)

    def written(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.removeprefix(" " * 8) for line in text.split("\n")))

    for name, text in FILES.items():
        written(name, text)
    return written


def test_the_closure_is_what_is_imported_however_far_down(
    write: Callable[[str, str], None], tmp_path: Path
) -> None:
    found = code.closure("house.a")
    assert list(found) == [
        *("beside", "house", "house.a", "house.b", "house.c", "house.d", "house.inner"),
        "house.inner.f",
    ]
    assert found["house.inner"] == tmp_path / "house/inner/__init__.py"
    assert not {"house", "house.a"} & sys.modules.keys()  # found by reading


def test_a_module_that_there_is_not(write: Callable[[str, str], None]) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"house\.missing"):
        code.closure("house.a", "house.missing")
    with pytest.raises(ModuleNotFoundError):
        code.closure("not_there_at_all")


def test_the_libraries_are_those_that_the_files_import_and_what_these_require(
    write: Callable[[str, str], None],
) -> None:
    found = code.environment(code.closure("house.a"))
    assert found["pillow"] == found["PIL"] == PIL.__version__
    assert found["pyyaml"] == importlib.metadata.version("PyYAML")
    assert found["numpy"] == np.__version__
    assert found["libjpeg_turbo"] == features.version("libjpeg_turbo")
    assert "torch" not in found
    assert "not-installed" not in found
    write("house/c.py", "import torchvision.models")
    found = code.environment(code.closure("house.a"))
    assert {"torchvision", "torch", "sympy"} <= found.keys()  # torch requires sympy


@pytest.mark.parametrize("name", ["pillow", "numpy"])
def test_another_version_of_a_library_is_another_version_of_the_code(
    write: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before, lookup = code.version("house.a"), importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda of: "0.1" if of == name else lookup(of)
    )
    assert code.version("house.a") != before


def test_so_is_another_decoder_in_the_same_pillow(
    write: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, lookup = code.version("house.a"), features.version
    monkeypatch.setattr(features, "version", lambda of: "9" if of == "libtiff" else lookup(of))
    assert code.version("house.a") != before


def test_so_is_another_python_or_processor(
    write: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code.version("house.a")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 99, 0))
        assert code.version("house.a") != before
    with monkeypatch.context() as patch:
        patch.setattr(np, "show_config", lambda **_: {"SIMD Extensions": {"found": ["OTHER"]}})
        assert code.version("house.a") != before
    assert code.version("house.a") == before


def test_facts_count_by_value_and_place(write: Callable[[str, str], None]) -> None:
    versions = [code.version("house.a", *facts) for facts in [(), (1, 2), (2, 1), ("1", 2), (12,)]]
    assert len(set(versions)) == len(versions)
    assert code.version("house.a", 1, 2) == versions[1]


@pytest.mark.parametrize("name", ["house/a.py", "house/__init__.py", "house/inner/f.py"])
def test_what_code_says_counts_and_what_is_said_about_it_does_not(
    write: Callable[[str, str], None], name: str
) -> None:
    before = code.version("house.a")
    write(name, f'"""What it is for."""\n{FILES[name]}\n# a comment\n')
    assert code.version("house.a") == before
    write(name, f"{FILES[name]}\nvalue = 1\n")
    assert code.version("house.a") != before


def test_what_is_not_imported_does_not_count(write: Callable[[str, str], None]) -> None:
    before = code.version("house.a")
    write("house/typed.py", "value = 1")
    write("house/not_imported.py", "value = 1")
    assert code.version("house.a") == before


def test_docstrings_are_left_out_unless_they_are_spoken_of() -> None:
    bare = "class A:\n    def f(self):\n        return 1\n"
    text = bare.replace("A:", "A:\n    'Class.'").replace("f(self):", "f(self):\n        'Do.'")
    assert code.meaning(text) == code.meaning(bare) != code.meaning(bare.replace("1", "2"))
    shown = text + "print(A.__doc__)\n"
    assert code.meaning(shown) != code.meaning(shown.replace("Class.", "Klass."))


def test_docstrings_of_constants_and_fields_are_left_out_too() -> None:
    bare = "A = 1\nclass B:\n    c: int = 2\nif A:\n    D = 3\nelse:\n    D = 4\n"
    text = bare
    for number in "1234":
        indent = "" if number == "1" else "    "
        text = text.replace(f"{number}\n", f"{number}\n{indent}'That one.'\n")
    assert text.count("That one.") == 4
    assert code.meaning(text) == code.meaning(bare) != code.meaning(text.replace("4\n", "5\n"))
    spoken = "'Module.'\nA = __doc__\n"
    assert code.meaning(spoken + "'A.'\n") == code.meaning(spoken)
    assert code.meaning(spoken) != code.meaning("'Other.'\nA = __doc__\n")


@pytest.mark.parametrize(
    ("test", "runs"),
    [("TYPE_CHECKING", False), ("typing.TYPE_CHECKING", False), ("not TYPE_CHECKING", True)],
)
def test_only_what_is_for_type_checkers_alone_is_passed_over(test: str, runs: bool) -> None:
    text = f"import typing\nfrom typing import TYPE_CHECKING\nif {test}:\n    import house.a\n"
    assert ("house.a" in code.imports_of("typed", "", text)) == runs
