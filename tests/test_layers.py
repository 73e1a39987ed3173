"""Who may import whom (DESIGN.md): read from the import statements, those inside functions included."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest
from conftest import ROOT, run_python

# layer -> the layers that it may import, besides itself and the leaves
MAY_IMPORT = {
    "data": set(),
    "models": set(),
    "checkpoint": {"models"},
    "training": {"data", "models", "checkpoint"},
    "generation": {"models", "checkpoint", "data"},
    "metrics": {"data", "models", "checkpoint", "generation"},
    "ui": {"generation", "metrics"},
}
LEAVES = {"", "cli", "device", "errors", "strings", "threads"}  # "": the package itself, for its version
ENTRY_POINTS = {"app.py", "train.py", "genai/bench", "genai/explore", "genai/__main__.py"}
GRADIO_ALLOWED = {"app.py", "genai/bench", "genai/ui"}


def sources() -> list[Path]:
    return sorted([*ROOT.glob("*.py"), *(ROOT / "genai").rglob("*.py")])


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lies_in(path: Path, places: set[str]) -> bool:
    """Is a file one of these, or in one of these folders?"""
    return any(relative(path) == place or relative(path).startswith(f"{place}/") for place in places)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, absolute module) of every import, wherever it stands; `from a import b` counts as a and a.b."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            found.append((node.lineno, base))
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


def layer_of(module: str) -> str | None:
    """The layer of a module of ours ("" for the package itself); None for anybody else's."""
    parts = module.split(".")
    if parts[0] != "genai":
        return None
    known = MAY_IMPORT.keys() | LEAVES | {"bench", "explore", "__main__"}
    return parts[1] if len(parts) > 1 and parts[1] in known else ""


@pytest.mark.parametrize("path", sources(), ids=relative)
def test_layers(path: Path):
    if lies_in(path, ENTRY_POINTS):
        return
    parts = path.relative_to(ROOT).with_suffix("").parts
    assert parts[0] == "genai", f"{relative(path)} lies outside genai/ and is no entry point"
    layer = "" if parts[1] == "__init__" else parts[1]
    assert layer in MAY_IMPORT.keys() | LEAVES, f"{relative(path)} belongs to no layer of DESIGN.md"
    allowed = MAY_IMPORT.get(layer, set()) | LEAVES | {layer}
    for line, module in imports(path):
        target = layer_of(module)
        assert target is None or target in allowed, f"{relative(path)}:{line} imports {module}: {layer} may not"


@pytest.mark.parametrize("path", sources(), ids=relative)
def test_only_the_page_knows_gradio(path: Path):
    if lies_in(path, GRADIO_ALLOWED):
        return
    used = [line for line, module in imports(path) if module.split(".")[0].startswith("gradio")]
    assert not used, f"{relative(path)}:{used[0]} imports gradio"


def test_the_reader_of_imports_sees_them_all(tmp_path):
    """Inside functions, relative ones, and `from package import module`."""
    path = ROOT / "genai" / "data" / "made_up.py"
    text = "def f():\n    import gradio.themes\n    from ..training import loop\nfrom genai import ui\n"
    parsed = tmp_path / "made_up.py"
    parsed.write_text(text)
    original = Path.read_text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", lambda self, **k: text if self == path else original(self, **k))
        found = {module for _, module in imports(path)}
    assert {"gradio.themes", "genai.training", "genai.training.loop", "genai.ui"} <= found
    assert layer_of("genai.training.loop") == "training" and layer_of("torch.nn") is None


def library_modules() -> list[str]:
    """Every module that must work without gradio: all but the page and the programs."""
    inside = [p for p in sources() if p.is_relative_to(ROOT / "genai") and not p.is_relative_to(ROOT / "genai/ui")]
    return [module_name(p) for p in inside if not lies_in(p, ENTRY_POINTS) and p.name != "__main__.py"]


def test_imports_need_no_gradio_and_change_nothing():
    """Importing leaves torch's threads, types, generators and signal handlers alone."""
    program = f"""
import sys, signal, importlib
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0].startswith("gradio"):
            raise ImportError("gradio is blocked")
sys.meta_path.insert(0, Blocker())
import torch, numpy, random

def state():
    return (
        torch.get_num_threads(), torch.get_num_interop_threads(), torch.get_default_dtype(),
        str(torch.get_default_device()), torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(), torch.random.get_rng_state().tolist(),
        numpy.random.get_state()[1].tolist(), random.getstate(),
        [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
    )

before = state()
for name in {library_modules()!r}:
    importlib.import_module(name)
assert state() == before, "an import changed the global state"
assert not any(name.startswith("gradio") for name in sys.modules)
print("clean")
"""
    done = run_python("-c", program)
    assert done.stdout.strip() == "clean", done.stderr


def test_views_are_files():
    """A view's JavaScript stands in assets/ under its name; Python only calls it, by the helpers of pieces.py."""
    ui = ROOT / "genai" / "ui"
    for path in (ui / "views").glob("*.py"):
        if path.stem != "__init__":
            script = (ui / "assets" / f"{path.stem}.js").read_text(encoding="utf-8")
            assert f"genai.views.{path.stem} = " in script
    for path in ui.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("js", "js_on_load", "head") and path.name != "pieces.py":
                assert getattr(getattr(node.value, "func", None), "id", "") == "call", (
                    f"{relative(path)}:{node.value.lineno}"
                )
