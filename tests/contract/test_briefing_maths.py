r"""Formulas keep their meaning: understood whole and set as mathematics, or printed as written."""

from __future__ import annotations

import io
import random
import re
import unicodedata
from typing import Any

import pdfplumber
import pytest

from jcurve.briefing.maths import TeX, tree
from tests.support import pdfcheck
from tests.support.foreign import briefing, cell, display, note, shown

X, A, B = ["sym", "x"], ["sym", "a"], ["sym", "b"]


def _tree(tex: str, *, display: bool = True) -> Any:
    found = TeX().formula(tex, display=display)
    assert found is not None
    return tree(found.mathml)


@pytest.mark.parametrize(
    ("tex", "wanted"),
    [
        (r"\frac{a}{b}", ["frac", A, B]),
        (r"\sqrt{a}", ["sqrt", A]),
        (r"\sqrt[3]{a}", ["root", A, ["text", "3"]]),
        (r"a_b^x", ["attach", A, {"b": B, "t": X}, False]),
        (r"\text{Capex}_{2027}", ["attach", ["text", "Capex"], {"b": ["text", "2027"]}, False]),
        (r"\hat{x}", ["accent", X, "\u0302"]),
        (r"\overline{x}", ["bar", "overline", X]),
        (r"\underbrace{a}_{b}", ["braced", "underbrace", A, B]),
        (r"\left(\frac{a}{b}\right]", ["lr", [["sym", "("], ["frac", A, B], ["sym", "]"]]]),
        (r"\left.x\right|", ["lr", [X, ["sym", "|"]]]),
        (r"\begin{pmatrix}a&b\\x&a\end{pmatrix}",
         ["lr", [["sym", "("], ["mat", [[A, B], [X, A]], ["", ""], [], []], ["sym", ")"]]]),
        (r"\begin{array}{c|c}a&b\\\hline x&a\end{array}",
         ["mat", [[A, B], [X, A]], ["", ""], [1], [1]]),
        (r"\begin{array}{rl}a&b\\x&a\end{array}",
         ["mat", [[A, B], [X, A]], ["end", "start"], [], []]),
        (r"\begin{cases}a\\b\end{cases}",
         ["lr", [["sym", "{"], ["mat", [[A], [B]], ["start"], [], []]]]),
        (r"x = 5%", ["row", [X, ["sym", "="], ["text", "5"], ["sym", "%"]]]),
        (r"\mbox{if } x", ["row", [["text", "if\u00a0"], X]]),
        (r"\mathrm{d}x", ["row", [["up", "d"], X]]),
        (r"x \over a", ["frac", X, A]),
        (r"\cancel{x}", ["cancel", X]),
        (r"\require{cancel}\cancel{x}", ["cancel", X]),
        (r"a \atop b", ["mat", [[A], [B]], [""], [], []]),
        (r"\binom{a}{b}", ["lr", [["sym", "("], ["mat", [[A], [B]], [""], [], []], ["sym", ")"]]]),
    ],
)  # fmt: skip
def test_what_a_formula_means(tex: str, wanted: Any) -> None:
    assert _tree(tex) == wanted


@pytest.mark.parametrize(
    "tex",
    [
        r"\foo{x}",
        "x^",
        "{a",
        "a & b",
        r"\ce{H2O}",
        r"\unicode{x41}",
        r"\begin{tikz}a\end{tikz}",
        "",
    ],
)
def test_what_is_not_understood_is_nothing(tex: str) -> None:
    assert TeX().formula(tex) is None


def test_each_column_of_an_array_keeps_to_its_side() -> None:
    made = briefing(note(r"$$\begin{array}{rcl}A&=&BCDEFGH\\IJKLM&=&N\end{array}$$"))
    with pdfplumber.open(io.BytesIO(made.pdf)) as opened:
        at = {letter["text"]: letter for letter in opened.pages[0].chars}
    ends = {letter: at[letter]["x1"] for letter in "𝐴𝑀"}
    starts = {letter: at[letter]["x0"] for letter in "𝐵𝑁"}
    assert max(ends.values()) - min(ends.values()) < 2
    assert max(starts.values()) - min(starts.values()) < 2


@pytest.mark.parametrize("source", [r"$\foo{x}$", r"$$\frac{a}$$", r"\begin{align}\q&1\end{align}"])
def test_it_is_printed_whole_with_a_warning(source: str) -> None:
    made = briefing(note(f"Before {source} after."))
    assert source in made.text
    assert source.replace("&", "&amp;") in made.page
    assert made.losses == [f"cell 1: a formula that is not understood, as its source: {source}"]


def test_what_a_cell_defines_holds_in_the_next() -> None:
    made = briefing(note(r"$$\newcommand{\E}{\mathbb{E}}$$ Text."), note(r"Mean $\E[X]$."))
    assert made.losses == []
    assert "Mean 𝔼[𝑋]." in made.text.replace(" [", "[")


