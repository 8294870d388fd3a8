"""Times one epoch of our trainers beside straightforward NumPy, PyTorch eager and compiled JAX; run it by hand.

    python tests/benchmarks/training.py

[2, 100, 100, 4] on 400 training and 200 validation rows, full batch, one thread, and every epoch makes all records:
losses, accuracies and update ratios. Each contender has a process of its own, so that none warms another's memory,
and they take turns; the tables show medians over the rounds.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
MLP = {
    "mlp (ours, float32)": ("training_ours:epochs", {"name": "mlp"}),
    "its matrix products alone, float32": ("training_ours:products", {}),
    "mlp (ours, float64)": ("training_ours:epochs", {"name": "mlp", "dtype": "float64"}),
    "straightforward NumPy, float64": ("training_straightforward:mlp", {}),
    "PyTorch eager, float32": ("training_frameworks:torch_mlp", {}),
    "JAX compiled, float32": ("training_frameworks:jax_mlp", {}),
}
BATCHNORM = {
    "batchnorm (ours, float32)": ("training_ours:epochs", {"name": "batchnorm"}),
    "batchnorm (ours, float64)": ("training_ours:epochs", {"name": "batchnorm", "dtype": "float64"}),
    "straightforward NumPy, float64": ("training_straightforward:batchnorm", {}),
    "PyTorch eager, float32": ("training_frameworks:torch_batchnorm", {}),
}
CNN = {
    "cnn (ours, float32)": ("training_ours:image_epochs", {}),
    "PyTorch eager, float32": ("training_frameworks:torch_cnn", {}),
}
GRADIENT = {
    "backpropagation": ("training_ours:backpropagations", {}),
    "numerical gradient of articles B": ("training_ours:numerical_gradients", {}),
}


def main() -> None:
    """Run the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--epochs", type=int, default=50, help="of the small networks, a round")
    options = parser.parse_args()
    os.environ.update(ONE_THREAD)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    report("mlp, an epoch", MLP, options.rounds, options.epochs)
    report("batchnorm, an epoch", BATCHNORM, options.rounds, options.epochs)
    report("cnn, an epoch of 1024 images 28x28 in batches of 128, 128 to validate", CNN, options.rounds // 3, 1)
    report("the gradient of [784, 50, 10] for one image", GRADIENT, 3, 1)


def report(title: str, contenders: dict[str, tuple[str, dict[str, Any]]], rounds: int, epochs: int) -> None:
    """Let the contenders take turns, and print medians, spread and ratios to the first."""
    print(f"\n{title}", flush=True)
    pipes = {name: begin(address, options) for name, (address, options) in contenders.items()}
    reasons = {name: pipe.recv() for name, pipe in pipes.items()}
    for name in [name for name, reason in reasons.items() if reason]:
        print(f"  {name}: skipped, {reasons[name]}")
        del pipes[name]
    times: dict[str, list[float]] = {name: [] for name in pipes}
    for turn in range(rounds + 1):
        for name, pipe in pipes.items():
            pipe.send(epochs)
            milliseconds = pipe.recv()
            if turn:  # the first is for warming up
                times[name].append(milliseconds)
    for pipe in pipes.values():
        pipe.send(None)
    first = statistics.median(next(iter(times.values())))
    print(f"  {'':36} {'median ms':>10} {'fastest':>10} {'slowest':>10}   times the first")
    for name, found in times.items():
        median = statistics.median(found)
        print(f"  {name:36} {median:10.3f} {min(found):10.3f} {max(found):10.3f}   {median / first:,.2f}", flush=True)


def begin(address: str, options: dict[str, Any]) -> Connection:
    """Start a contender's process and return the pipe to it."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    context.Process(target=serve, args=(address, options, there), daemon=True).start()
    return here


def serve(address: str, options: dict[str, Any], pipe: Connection) -> None:
    """Answer how long epochs take: at first whether there are any, then milliseconds for each number of epochs."""
    module, _, function = address.partition(":")
    epochs = getattr(importlib.import_module(module), function)(**options)
    if isinstance(epochs, str):
        pipe.send(epochs)
        return
    measured(epochs, 3)  # compiles what there is to compile
    pipe.send(None)
    while (count := pipe.recv()) is not None:
        pipe.send(measured(epochs, count))


def measured(epochs: Iterator[object], count: int) -> float:
    """Return the milliseconds an epoch takes, over `count` of them."""
    started = time.perf_counter()
    for _ in range(count):
        next(epochs)
    return 1000 * (time.perf_counter() - started) / count


if __name__ == "__main__":
    main()
