"""sotto devices."""

from dataclasses import asdict

import click

from sottovoce.cli.support import options
from sottovoce.cli.support.console import Console
from sottovoce.codec.live.devices import Device, devices


@click.command("devices")
@options.as_json
def command(as_json: bool) -> None:
    """List microphones and loudspeakers; * marks those that are used when none is named."""
    console = Console(as_json=as_json)
    found = devices()
    if not found:
        console.note("no microphone or loudspeaker was found")
        return
    width = max(len(device.name) for device in found)
    console.result(f"{'':>3}  {'name':<{width}}  {'in':>4}  {'out':>4}  {'rate':>9}  system")
    for device in found:
        console.result(_row(device, width))
        console.document(asdict(device))


def _row(device: Device, width: int) -> str:
    inputs = f"{device.inputs}{'*' if device.default_input else ' '}"
    outputs = f"{device.outputs}{'*' if device.default_output else ' '}"
    return (
        f"{device.index:>3}  {device.name:<{width}}  {inputs:>4}  {outputs:>4}  {device.rate:>6.0f} Hz  {device.system}"
    )
