"""Tables as text: numbers that can be read back, words that LaTeX and Markdown show as they are."""

import io

import pandas as pd

from benchmark.tables import Columns, table_text

NUMBERS = pd.DataFrame({"program": ["a,b", "c"], "safety": [3.25, None]})
WORDS = pd.DataFrame({"program": ["50 % & up_1 #2 {x} $", "a|b\n<c>"], "safety [95 %]": ["3.25 [3.1, 3.4]", "n/a"]})


def test_csv_has_the_numbers_and_no_note() -> None:
    text = table_text(Columns(NUMBERS, WORDS, "NOTE"), "csv")
    assert pd.read_csv(io.StringIO(text)).equals(NUMBERS)


def test_latex_is_a_plain_tabular_with_everything_escaped() -> None:
    text = table_text(Columns(NUMBERS, WORDS, "NOTE"), "tex")
    assert text.startswith("\\begin{tabular}{lr}\n")
    assert text.endswith("\\multicolumn{2}{l}{NOTE} \\\\\n\\end{tabular}\n")
    assert r"50 \% \& up\_1 \#2 \{x\} \$ & 3.25 [3.1, 3.4] \\" in text
    assert r"program & safety [95 \%] \\" in text
    assert "toprule" not in text


def test_markdown_keeps_cells_in_their_columns() -> None:
    lines = table_text(Columns(NUMBERS, WORDS), "md").splitlines()
    assert lines[1] == "| :--- | ---: |"
    assert lines[3] == r"| a\|b &lt;c> | n/a |"
    assert "**NOTE**" in table_text(Columns(NUMBERS, WORDS, "NOTE"), "md")
