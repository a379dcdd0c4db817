"""The command itself: finds the subcommand, loads only that, and turns every end into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from wharfinger import __version__
from wharfinger.cli import exits
from wharfinger.cli.options import SharedOptions
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# name → module with the command of that name, and the line in the help, which must not load them all.
TASKS = {
    "submit": ("submit", "Ask for a task."),
    "estimate": ("estimating", "Say what a task would cost."),
    "ls": ("listing", "List tasks."),
    "show": ("showing", "Show a task."),
    "watch": ("following", "Watch a task until it is at rest."),
    "wait": ("following", "Wait until a task is at rest."),
    "logs": ("following", "Print a task's log."),
    "cancel": ("changing", "Ask tasks to stop."),
    "delete": ("changing", "Delete tasks that are at rest."),
    "rerun": ("submit", "Ask for a task again."),
    "events": ("showing", "List a task's events."),
    "ledger": ("ledger", "List a task's ledger: what it made, and what is uncertain."),
    "rollback": ("halfway", "Undo what a task made."),
    "resume": ("halfway", "Let a half-done task go on."),
    "resolve": ("halfway", "Say how things stand with what a task made."),
}
SERVER = {
    "schedule": ("scheduling", "Ask for tasks at times."),
    "scripts": ("catalogue", "List the scripts that can be run, or show one."),
    "executors": ("catalogue", "List where scripts run."),
    "budgets": ("budgets", "Show what the project may spend an hour, and does."),
    "worker": ("worker", "Run scripts for a server elsewhere."),
    "whoami": ("about", "Say who you are to the server, and what you may."),
    "wait-ready": ("about", "Wait until a server that was started answers."),
    "version": ("about", "Print the versions of client and server."),
    "completion": ("about", "Print the completion script of a shell."),
}
OWN = {**TASKS, **SERVER}

# What other distributions of ours add, by entry points; known here so that its absence can be told helpfully.
SERVERS_OWN = {
    "serve": "Run a server.",
    "try": "Run a script's file once, and show what it made.",
    "config": "Check or print the server's settings.",
    "token": "Make, list and revoke bearer tokens.",
    "prices": "Look after prices.",
}


# What a command of ours was called before, and still answers to without being listed.
FORMERLY = {"resources": "ledger"}

# What other programs call it, where no command of ours is spelt like it.
OFTEN_MEANT = {
    "status": "show TASK", "get": "show TASK", "describe": "show TASK", "ps": "ls", "run": "submit SCRIPT",
    "create": "submit SCRIPT", "start": "serve", "rm": "delete TASK", "stop": "cancel TASK", "undo": "rollback TASK",
    "retry": "resume TASK", "tail": "logs -f TASK",
}  # fmt: skip


class _ReadEnoughError(Exception):
    """Whoever reads our output has gone."""


class Wharfinger(SharedOptions, click.Group):
    """The group of all subcommands, also those of other distributions (entry-point group `wharfinger.commands`)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all subcommands."""
        from wharfinger.cli import plugins

        return [*OWN, *sorted(set(plugins.names()) - set(OWN))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load and return one subcommand, None when there is none of that name."""
        cmd_name = FORMERLY.get(cmd_name, cmd_name)
        if cmd_name in OWN:
            from importlib import import_module

            module = import_module(f"wharfinger.cli.commands.{OWN[cmd_name][0]}")
            command: click.Command = getattr(module, cmd_name.replace("-", "_"))
            return command
        from wharfinger.cli import plugins

        return plugins.load(cmd_name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return what the word may become; subcommands are not loaded for it."""
        from wharfinger.cli import completing, plugins

        described = {name: line for name, (_, line) in OWN.items()}
        described |= {name: SERVERS_OWN.get(name, f"Of {of}.") for name, of in plugins.names().items()}
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return completing.commands(incomplete, described)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand that `args` begins with; one that does not exist is answered by a close name."""
        name = args[0]
        if name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        if name in SERVERS_OWN:
            part, of = ("prices", "wharfinger-prices") if name == "prices" else ("the server", "wharfinger-server")
            missing = f"which is not installed here: install the distribution {of}"
            raise click.UsageError(f"`{name}` is part of {part}, {missing}", ctx)
        meant = f"; it is `wharfinger {OFTEN_MEANT[name]}`" if name in OFTEN_MEANT else ""
        if "." in name:
            meant = f"; a script is run by `wharfinger submit {name}`"
        meant = meant or did_you_mean(name, self.list_commands(ctx))
        raise click.UsageError(f"there is no command {name!r}{meant}", ctx)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand. Click would end with 1 when the reader of our output has gone; that is no failure."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise _ReadEnoughError from error
        return code

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the subcommands without loading them."""
        from wharfinger.cli import plugins

        added = [(n, SERVERS_OWN.get(n, f"Of {dist}.")) for n, dist in sorted(plugins.names().items()) if n not in OWN]
        sections = (("Tasks", TASKS), ("Server", SERVER))
        for title, commands in sections:
            with formatter.section(title):
                rows = [(name, line) for name, (_, line) in commands.items()]
                formatter.write_dl(rows + (added if title == "Server" else []))


EPILOG = (
    "Exit codes: 0 done, 1 the task failed, 2 wrong usage, 3 the task failed half-way and something may be left over, "
    "4 no answer from the server, 5 refused, 6 prices kept in quarantine, 130 interrupted."
)
_CODES = {"PRICES_UNREACHABLE": exits.UNREACHABLE, "PRICES_QUARANTINED": exits.QUARANTINED}


@click.group(cls=Wharfinger, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wharfinger", message="%(prog)s %(version)s")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="Settings file of the server, for `serve`, `token` and `config`. [env: WHARFINGER_CONFIG]",
)
def app(config_file: str | None) -> None:
    """Run cloud work as durable tasks: submit them, watch them, and see what they made."""
    if config_file:
        # Their own option wins over it; the client's commands have no settings file.
        os.environ["WHARFINGER_CONFIG"] = config_file


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code. SystemExit passes, with the code of whoever raised it."""
    given = list(arguments)
    if given[:1] == ["help"]:
        given = [*given[1:], "--help"]
    try:
        code = app.main(given, prog_name="wharfinger", standalone_mode=False, terminal_width=_width())
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return exits.INTERRUPTED
    except _ReadEnoughError:
        # The interpreter's own flush at the end must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    except click.exceptions.NoArgsIsHelpError as error:
        # A group alone is asked for its help, which is no mistake.
        echo(error.format_message())
        return exits.OK
    except Exception as error:
        known = _code_of(error)
        if known is None:
            raise
        _say(sentence(error))
        return known
    return code if isinstance(code, int) else exits.OK


def _width() -> int:
    """Return how wide help may be. Click would ask shutil, whose import takes longer than printing the help."""
    try:
        columns = os.get_terminal_size().columns
    except (OSError, ValueError):
        columns = 80
    return max(50, min(columns, 100) - 2)


def _code_of(error: Exception) -> int | None:
    """Return the exit code of an error, None for one that nobody foresaw."""
    from wharfinger import errors

    if isinstance(error, click.ClickException):
        return exits.USAGE
    if isinstance(error, errors.Unreachable | errors.TimedOut):
        return exits.UNREACHABLE
    if not isinstance(error, errors.WharfingerError):
        return None
    return _CODES.get(getattr(error, "reason", ""), exits.REFUSED)


def sentence(error: Exception) -> str:
    """Return what is wrong and, where we know, what to do about it."""
    from wharfinger import errors

    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, errors.Unreachable):
        if error.hint:
            return str(error).replace(f"; {error.hint}", f"\n{error.hint[0].upper()}{error.hint[1:]}.")
        return f"{error}\nIs it running there? `wharfinger serve` starts one here; --server names another."
    if isinstance(error, errors.Refused):
        # Most sentences tell the close names already.
        similar = next(iter(error.choices), "") if error.code == "NOT_FOUND" else ""
        similar = "" if similar in str(error) else similar
        hint = f"Did you mean {similar!r}?" if similar else _HINTS.get(error.reason, "")
        if script := error.metadata.get("script"):
            hint = hint.replace("SCRIPT", script)
        if any(violation.field == "external_id" for violation in error.violations):
            hint = "Give the provider's id by --id."
        return f"{error}\n{hint}" if hint else str(error)
    return str(error)


