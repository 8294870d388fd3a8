import subprocess
import sys

import numpy as np
import pytest

from hpsearch.figures import style


@pytest.mark.parametrize(
    "label", ["price in $", "$x_{", "$\\alpha$", "_hidden", "two\nlines", "x" * 500, "\\frac{", ""]
)
def test_any_text_of_a_user_can_be_drawn_as_it_is(label):
    figure, (ax,) = style.panels("title")
    ax.plot([0, 1], label=style.plain(label))
    style.dress(ax, style.plain(label), style.plain(label), style.plain(label))
    style.legend(ax)
    assert style.png(figure).startswith(b"\x89PNG")
    assert len(style.plain(label)) <= 2 * style.LONGEST_TEXT
    drawn = [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []
    assert len(drawn) == bool(label)


def test_a_picture_is_a_thousand_by_seven_hundred_pixels():
    content = style.png(style.panels("title", 4, 2)[0])
    assert [int.from_bytes(content[at : at + 4], "big") for at in (16, 20)] == [1000, 700]


@pytest.mark.parametrize("count", [1, 8, 9, 100])
def test_colours_are_distinct(count):
    assert len(np.unique(style.colours(count), axis=0)) == count


def test_importing_the_room_loads_neither_matplotlib_nor_an_engine():
    code = (
        "import sys, hpsearch.figures; print([m for m in ('matplotlib','optuna','mlflow','ray') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_drawing_never_loads_pyplot():
    code = (
        "import sys; from hpsearch.figures import style; style.png(style.panels('t')[0]); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
