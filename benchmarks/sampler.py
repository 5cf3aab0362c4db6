"""Speed of the sampler on one core, beside the floor that reading its weights sets.

Real-time factors (RTF): seconds of computing per second of 16 kHz speech. For every kernel that runs here:

- loads: the network's weight bytes, loaded once per sample, and nothing else;
- floor: loaded, sign-extended and multiplied once per sample;
- network: teacher-forced logits; the sampler adds prediction, embedding indices and the draw;
- sampler, its ratio to the floor, and the RTF per stream when two and four streams share a core.

Finally, the same network sampled by eager torch on one thread, with cached activations.

Run as ``taskset -c 0 python benchmarks/sampler.py [--channels C]``; without --channels, on the bundled model.
"""

from __future__ import annotations

import argparse
import glob
import os
import platform
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.nn import functional as F

from sottovoce.models import release
from sottovoce.models.training.restore import restore
from sottovoce.models.wavenet import kernels, sampler
from sottovoce.models.wavenet.excitation import compress, expand
from sottovoce.models.wavenet.frames import Frames
from sottovoce.models.wavenet.network import WaveNet
from sottovoce.models.wavenet.quantize import calibrate, quantize
from sottovoce.models.wavenet.stream import Stream
from sottovoce.models.wavenet.tables import Tables
from sottovoce.models.wavenet.teacher_forcing import logits
from sottovoce.models.wavenet.units import FRAME

RATE = 16000