def _usage(error: click.ClickException) -> str:
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    message = error.format_message()
    if isinstance(error, click.NoSuchOption):
        known = [name for param in ctx.command.params for name in param.opts] if ctx else []
        message = f"there is no option {error.option_name}{did_you_mean(error.option_name, known)}"
    if isinstance(error, click.MissingParameter):
        # Its choices come one a line.
        message = " ".join(message.split())
    return f"{message}\nSee `{ctx.command_path} --help`." if ctx else message


_HINTS = {
    "UNKNOWN_SCRIPT": "`wharfinger scripts` lists those that are installed.",
    "UNKNOWN_EXECUTOR": "`wharfinger executors` lists them.",
    "TASK_NOT_FOUND": "`wharfinger ls` lists the tasks of the project; --project names another.",
    "PARAMS_INVALID": "`wharfinger scripts SCRIPT` shows what the script takes.",
    "UNAUTHENTICATED": "Give a token the server knows, by WHARFINGER_TOKEN or --token.",
    "LEFTOVERS_ALIVE": "`wharfinger ledger TASK` lists what is left over.",
    "KEY_UNKNOWN": "`wharfinger ledger TASK` lists the keys.",
    "PRICE_UNKNOWN": "`wharfinger prices update` fetches fresh prices; `prices import` takes your own.",
    "PRICES_QUARANTINED": "`wharfinger prices activate CATALOG --override-checks` accepts it all the same.",
    "UNKNOWN_CATALOG": "`wharfinger prices ls` lists the catalogues.",
}


def _say(message: str) -> None:
    echo(f"wharfinger: {message}", err=True)
