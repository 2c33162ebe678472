"""A CoDA-Net in plain PyTorch, measured in the same way as `codanet bench` measures codanet.

There are two styles of the same network. "original" writes the dynamic weights of every position to memory, as the published code
does. "patch" is what a careful user of PyTorch can do instead: it convolves the input with the columns of B, and computes the norm of
a weight from Gram matrices. With `cached`, inference computes these once instead of at every call.

Reads one request per line from standard input, {"what": ..., "batch": ..., "seconds": ...}, and answers each with one line of JSON.
"""
import argparse
import contextlib
import ctypes
import json
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

MODELS = {
    "9L-S-CoDA-SQ-1000": dict(
        out_channels=[16, 16, 32, 32, 32, 64, 64, 64, 10], ranks=[32] * 2 + [64] * 7, kernels=[3] * 8 + [1],
        strides=[1, 1, 2, 1, 1, 2, 1, 1, 1], paddings=[1] * 8 + [0], temperature=1000.0, size=32),
    "9L-L-CoDA-SQ-100000": dict(
        out_channels=[16, 32, 32, 64, 64, 64, 64, 64, 100], ranks=[64] * 3 + [128] * 3 + [256] * 3, kernels=[7] + [3] * 8,
        strides=[3, 1, 1, 2, 1, 1, 2, 1, 1], paddings=[3] + [1] * 8, temperature=100000.0, size=240),
}
LOGIT_BIAS = -2.197224577336219


class Alignment(nn.Module):
    """One dynamic alignment layer with the norm SQ: y = s n / (1 + n^2)."""

    def __init__(self, channels, units, rank, kernel, stride, padding, cached):
        super().__init__()
        self.units, self.rank, self.kernel, self.stride, self.padding = units, rank, kernel, stride, padding
        self.channels, self.length, self.cached = channels, channels * kernel * kernel, cached
        self.down = nn.Conv2d(channels, rank, kernel, stride, padding, bias=False)
        self.up = nn.Conv2d(rank, self.length * units, 1)
        self.constants = None

    def codes(self, x):
        return F.conv2d(x, self.down.weight, stride=self.stride, padding=self.padding)


class OriginalAlignment(Alignment):
    def forward(self, x, frozen):
        codes = self.codes(x)
        images, _, height, width = codes.shape
        weights = self.up(codes).view(images, self.length, self.units, height, width)
        patches = F.unfold(x, self.kernel, padding=self.padding, stride=self.stride)
        norm = weights.norm(dim=1)
        if frozen:
            weights, norm = weights.detach(), norm.detach()
        score = (weights * patches.view(images, self.length, 1, height, width)).sum(1)
        return score * norm / (1 + norm * norm)


class PatchAlignment(Alignment):
    def prepare(self):
        """The filters of the score, and the Gram matrices of the squared norm."""
        columns = self.up.weight.view(self.length, self.units, self.rank)
        bias = self.up.bias.view(self.length, self.units)
        filters = torch.cat([columns.permute(1, 2, 0).reshape(-1, self.length), bias.t()])
        filters = filters.reshape(-1, self.channels, self.kernel, self.kernel)
        gram = torch.einsum("dur,dus->urs", columns, columns)
        cross = torch.einsum("dur,du->ur", columns, bias)
        return filters, gram.reshape(-1, self.rank, 1, 1), 2 * cross, bias.square().sum(0)

    def forward(self, x, frozen):
        filters, gram, cross, square = self.constants if self.constants is not None else self.prepare()
        codes = self.codes(x)
        fixed = codes.detach() if frozen else codes
        images, _, height, width = codes.shape
        half = F.conv2d(fixed, gram).view(images, self.units, self.rank, height, width) + cross.view(1, self.units, self.rank, 1, 1)
        squared = ((half * fixed.unsqueeze(1)).sum(2) + square.view(1, -1, 1, 1)).clamp_min(1e-30)
        products = F.conv2d(x, filters, stride=self.stride, padding=self.padding)
        scores = products[:, :self.units * self.rank].view(images, self.units, self.rank, height, width)
        score = (scores * fixed.unsqueeze(1)).sum(2) + products[:, self.units * self.rank:]
        return score * squared.sqrt() / (1 + squared)


class Network(nn.Module):
    def __init__(self, config, style, cached):
        super().__init__()
        layer, channels, layers = {"original": OriginalAlignment, "patch": PatchAlignment}[style], 6, []
        for units, *rest in zip(*(config[k] for k in ("out_channels", "ranks", "kernels", "strides", "paddings"))):
            layers.append(layer(channels, units, *rest, cached))
            channels = units
        self.layers, self.temperature = nn.ModuleList(layers), config["temperature"]

    def forward(self, x, frozen=False):
        for layer in self.layers:
            x = layer(x, frozen)
        return x.sum((2, 3)) / self.temperature + LOGIT_BIAS

    def prepare(self, inference):
        """Computes what depends only on the weights, for calls that do not change them."""
        for layer in self.layers:
            if layer.cached:
                with torch.no_grad():
                    layer.constants = layer.prepare() if inference else None


