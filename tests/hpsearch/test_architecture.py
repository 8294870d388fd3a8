"""Reads the imports and holds the arrows of ARCHITECTURE.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hpsearch
import trainers

SERVICE, NETWORKS = Path(hpsearch.__file__).parent, Path(trainers.__file__).parent
ENGINES = {"optuna": "hpsearch.study", "mlflow": "hpsearch.tracking.store", "ray": "hpsearch.cluster.ray_cluster"}


def modules(package):
    """Return every module of a package: its dotted name and its path."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def statements(tree, everywhere):
    """Yield every node, or those alone that are run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        later = isinstance(node, ast.FunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        )
        if everywhere or not later:
            yield node
            yield from statements(node, everywhere)


def imports(name, path, everywhere=True, known=()):
    """Return the dotted names that a module imports."""
    found = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8")), everywhere):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            submodules = {one for one in inner if one in known}
            found |= submodules
            if len(submodules) < len(inner):
                found.add(node.module)
    return found


ALL = {**modules(SERVICE), **modules(NETWORKS)}
IMPORTS = {name: imports(name, path, known=ALL) for name, path in ALL.items()}


def importers(package):
    """Return the modules that import `package` or anything below it."""
    return sorted(n for n, found in IMPORTS.items() if any(f == package or f.startswith(f"{package}.") for f in found))


def room(name):
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize(("engine", "home"), ENGINES.items())
def test_an_engine_is_imported_in_one_module_only(engine, home):
    assert importers(engine) == [home]


def test_the_networks_know_nothing_but_numpy_and_the_standard_library():
    import sys

    allowed = {*sys.stdlib_module_names, "numpy", "trainers"}
    for name, found in IMPORTS.items():
        if room(name).startswith("trainers"):
            foreign = {one.partition(".")[0] for one in found} - allowed
            optional = {"torch"} if name.rpartition(".")[2].startswith("torch") else set()
            assert foreign <= optional, f"{name} imports {sorted(foreign)}"


def test_errors_import_nothing_of_ours_and_the_spec_the_errors_alone():
    assert not {one for one in IMPORTS["hpsearch.errors"] if one.startswith(("hpsearch", "trainers"))}
    for name, found in IMPORTS.items():
        if name.startswith("hpsearch.spec"):
            ours = {room(one) for one in found if one.startswith(("hpsearch", "trainers"))}
            assert ours <= {"hpsearch.spec", "hpsearch.errors"}, name


def test_study_tracking_and_cluster_do_not_know_each_other():
    rooms = {"hpsearch.study", "hpsearch.tracking", "hpsearch.cluster"}
    for name, found in IMPORTS.items():
        if room(name) in rooms:
            others = {room(one) for one in found} & (rooms - {room(name)})
            assert not others, f"{name} imports {sorted(others)}"


def test_nothing_below_the_command_line_imports_it():
    below = [name for name in importers("hpsearch.cli") if not name.startswith("hpsearch.cli")]
    assert set(below) <= {"hpsearch.__main__", "hpsearch.api", "hpsearch.launch.driver"}


def test_a_worker_never_sees_the_held_out_rows():
    for name in ("hpsearch.worker", "hpsearch.cluster.in_process", "hpsearch.cluster.ray_cluster"):
        assert not {one for one in IMPORTS[name] if one.startswith("hpsearch.data")}


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        name: {one for one in imports(name, path, everywhere=False, known=ALL) if one in ALL} - {name}
        for name, path in ALL.items()
    }
    done, path = set(), []

    def visit(name):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            path.append(name)
            for one in sorted(graph[name]):
                visit(one)
            path.pop()
            done.add(name)

    for name in graph:
        visit(name)


def test_no_module_has_a_name_that_says_nothing():
    empty = {"utils", "util", "common", "core", "manager", "helpers", "misc", "base"}
    assert not [name for name in ALL if name.rpartition(".")[2] in empty]


def test_every_module_opens_with_what_it_is_for():
    assert not [name for name, path in ALL.items() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]


def test_importing_hpsearch_imports_no_engine():
    import subprocess
    import sys

    program = "import sys, hpsearch; print([e for e in ('optuna', 'mlflow', 'ray') if e in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