def quickest(run: Callable[[], object], repeats: int) -> float:
    """Return the seconds of the fastest of several runs: other load on the machine only adds."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def make_frames(tables: Tables, streams: int, n: int) -> Frames:
    """Return frames that exercise every part of the sampler."""
    draw = np.random.default_rng(0)
    lpc = np.zeros((streams, n, 16), np.int16)
    lpc[..., 0], lpc[..., 1] = 4900, -2000

    def each(value: int) -> np.ndarray:
        return np.full((streams, n), value)

    cond = draw.integers(-1500, 1500, (streams, n, tables.layers * 2 * tables.channels)).astype(np.int16)
    return Frames(lpc, each(3000), each(90), each(1), each(5000), each(10), cond)


@torch.inference_mode()
def torch_rtf(network: WaveNet, seconds: float) -> float:
    """Cached eager sampling in float32: one column of every layer a sample."""
    n = int(seconds * RATE) // FRAME
    channels = network.channels
    layers = [(x.dilation, x.dilated.grid_weight(), x.out.grid_weight(), x.out.bias) for x in network.layers]
    head1, head2 = network.head1.grid_weight(), network.head2.grid_weight()
    queues = [torch.zeros(dilation, channels) for dilation, *_ in layers]
    condition = torch.randn(n, network.condition.in_features)
    lpc, gain, period = torch.zeros(16), 0.01, 90
    s, e = torch.zeros(n * FRAME + 16), torch.full((n * FRAME + 512,), 128)
    start = time.perf_counter()
    for t in range(n * FRAME):
        if t % FRAME == 0:
            biases = network.condition(condition[t // FRAME]).chunk(len(layers))
        predicted = lpc @ s[t : t + 16]
        own = compress(torch.stack((s[t + 15], predicted)) / gain)
        at = t + 512 - period
        index = torch.stack((own[0], e[t + 511], own[1], e[at - 1], e[at], e[at + 1]))
        x = network.embed(index + network.offsets).sum(0)
        skips = torch.zeros(network.skip)
        for (dilation, dilated, out, bias), queue, conditioned in zip(layers, queues, biases, strict=True):
            h = F.linear(torch.cat((queue[t % dilation], x)), dilated, conditioned)
            queue[t % dilation] = x
            z = torch.tanh(h[:channels]) * torch.sigmoid(h[channels:])
            o = F.linear(z, out, bias)
            x, skips = x + o[:channels], skips + o[channels:]
        logits = F.linear(F.relu(F.linear(F.relu(skips), head1, network.head1.bias)), head2, network.head2.bias)
        drawn = torch.multinomial(torch.softmax(logits, 0), 1)[0]
        e[t + 512] = drawn
        s[t + 16] = predicted + gain * expand(drawn)
    return (time.perf_counter() - start) / (n * FRAME / RATE)


def describe_machine() -> str:
    """Return processor and cache sizes."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as info:
            name = next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    sizes = []
    for index in sorted(glob.glob("/sys/devices/system/cpu/cpu0/cache/index*")):
        with open(f"{index}/level") as level, open(f"{index}/type") as kind, open(f"{index}/size") as size:
            if kind.read().strip() != "Instruction":
                sizes.append(f"L{level.read().strip()} {size.read().strip()}")
    return f"{name}, {', '.join(sizes) or 'caches unknown'}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="the sampler beside the floor that reading its weights sets")
    parser.add_argument("--channels", type=int, help="of a random network  [the bundled model]")
    parser.add_argument("--seconds", type=float, default=1.0, help="of speech in each timed run")
    parser.add_argument("--repeats", type=int, default=8, help="runs, of which the fastest counts")
    parser.add_argument("--no-torch", action="store_true", help="leave out torch, which takes longest")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    indices = torch.randint(0, 256, (1, 10 * FRAME, 6))
    if args.channels:
        network = WaveNet(channels=args.channels, skip=args.channels).eval()
        ranges = calibrate(network, indices, torch.randn(1, 10, 128))
        tables = Tables(quantize(network.state_dict(), ranges, network.dilations))
    else:
        box = release.load()
        network, tables = restore(box).wavenet, box.network.tables
    n = int(args.seconds * RATE) // FRAME
    speech = n * FRAME / RATE
    index = np.resize(indices[0].numpy(), (n * FRAME, 6))

    def rtf(kernel: str, streams: int) -> float:
        frames = make_frames(tables, streams, n)
        each = [Stream(tables, number=k) for k in range(streams)]
        sampler.sample(tables, each, frames[:, :2], kernel)
        return quickest(lambda: sampler.sample(tables, each, frames, kernel), args.repeats) / speech / streams

    console = Console(width=110)
    console.print(describe_machine())
    console.print(
        f"{tables.layers} layers, {tables.channels} channels, {tables.skip} skip channels: "
        f"{tables.weight_bytes / 1000:.0f} kB of weights"
    )
    table = Table()
    columns = ("kernel", "loads", "floor", "network", "sampler", "ratio", "each of 2", "each of 4")
    for name in columns:
        table.add_column(name, justify="left" if name == "kernel" else "right")
    best = float("inf")
    extension = kernels.extension()
    for kernel in kernels.kernels():
        one = rtf(kernel, 1)
        # the floor right beside what it is compared with: clocks drift
        loads, probability_floor = (
            min(extension.stream(kernel, tables.weight_bytes, 500, multiply) for _ in range(args.repeats)) * RATE
            if extension and kernel != "numba"
            else float("nan")
            for multiply in (False, True)
        )
        one = min(one, rtf(kernel, 1))
        cond = make_frames(tables, 1, n).cond[0]

        def score(kernel: str = kernel, cond: np.ndarray = cond) -> np.ndarray:
            return logits(tables, index, cond, kernel)

        score()
        alone = quickest(score, args.repeats) / speech
        values = (loads, probability_floor, alone, one, one / probability_floor, rtf(kernel, 2), rtf(kernel, 4))
        table.add_row(kernel, *("-" if np.isnan(v) else f"{v:.3f}" for v in values))
        best = min(best, one)
    console.print(table)
    if not args.no_torch:
        eager = torch_rtf(network, 0.2)
        console.print(f"cached eager torch, one thread: RTF {eager:.2f}, {eager / best:.0f} x the best kernel")


if __name__ == "__main__":
    main()
