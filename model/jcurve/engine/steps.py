"""Where the values of a step of the schedule are: in a register, in memory, before a loop or in it.

Memory, in doubles. ``%s`` is shared by all scenarios: its inputs, then the places of shared
nodes. ``%w`` is the workspace of the eight scenarios at hand. Before a row's first quarter stand
quarters of zeros, which is what a lag reads there. ``%in`` tells where each wide input is: its
address, and the bytes from a quarter to the next and from eight scenarios to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jcurve.engine.emit import BODIES, Writer
from jcurve.engine.graph import ACCUMULATED, Graph
from jcurve.engine.schedule import DEEP, ROW, SINGLE, Plan
from jcurve.ground.quarters import QUARTERS_IN_YEAR


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is."""

    graph: Graph  # what is computed
    plan: Plan
    quarters: int  # of the timeline
    lanes: int  # scenarios in a value of a wide step
    # each shared input's place in ``%s``, and each wide input's number in ``%in``
    inputs: Mapping[int, int]
    shared_inputs: int  # how many doubles they take

    def zeros(self, sort: int) -> int:
        """How many quarters of zeros stand before a row."""
        return {SINGLE: 0, ROW: QUARTERS_IN_YEAR, DEEP: self.quarters}[sort]

    def region(self, wide: bool, sort: int) -> tuple[int, int, int]:
        """Where the places of a sort begin in their memory, how many there are, and how many
        values each has."""
        start = 0 if wide else self.shared_inputs
        for each in (SINGLE, ROW, DEEP):
            count = self.plan.places.get((wide, each), 0)
            height = self.zeros(each) + (1 if each == SINGLE else self.quarters)
            if each == sort:
                break
            start += count * height * (self.lanes if wide else 1)
        return start, count, height

    def offset(self, node: int) -> int:
        """The double at which a node's first value stands in its memory."""
        wide = self.plan.wide[node]
        sort, number = self.plan.place[node]
        start, _, height = self.region(wide, sort)
        return start + (number * height + self.zeros(sort)) * (self.lanes if wide else 1)

    def size(self, wide: bool) -> int:
        """The doubles of the workspace, or of the memory of all scenarios."""
        start, count, height = self.region(wide, DEEP)
        return start + count * height * (self.lanes if wide else 1)