class Peer:
    def __init__(self, options):
        self.options, self.cuda = options, options.device.startswith("cuda")
        self.config = json.load(open(options.config)) if options.config else MODELS[options.model]
        self.classes = self.config["out_channels"][-1]
        self.net = Network(self.config, options.style, options.cached).to(options.device)
        if options.channels_last:
            self.net = self.net.to(memory_format=torch.channels_last)
        self.call = torch.compile(self.net) if options.compile else self.net
        self.adam = torch.optim.Adam(self.net.parameters(), lr=2.5e-4)

    def precision(self):
        if self.options.precision != "bf16":
            return contextlib.nullcontext()
        return torch.autocast("cuda" if self.cuda else "cpu", dtype=torch.bfloat16)

    def images(self, count):
        size = self.config["size"]
        colours = torch.rand(count, 3, size, size, device=self.options.device)
        inputs = torch.cat([colours, 1 - colours], 1)
        return inputs.contiguous(memory_format=torch.channels_last) if self.options.channels_last else inputs

    def forward(self, inputs):
        with torch.no_grad(), self.precision():
            return self.call(inputs)

    def maps(self, inputs, classes):
        """The contributions to the predicted class of each image, or to every class."""
        inputs = inputs.detach().requires_grad_()
        with self.precision():
            logits = self.call(inputs, True)
        if classes == 1:
            chosen = [logits.max(1).values]
        else:
            chosen = logits.unbind(1)
        gradients = [torch.autograd.grad(c.sum(), inputs, retain_graph=c is not chosen[-1])[0] for c in chosen]
        return torch.stack([(g * inputs).sum(1) for g in gradients], 1).detach()

    def explain(self, inputs):
        return self.maps(inputs, 1)

    def explain_all(self, inputs):
        return self.maps(inputs, self.classes)

    def train(self, inputs):
        hot = F.one_hot(torch.arange(len(inputs), device=inputs.device) % self.classes, self.classes).float()
        with self.precision():
            logits = self.call(inputs)
        loss = F.binary_cross_entropy_with_logits(logits.float(), hot)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        return loss

    def synchronize(self):
        if self.cuda:
            torch.cuda.synchronize()

    def measure(self, what, batch, seconds):
        job = getattr(self, what)
        self.net.prepare(inference=what != "train")
        start_of_peak(self.cuda)
        inputs = [self.images(batch), self.images(batch)]
        for i in range(10 if self.cuda else 3):
            job(inputs[i % 2])
        self.synchronize()
        times, began = [], time.perf_counter()
        while len(times) < 5 or time.perf_counter() - began < seconds:
            start = time.perf_counter()
            job(inputs[len(times) % 2])
            self.synchronize()
            times.append(time.perf_counter() - start)
        times.sort()
        median = statistics.median(times)
        return dict(images_per_s=round(batch / median, 2), ms_median=round(median * 1e3, 4),
                    ms_p99=round(times[min(len(times) - 1, int(len(times) * 0.99))] * 1e3, 4), runs=len(times),
                    peak_mib=peak_mib(self.cuda))


def start_of_peak(cuda):
    """Resets the peak of the memory, after memory of earlier measurements is released."""
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        return
    ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")


def peak_mib(cuda):
    """The peak memory since start_of_peak, in MiB: of the device's tensors with CUDA, otherwise resident memory of the process."""
    if cuda:
        return round(torch.cuda.max_memory_allocated() / 2**20)
    with open("/proc/self/status") as status:
        return round(next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="9L-S-CoDA-SQ-1000", choices=MODELS)
    parser.add_argument("--config", help="a JSON file with out_channels, ranks, kernels, strides, paddings, temperature, size")
    parser.add_argument("--style", default="original", choices=["original", "patch"])
    parser.add_argument("--cached", action="store_true", help="Gram matrices once for inference (patch)")
    parser.add_argument("--compile", action="store_true", help="torch.compile; needs g++")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "bf16"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    if options.device.startswith("cuda"):
        torch.set_float32_matmul_precision("highest" if options.precision == "fp32" else "high")
        torch.backends.cudnn.allow_tf32 = options.precision != "fp32"
        torch.backends.cudnn.benchmark = True
    if options.compile:
        from torch._functorch import config as functorch
        functorch.donated_buffer = False    # all classes are explained from one graph
    peer = Peer(options)
    for request in map(json.loads, sys.stdin):
        if request["what"] == "ready":
            print(json.dumps(request), flush=True)
            continue
        line = dict(what=request["what"], model=options.config or options.model, style=options.style, device=options.device,
                    precision=options.precision, compile=options.compile, channels_last=options.channels_last,
                    cached=options.cached, threads=options.threads, batch=request["batch"], torch=torch.__version__)
        try:
            line.update(peer.measure(request["what"], request["batch"], request["seconds"]))
        except (RuntimeError, MemoryError) as e:
            line["error"] = (str(e) or repr(e)).splitlines()[0][:200]
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
