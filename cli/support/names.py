"""Names that a shell completes."""

import click
from click.shell_completion import CompletionItem

from sottovoce.codec.errors import SottoError
from sottovoce.codec.models import by_name
from sottovoce.codec.own_models import own_models
from sottovoce.codec.voice import profiles
from sottovoce.models import release


def presets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the presets of the model that was named before, or of the default one."""
    try:
        model = by_name(ctx.params.get("model") or "default")
    except SottoError:
        return []
    return [CompletionItem(name) for name in model.presets if name.startswith(incomplete)]


def models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the bundled models and the user's own or, if none begins like that, let the shell complete a file."""
    names = [*release.available(), *(name for name, _, _ in own_models())]
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def voices(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the bundled voices or, if none begins like that, let the shell complete a file."""
    found = [CompletionItem(one.name) for one in profiles.bundled_profiles() if one.name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]
