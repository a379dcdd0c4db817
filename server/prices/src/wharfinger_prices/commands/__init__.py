"""The commands of prices: `wharfinger-prices`, and `wharfinger prices` where the client is installed.

Each is loaded when it is run. Whom they ask is chosen in `places`: a server (`server_place`), or the folder of this
machine, which the process then opens itself (`folder_place`).
"""

from __future__ import annotations

import click

# name → module with the command, and the line in the help, which must not load them all.
COMMANDS = {
    "update": ("imports", "Fetch fresh prices."),
    "import": ("imports", "Import prices from a file."),
    "ls": ("catalogues", "List the catalogues."),
    "show": ("show", "Show a price, and how it went."),
    "diff": ("catalogues", "Tell how two catalogues differ."),
    "activate": ("catalogues", "Make a catalogue the active one."),
    "history": ("history", "Tell which catalogues became active, and why."),
    "path": ("files", "List the files that prices come from."),
    "export": ("files", "Write the prices for Libcloud."),
}

EXAMPLES = ("update", "show ec2_linux us-east-1 m5.large")


class Prices(click.Group):
    """The group of the commands of prices."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load and return one command, None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"wharfinger_prices.commands.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, "import_" if cmd_name == "import" else cmd_name)
        return found

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the text and two examples, as they are typed under the name that the group was called by."""
        super().format_help_text(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            for example in EXAMPLES:
                formatter.write(f"{'':{formatter.current_indent + 2}}{ctx.command_path} {example}\n")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Prices, context_settings={"help_option_names": ["-h", "--help"]})
def prices() -> None:
    """Look after prices: in this machine's data folder, or by --server on another's."""