def _drawn(draw: random.Random, depth: int) -> tuple[str, list[str]]:
    """A formula and its letters in the order of its tree."""
    if depth == 0 or draw.random() < 0.2:
        letter = draw.choice("abcxyzrtuvw")
        return letter, [letter]
    one, letters = _drawn(draw, depth - 1)
    two, others = _drawn(draw, depth - 1)
    kind = draw.choice(["frac", "sqrt", "plus", "sub", "sup", "left"])
    if kind == "frac":
        return rf"\frac{{{one}}}{{{two}}}", letters + others
    if kind == "sqrt":
        return rf"\sqrt{{{one}}}", letters
    if kind == "sub":
        return rf"{{{one}}}_{{{two}}}", letters + others
    if kind == "sup":
        return rf"{{{one}}}^{{{two}}}", letters + others
    if kind == "left":
        return rf"\left({one}\right){two}", ["(", *letters, ")", *others]
    return f"{one} + {two}", [*letters, "+", *others]


def _leaves(node: Any) -> list[str]:
    if isinstance(node, list) and node and node[0] in ("sym", "text", "up", "op"):
        return [str(node[1])]
    if isinstance(node, dict):
        return [leaf for inner in node.values() for leaf in _leaves(inner)]
    if isinstance(node, list):
        return [leaf for inner in node for leaf in _leaves(inner)]
    return []


@pytest.mark.parametrize("seed", range(8))
def test_no_sign_is_lost_or_moved(seed: int) -> None:
    draw = random.Random(seed)
    drawn = [_drawn(draw, 4) for _ in range(12)]
    for tex, letters in drawn:
        assert _leaves(_tree(tex)) == letters, tex
    made = briefing(note("\n\n".join(f"$${tex}$$" for tex, _ in drawn)))
    shown = unicodedata.normalize("NFKC", made.text)
    wanted = sorted(letter for _, letters in drawn for letter in letters if letter.isalpha())
    assert sorted(re.sub(r"[^a-z]|notebook|Page|of", "", shown.replace("age", ""))) == wanted
    assert [it.alt for it in pdfcheck.structure(made.pdf) if it.tag == "Formula"] == [
        tex for tex, _ in drawn
    ]


@pytest.mark.parametrize(
    ("source", "formulas"),
    [
        ("Capex of $65bn to $72bn and $5 a share", []),
        ("US$5m and A$6m, $20,000 and $30,000", []),
        ("in ($m) and ($bn); $AAPL, $MSFT; $100 and 200$", []),
        ("$5-$7, \\$5 and \\$6", []),
        ("`$x$` and\n\n```\n$y$\n```", []),
        ("$x$ and $x + y$, $Revenue$, $Capex - Opex$ and $2x$", ["x", "x + y", "Revenue",
                                                                "Capex - Opex", "2x"]),
        ("a $5 fee and $\\alpha$", ["\\alpha"]),
        ("text $$a\n+ b$$ text", ["a\n+ b"]),
        ("\\begin{align}a &= b\\end{align}", ["\\begin{align}a &= b\\end{align}"]),
        ("\\\\(a\\\\) and \\\\[b\\\\] and \\(x^2\\)", ["a", "b", "x^2"]),
        ("all $\\alpha$s, 2$\\sigma$, US$5m and A$\\beta$", ["\\alpha", "\\sigma", "\\beta"]),
        ("$MSFT_close against x$AAPL, US$5^2 or A$7", []),
        ("- item $x_1$\n- | $a$ |", ["x_1", "a"]),
    ],
)  # fmt: skip
def test_money_is_no_mathematics_and_mathematics_no_money(source: str, formulas: list[str]) -> None:
    _, kept = TeX().hold(source)
    assert [it.formula.text if it.formula else None for it in kept] == formulas


def test_signs_of_markdown_in_formulas_are_left_alone() -> None:
    made = briefing(note("$a_1 * b_2 * c_3$\n\n$$\nx = y\n+ z\n- w\n$$\n\n<b>$u_*$</b>"))
    assert made.losses == []
    assert "<em>" not in made.page
    assert "<ul>" not in made.page
    assert made.page.count("<math") == 3


