"""``raise chat``: a conversation in the terminal. All that is kept is what was said; the rest is recovered from it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from dspy.utils.exceptions import LMError
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.console import err, fail, out
from cli.inputs import refuse_folder
from cli.options.chat import Options
from cli.served import Served, open_served
from lms import Role, is_simulated
from lms.stopping import STOP
from modules.calls import Unreadable
from modules.files import keeping, write_whole
from modules.languages.texts import texts_in
from serving.replay import Reached, exchanges_in, reach, words_of
from signatures import Ask, RaiseError, current_vocabulary
from signatures.errors import unknown
from signatures.masking import masked


def run(options: Options) -> None:
    """Talk until the person leaves."""
    Chat(open_served(options.program, options)).run(out.input)


class Chat:
    """One conversation.

    Attributes:
        messages: what was said, as chat clients keep it.
        reached: where it stands; None before the person said anything.
    """

    def __init__(self, served: Served) -> None:
        self._served, self.member = served, served.members[0]
        self.messages: list[dict[str, str]] = []
        self.reached: Reached | None = None
        self._commands: Mapping[str, Callable[[str], None]] = {
            "why": self.why,
            "known": self.known,
            "skip": self.skip,
            "undo": self.undo,
            "new": self.new,
            "model": self.model,
            "save": self.save,
            "help": self.help,
        }

    def run(self, read: Callable[[str], str]) -> None:
        """Read lines until there are no more, or ``/quit``, or Ctrl-C.

        Args:
            read: shows a prompt and returns a line; raises ``EOFError`` at the end.
        """
        try:
            self._greet()
            while not STOP.asked and (line := read("> ").strip()) != "/quit":
                self.take(line)
        except (EOFError, KeyboardInterrupt):
            out.print()

    def take(self, line: str) -> None:
        """Do what a line asks for; a mistake is told, and changes nothing."""
        try:
            if line.startswith("/"):
                name, _, rest = line[1:].partition(" ")
                if name not in self._commands:
                    raise RaiseError(unknown("command", name, [*self._commands, "quit"]))
                self._commands[name](rest.strip())
            elif line:
                self.say(line)
        except RaiseError as error:
            fail(str(error))
        except OSError as error:
            fail(masked(f"{error.filename or 'the file'}: {error.strerror or error}."))

    def say(self, words: str) -> None:
        """What the person says, and the program's next words."""
        self._go_on([*self.messages, {"role": "user", "content": words}])

    def _go_on(self, messages: list[dict[str, str]]) -> None:
        """The next move after ``messages``, which end with the person's words; if it fails, nothing was said."""
        try:
            with err.status("..."), self._served.models.context(Role.TARGET):
                self.reached = reach(self.member.program, exchanges_in(messages))
        except (LMError, Unreadable) as error:
            raise RaiseError(f"the model failed ({masked(str(error))}): say it again, or leave with /quit.") from error
        self.messages = [*messages, {"role": "assistant", "content": words_of(self.reached.move)}]
        self._show(self.reached)

    def _show(self, reached: Reached) -> None:
        text = Text(words_of(reached.move))
        if isinstance(reached.move, Ask):
            out.print(Text.assemble(("? ", "bold cyan"), text))
        else:
            title, style = (
                (texts_in(reached.language).page["help"], "bold red") if reached.is_help else ("Answer", "green")
            )
            out.print(Panel(text, title=title, border_style=style, title_align="left"))

    def why(self, _: str) -> None:
        """What the last question is for, or why there was no other."""
        if self.reached is None:
            raise RaiseError("nothing was asked yet: say what is on your mind.")
        move = self.reached.move
        out.print(f"To know: {move.why}." if isinstance(move, Ask) else f"It answered because: {move.reason.value}.")

    def known(self, _: str) -> None:
        """What the program knows of the person."""
        table = Table("what", "in your words", title="Known so far", title_justify="left")
        by_name = current_vocabulary().by_name
        if self.reached is not None:
            for name, value in self.reached.conversation.told().known().items():
                table.add_row(by_name[name].label, value)
            for name in sorted(self.reached.conversation.declined):
                table.add_row(by_name[name].label, "(you would rather not say)")
        if table.row_count:
            out.print(table)
        else:
            out.print("Nothing is known yet.")

    def skip(self, _: str) -> None:
        """Not to answer the last question."""
        if self.reached is None or not isinstance(self.reached.move, Ask):
            raise RaiseError("there is no question to skip.")
        self.say(texts_in(self.reached.language).page["decline"])

    def undo(self, _: str) -> None:
        """Take the last words back, and show what came before."""
        if not self.messages:
            raise RaiseError("there is nothing to take back.")
        *earlier, _said, _reply = self.messages
        if earlier:
            self._go_on(earlier[:-1])
        else:
            self.new("")

    def new(self, _: str) -> None:
        """Start over."""
        self.messages, self.reached = [], None
        out.print("What is on your mind?")

    def model(self, name: str) -> None:
        """List the members of the front, or go on with another one."""
        if not name:
            for member in self._served.members:
                figures = "" if member.safety is None else f"  safety {member.safety:.2f}"
                figures += "" if member.questions is None else f", {member.questions:.1f} questions"
                out.print(("* " if member is self.member else "  ") + member.id + figures)
            return
        found = {member.id: member for member in self._served.members}
        if name not in found:
            raise RaiseError(unknown("model", name, found))
        self.member = found[name]
        out.print(f"Your next words go to {name}.")

    def save(self, name: str) -> None:
        """Write what was said to a file, for its owner alone."""
        if not name:
            raise RaiseError("/save needs a file: write /save chat.json.")
        file = Path(name)
        refuse_folder(file, "a file for the conversation")
        known = self.reached.conversation.told().known() if self.reached else {}
        content = {"model": self.member.id, "messages": self.messages, "known": known}
        with keeping(file):
            write_whole(file, json.dumps(content, indent=2, ensure_ascii=False) + "\n", private=True)
        out.print(f"wrote {file}")

    def help(self, _: str) -> None:
        """The commands."""
        for command, does in self._commands.items():
            out.print(f"/{command:6} {does.__doc__}")
        out.print("/quit   Leave; Ctrl-C does, too.")

    def _greet(self) -> None:
        target = self._served.target.model
        stand_in = ", a stand-in: it shows how the software works" if is_simulated(target) else ""
        out.print(f"{self.member.id} with {target}{stand_in}. /help lists the commands.")
        out.print("What is on your mind?")