class StepWriter(Writer):
    """The function of one step."""

    def __init__(self, layout: Layout, at: int) -> None:
        step = layout.plan.steps[at]
        super().__init__(layout.lanes if step.wide else 1)
        self.layout, self.graph, self.plan, self.step = layout, layout.graph, layout.plan, step
        # A step of single values has no loop to stand before.
        self.entry: list[str] = [] if step.loops else self.lines
        self.phis: list[str] = []
        self.exit: list[str] = [] if step.loops else self.lines
        self._wrong: list[str] = []
        self.closing: list[tuple[Callable[[str], None], int]] = []
        self._entry_names: dict[object, str] = {}
        self._names: dict[int, str] = {}
        self._quarter: str | None = None

    def call(self, name: str, *args: str) -> str:
        """Our own functions stand where they are called, so that several run side by side; what
        they refuse is looked at once, after the last quarter."""
        if name not in BODIES:
            return super().call(name, *args)
        value, wrong = BODIES[name](self, *args)
        if wrong:
            self._wrong.append(wrong)
        return value

    def name_of(self, node: int, value: str) -> None:
        """Say what a node is called, and put its value in its place."""
        self._names[node] = value
        if self.graph.op[node] not in ACCUMULATED:
            self.store(node, value)

    def refuse_at_end(self) -> None:
        """Refuse what a function refused in any quarter."""
        if not self._wrong:
            return
        found = self._wrong[0]
        for other in self._wrong[1:]:
            found = self.logic("or", found, other)
        if self.step.loops:
            before, becomes = self.carried(self.fixed(False), self.truth)
            found = self.logic("or", before, found)
            becomes(found)
        self.after(lambda: self.refuse(found))

    # Where code goes: before the loop, in it, or after it.

    def before(self, key: object, write: Callable[[], str]) -> str:
        """What ``write`` makes once, before the loop."""
        found = self._entry_names.get(key)
        if found is None:
            lines, self.lines = self.lines, self.entry
            found = self._entry_names[key] = write()
            self.lines = lines
        return found

    def after(self, write: Callable[[], None]) -> None:
        """Write after the loop."""
        lines, self.lines = self.lines, self.exit
        write()
        self.lines = lines

    def carried(self, start: str, kind: str | None = None) -> tuple[str, Callable[[str], None]]:
        """A value carried from quarter to quarter: its name, and what gives it its next value."""
        name = self.name()

        def becomes(value: str) -> None:
            self.phis.append(
                f"  {name} = phi {kind or self.number} [ {start}, %entry ], [ {value}, %loop ]"
            )

        return name, becomes

    # Values and memory.

    def value(self, node: int) -> str:
        """A node's value in this quarter, or its only one."""
        known = self._names.get(node)
        if known is not None:
            return known
        graph = self.graph
        constant = graph.value(node)
        if constant is not None:
            is_truth = graph.truth[node]
            return self.fixed(bool(constant)) if is_truth else self.constant(constant)
        if graph.high[node]:
            found = self._names[node] = self._load(node, "%t")
        else:
            found = self.before(node, lambda: self._load(node, "0"))
        return found

    def _load(self, node: int, quarter: str) -> str:
        is_input = self.graph.op[node] == "input"
        address = self._input(node, quarter) if is_input else self.row(node, quarter)
        loaded = self._loaded(node, address)
        if self.graph.truth[node]:
            loaded = self.compare("une", loaded, self.constant(0.0))
        return loaded

    def _loaded(self, node: int, address: str) -> str:
        wide = self.plan.wide[node]
        kind = self.number if wide else "double"
        loaded = self.line(f"load {kind}, ptr {address}, align 8")
        return loaded if wide else self.splat(loaded)

    def _input(self, node: int, quarter: str) -> str:
        place = self.layout.inputs[node]
        if not self.plan.wide[node]:
            base = self.before(
                ("input", node), lambda: self.line(f"getelementptr double, ptr %s, i64 {place}")
            )
            return self._moved("double", base, quarter)

        def part(at: int, kind: str) -> str:
            where = self.line(f"getelementptr i64, ptr %in, i64 {3 * place + at}")
            return self.line(f"load {kind}, ptr {where}")

        def start() -> str:
            address = part(0, "ptr")
            jump = self.line(f"mul i64 {part(2, 'i64')}, %b")
            return self.line(f"getelementptr i8, ptr {address}, i64 {jump}")

        base = self.before(("input", node), start)
        if quarter == "0":
            return base
        stride = self.before(("stride", node), lambda: part(1, "i64"))
        return self._moved("i8", base, self.line(f"mul i64 {stride}, {quarter}"))

    def _moved(self, kind: str, base: str, by: str) -> str:
        return base if by == "0" else self.line(f"getelementptr {kind}, ptr {base}, i64 {by}")

    def base(self, node: int, quarters: int = 0) -> str:
        """The address of a node's place, so many quarters before its first."""
        wide = self.plan.wide[node]
        start = self.layout.offset(node) - quarters * (self.layout.lanes if wide else 1)
        memory = "%w" if wide else "%s"
        return self.before(
            ("base", node, quarters),
            lambda: self.line(f"getelementptr double, ptr {memory}, i64 {start}"),
        )

    def row(self, node: int, quarter: str, before: int = 0) -> str:
        """The address of a node's values in a quarter, or so many quarters before it."""
        kind = self.number if self.plan.wide[node] else "double"
        return self._moved(kind, self.base(node, before), quarter)

    def read(self, node: int, quarter: str, before: int = 0) -> str:
        """A node's value in another quarter."""
        return self._loaded(node, self.row(node, quarter, before))

    def gather(self, node: int, quarters: str) -> str:
        """A node's values in the quarter that each scenario has for itself."""
        if self.lanes == 1:
            return self.read(node, quarters)
        found, lanes = "poison", self.lanes if self.plan.wide[node] else 1
        for lane in range(self.lanes):
            quarter = self.line(f"extractelement {self.whole} {quarters}, i64 {lane}")
            at = self.line(f"mul i64 {quarter}, {lanes}")
            at = self.line(f"add i64 {at}, {lane if lanes > 1 else 0}")
            where = self.line(f"getelementptr double, ptr {self.base(node)}, i64 {at}")
            one = self.line(f"load double, ptr {where}, align 8")
            found = self.line(f"insertelement {self.number} {found}, double {one}, i64 {lane}")
        return found

    def store(self, node: int, value: str) -> None:
        """Put a node's value in its place, if it has one."""
        if node not in self.plan.place:
            return
        if self.graph.truth[node]:
            value = self.choose(value, self.constant(1.0), self.constant(0.0))
        quarter = "%t" if self.graph.high[node] else "0"
        address = self.row(node, quarter)
        self.lines.append(f"  store {self.number} {value}, ptr {address}, align 8")

    def quarter(self) -> str:
        """The quarter's index, as a number."""
        if self._quarter is None:
            self._quarter = self.splat(self.line("sitofp i64 %t to double"))
        return self._quarter
