"""Reads the imports and holds the arrows of ARCHITECTURE.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hpsearch
import trainers

SERVICE, NETWORKS = Path(hpsearch.__file__).parent, Path(trainers.__file__).parent
ENGINES = {"optuna": "hpsearch.study", "mlflow": "hpsearch.tracking", "ray": "hpsearch.execution"}
# Every room, from the top floor down: a room imports rooms of lower floors alone, so none of its own floor.
FLOORS = (
    {"__main__"},
    {"cli"},
    {"api", "report", "testing"},
    {"results", "console", "checks"},
    {"sweep", "launch"},
    {"study", "tracking", "execution", "model"},
    {"training", "locking"},
    {"data", "figures", "diagnosis", "config", "examples"},
    {"spec"},
    {"trial", "errors", "trainers"},
)
LEVELS = {name: level for level, names in enumerate(reversed(FLOORS)) for name in names}
MOST_LOOSE, MOST_FILES = 4, 18


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
    return "trainers" if name.startswith("trainers") else ".".join(name.split(".")[:2])


@pytest.mark.parametrize(("engine", "home"), ENGINES.items())
def test_an_engine_is_imported_in_one_room_only(engine, home):
    assert {room(name) for name in importers(engine)} == {home}


def level(name):
    return LEVELS[room(name).removeprefix("hpsearch.")]


def test_every_room_stands_on_a_floor_and_every_floor_is_inhabited():
    rooms = {room(name).removeprefix("hpsearch.") for name in ALL} - {"hpsearch"}
    assert rooms == set(LEVELS)


@pytest.mark.parametrize("name", sorted(name for name in ALL if name != "hpsearch" and level(name) > 0))
def test_a_module_imports_from_lower_floors_and_its_own_room_alone(name):
    ours = [one for one in IMPORTS[name] if one.partition(".")[0] in ("hpsearch", "trainers") and one != "hpsearch"]
    wrong = [one for one in ours if room(one) != room(name) and level(one) >= level(name)]
    assert not wrong, f"{name} imports {sorted(wrong)}, which stand on its own floor or above"


def test_few_modules_lie_loose_and_no_folder_is_crowded():
    loose = {path for path in SERVICE.glob("*.py") if not path.name.startswith("__")}
    assert len(loose) <= MOST_LOOSE
    folders = {path.parent for path in ALL.values()}
    crowded = {folder.name: n for folder in folders if (n := len(list(folder.glob("*.py")))) > MOST_FILES}
    assert not crowded


def test_the_networks_know_nothing_but_numpy_and_the_standard_library():
    import sys

    allowed = {*sys.stdlib_module_names, "numpy", "trainers"}
    for name, found in IMPORTS.items():
        if room(name).startswith("trainers"):
            foreign = {one.partition(".")[0] for one in found} - allowed
            optional = {"torch"} if name.rpartition(".")[2].startswith("torch") else set()
            assert foreign <= optional, f"{name} imports {sorted(foreign)}"


def test_errors_and_trial_import_nothing_of_ours():
    for name in ("hpsearch.errors", "hpsearch.trial"):
        assert not {one for one in IMPORTS[name] if one.startswith(("hpsearch", "trainers"))}


def test_a_worker_never_sees_the_held_out_rows():
    actors = ("hpsearch.execution.ray_actor", "hpsearch.execution.ray_workers")
    for name in ("hpsearch.training.worker", "hpsearch.execution.in_process", *actors):
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
