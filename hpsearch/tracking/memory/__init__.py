"""A tracking store in memory, for fast tests: `store` with the rules of MLflow, `models` with its files and models."""

from hpsearch.tracking.memory.store import MemoryStore

__all__ = ["MemoryStore"]
