"""A little TeX as text: Greek letters, signs, raised and lowered letters, fractions.

Enough for the formulas of a financial note. What it does not know stays as it was written,
which a reader can still follow and a screen reader can read.
"""

from __future__ import annotations

import re

from jcurve.figures.prose import Paragraph, Run

__all__ = ["maths"]

_SIGNS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Omega": "Ω",
    "sum": "∑", "prod": "∏", "times": "×", "cdot": "·", "div": "÷", "pm": "±",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠",
    "approx": "≈", "infty": "∞", "to": "→", "rightarrow": "→", "partial": "∂",
    "ldots": "…", "dots": "…", "quad": " ", "sqrt": "√",
    "left": "", "right": "", "displaystyle": "", "text": "", "mathrm": "",
    "mathit": "", "operatorname": "", "max": "max", "min": "min", "log": "log",
    "ln": "ln", "exp": "exp",
}  # fmt: skip
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_SPACING = re.compile(r"\\[,;:!]|~|\\\s")
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]*)\}|(.))")


def maths(source: str) -> Paragraph:
    """The formula ``source`` as runs of text."""
    text = source.strip()
    for _ in range(4):  # a fraction within a fraction, at most four deep
        text = _FRACTION.sub(lambda match: f"{_grouped(match[1])}/{_grouped(match[2])}", text)
    text = _SPACING.sub(" ", text)
    text = _COMMAND.sub(lambda match: _SIGNS.get(match[1], match[0]), text)
    text = (
        re.sub(r"\s+", " ", text)
        .replace(r"\%", "%")
        .replace(r"\$", "$")
        .replace(r"\_", "_")
        .replace("-", "−")
    )
    runs: list[Run] = []
    at = 0
    for match in _SCRIPT.finditer(text):
        runs.append(Run(text=_bare(text[at : match.start()])))
        inner = _bare(match[2] if match[2] is not None else match[3])
        runs.append(Run(text=inner, sup=match[1] == "^", sub=match[1] == "_"))
        at = match.end()
    runs.append(Run(text=_bare(text[at:])))
    return tuple(run for run in runs if run.text)


def _grouped(part: str) -> str:
    return f"({part})" if re.search(r"[+\-−*\s]", part.strip()) else part


def _bare(text: str) -> str:
    return text.replace("{", "").replace("}", "")
