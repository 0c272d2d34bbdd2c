"""How rows are evaluated: timeline, units, lines, primitives, build, evaluate. Knows no finance."""
