"""The pictures of a report as data that the page carries: drawn as SVG, those of the model as they lie on the run."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hpsearch.figures import style
from hpsearch.figures.registry import PICTURES
from hpsearch.report.gather import Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Each section's pictures, and what a reader may see in them.
SEARCH = {
    "front": "Trials that no other beats in every aim, and the knee between them.",
    "best_so_far": "The value of each trial in turn, and the best so far.",
    "importance": "How much of the differences between trials each parameter explains.",
    "search_space": "The value over each parameter: a best trial at an edge calls for a wider range.",
    "contour": "The two main parameters together.",
    "parallel_coordinates": "All parameters together: follow the dark lines.",
}
COURSE = {
    "timeline": "When each trial ran; gaps are time in which workers waited.",
    "pruning": "What pruning saved.",
}
MODEL = {
    "learning_curves": "The winner's loss and accuracy.",
    "update_ratios": "How far each step moved the winner's parameters; about 0.001 is healthy.",
    "decision_boundary": "Where the winner draws its borders, with the test rows.",
    "confusion": "Which classes the winner takes for which, on the test rows.",
    "truth_against_prediction": "The test rows as they are and as they are predicted.",
    "hidden_gallery": "The borders for each value of the searched choice.",
    "parameter_path": "The winner's parameters, epoch by epoch.",
    "first_layer_kernels": "What the winner's first layer looks for.",
    "occlusion_map": "Where a covered patch changes the winner's mind.",
    "activations": "What each layer makes of one test image.",
    "misclassified": "Images that the winner takes for something else.",
}
_LARGEST_SVG = 1_500_000  # a picture of more is one of thousands of marks, and smaller as PNG


@dataclass(frozen=True)
class Picture:
    """One picture: its name, what it shows, and its content as a ``data:`` address."""

    name: str
    caption: str
    address: str


def curves(source: Source) -> tuple[list[Picture], list[str]]:
    """Return the picture of the best trials' curves, if there are any; as `drawn`."""
    return drawn(source, {"trial_curves": "The metric of the best trials after each epoch; pruned ones in grey."})


def drawn(source: Source, captions: dict[str, str]) -> tuple[list[Picture], list[str]]:
    """Draw those of the registered pictures that have a caption and apply.

    Returns
    -------
    The pictures, and a sentence for each that could not be drawn: it costs itself, not the report.
    """
    figure_inputs = source.pictures()
    images: list[Picture] = []
    missing: list[str] = []
    for name, caption in captions.items():
        try:
            with np.errstate(all="ignore"):
                address = _drawn(PICTURES[name](figure_inputs))
        except Exception as error:
            missing.append(f"The picture {name} could not be drawn: {type(error).__name__}: {error}")
        else:
            images += [Picture(name, caption, address)] if address else []
    return images, missing


def stored(source: Source) -> list[Picture]:
    """Return the pictures of the model that lie on the sweep's run; only its driver had the model and the rows."""
    return [
        Picture(name, caption, _address("image/png", source.stored[name]))
        for name, caption in MODEL.items()
        if name in source.stored
    ]


def _drawn(figure: Figure | None) -> str:
    """Return a figure's address; nothing for one that does not apply."""
    if figure is None:
        return ""
    content, kind = style.svg(figure), "image/svg+xml"
    if len(content) > _LARGEST_SVG:
        content, kind = style.png(figure), "image/png"
    return _address(kind, content)


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
