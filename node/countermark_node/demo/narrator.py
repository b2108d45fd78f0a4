"""How the story looks on a terminal: chapters, progress bars, one table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from countermark_node.demo.outcome import Outcome, Step


class Narrator:
    """Writes to a console; terminals get bars that move, files and pipes get plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def chapter(self, title: str) -> None:
        """A heading."""
        self._console.print(Text(f"\n{title}", style="bold"))

    def say(self, sentence: str) -> None:
        """A line of the story."""
        self._console.print(Text(f"  {sentence}"), soft_wrap=True)

    def show(self, step: Step) -> None:
        """What a step showed, with a mark for whether the promise was kept."""
        mark = Text("  ok   " if step.fulfilled else "  FAIL ", style="green" if step.fulfilled else "bold red")
        line = Text.assemble(mark, f"{step.shown} -> ", (step.got, "bold"))
        if not step.fulfilled:
            line.append(f" (expected {' or '.join(step.expected)})")
        self._console.print(line, soft_wrap=True)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar; the function given takes how much is done so far."""
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as bars:
            task = bars.add_task(label, total=total)
            yield lambda done: bars.update(task, completed=done)
        if not self._console.is_terminal:
            self.say(f"{label}: {total:,}")

    def table(self, outcome: Outcome) -> None:
        """Every step on one line."""
        table = Table(title="What was shown", title_justify="left", pad_edge=False)
        for heading in ("", "shown", "the system answered"):
            table.add_column(heading, overflow="fold")
        for step in outcome.steps:
            mark = Text("ok", style="green") if step.fulfilled else Text("FAIL", style="bold red")
            table.add_row(mark, Text(step.shown), Text(step.got, style="bold"))
        self._console.print()
        self._console.print(table)