class TestOutputs:
    @pytest.mark.parametrize(
        "source",
        [r"$\displaystyle \frac{x}{y}$", r"\begin{equation}\frac{x}{y}\end{equation}",
         r"$$\frac{x}{y}$$", "The share $\\frac{x}{y}$ of it."],
    )  # fmt: skip
    def test_latex_is_mathematics(self, source: str) -> None:
        made = briefing(cell(display(text_latex=source, text_plain="x/y", image_png="bm8=")))
        assert "<mfrac><mi>x</mi><mi>y</mi></mfrac>" in made.page
        assert made.losses == []

    def test_latex_of_another_kind_is_its_source(self) -> None:
        source = r"\begin{tabular}{c}capex\end{tabular}"
        made = briefing(cell(display(text_latex=source, text_plain="<Table>")))
        assert source in made.text
        assert len(made.losses) == 1

    def test_its_picture_is_taken_when_it_is_not_understood(self) -> None:
        from tests.support.foreign import picture

        made = briefing(cell(display(text_latex=r"$\foo$", image_png=picture())))
        assert len(pdfcheck.alts(made.pdf)) == 1

    def test_mathml_of_html(self) -> None:
        good = "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
        made = briefing(cell(display(text_html=f"<p>Area {good} of it</p>")))
        assert f"Area {good} of it" in made.page
        bad = "<math><script>x</script></math>"
        assert "<script" not in briefing(cell(display(text_html=f"<p>Area {bad}</p>"))).page

    @pytest.mark.parametrize(
        "namespace", ["xmlns='http://www.w3.org/1998/Math/MathML'",
                      'xmlns="http://www.w3.org/1998/Math/MathML"'],
    )  # fmt: skip
    def test_mathml_of_a_namespace(self, namespace: str) -> None:
        made = briefing(shown(f"<p>Of <math {namespace}><mi>x</mi></math></p>"))
        assert "<math><mi>x</mi></math>" in made.page
        assert made.losses == []

    @pytest.mark.parametrize(
        "inner",
        ["<msub></msub>", "<mo minsize='wide'>(</mo>", "<mtable></mtable>",
         "<mi mathvariant='bold'>x</mi>", "<mfenced><mi>x</mi></mfenced>"],
    )  # fmt: skip
    def test_mathml_that_is_not_understood_is_its_source(self, inner: str) -> None:
        made = briefing(shown(f"<p>Of <math>{inner}</math> it</p>"))
        assert len(made.losses) == 1
        assert f"<math>{inner}</math>" in made.text


def test_formulas_of_every_kind_are_set() -> None:
    """Typst takes whatever the reader of TeX understands."""
    formulas = [
        r"\binom{n}{k} \dbinom{n}{k} {n \choose k}", r"\left. \frac{dy}{dx} \right|_{x=0}",
        r"\overset{!}{=} \underset{x}{\max} f(x)", r"a \xrightarrow{f} b \xleftarrow[b]{a} c",
        r"\mathbb{E}[X] \mathcal{L}\{f\} \mathfrak{g} \mathbf{w}^\top \mathsf{T}", r"{x^2}^3",
        r"\bar{x} \hat{\beta} \ddot{x} \tilde{y} \vec{v} \widehat{abc} \underline{x} \mathring{A}",
        r"\sum\limits_{t=0}^{T} \prod_{i}^{n} \int_0^\infty \iint \oint \lim_{x \to 0}",
        r"a \not= b \neq c \nleq d \notin E", r"\boxed{x=1} \cancel{x}", r"\pmod{n} \bmod 2",
        r"\dfrac{1}{2} \tfrac{1}{2} \cfrac{1}{1+\cfrac{1}{x}}", r"\sideset{_a^b}{_c^d}\sum",
        r"\underbrace{a+b}_{\text{sum}} \overbrace{c}^{d}", r"\operatorname*{arg\,max}_x",
        r"\langle x \rangle \lfloor x \rfloor \|x\| |y|", r"\Big( \big[ x \big] \Big)",
        r"{}_{n}p_{x} \quad {}^{14}C", r"\begin{gather} a \\ b \tag{2} \end{gather}",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}", r"\left( \frac{a}{b} \middle| c \right)",
        r"\begin{array}{l|c} a & b \\ \hline c & d \end{array}", r"\stackrel{d}{\to}",
        r"\left\{ \begin{array}{rl} x & y\\ z & w \end{array} \right.", r"\mathstrut \phantom{x} y",
    ]  # fmt: skip
    made = briefing(*[note(f"${each}$ and\n\n$${each}$$") for each in formulas])
    assert made.losses == []
    assert len(made.pdf) > 0


def test_dollars_within_words_of_a_formula_do_not_end_it() -> None:
    made = briefing(note(r"Of $\text{a $x$ b}$ it"))
    assert made.losses == [
        r"cell 1: a formula that is not understood, as its source: $\text{a $x$ b}$"
    ]


def test_a_formula_that_cannot_be_set_costs_the_setting_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The words stay, every formula is printed as its source, and a line says so."""
    monkeypatch.setattr("jcurve.briefing.lettering.tree", lambda mathml: ["of no kind", mathml])
    made = briefing(note("Growth $g_1$ of the plan\n\n$$\\frac{a}{b}$$\n\nends here."))
    assert "Growth g_1 of the plan" in made.text
    assert r"\frac{a}{b}" in made.text
    assert "ends here." in made.text
    assert made.losses == ["formulas: one cannot be set; all are printed as their source"]
