"""sotto completion."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script with which your shell completes `sotto`.

    \b
    bash:  sotto completion bash >> ~/.bashrc
    zsh:   sotto completion zsh >> ~/.zshrc
    fish:  sotto completion fish > ~/.config/fish/completions/sotto.fish
    """
    found = get_completion_class(shell)
    root = click.get_current_context().find_root()
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(found(root.command, {}, "sotto", "_SOTTO_COMPLETE").source())
