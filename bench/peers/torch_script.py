"""Writes the peer's network as TorchScript, for runtimes without Python: forward.pt, explain.pt and explain_all.pt in a folder, and
the extent of its images in the file size.

It is the style "patch" with its constants computed once, in channels-last order, which suits inference best. The gradients of an
explanation are part of the script, so that a runtime needs no automatic differentiation of its own.
"""
import argparse
import pathlib
import warnings

import torch
from torch import nn

import torch_peer


class Frozen(nn.Module):
    """The logits, with all dynamic weights held constant."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x.contiguous(memory_format=torch.channels_last), True)


class Explain(nn.Module):
    """The contributions (N, 1, H, W) to the predicted class of each image."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, images: torch.Tensor):
        x = images.detach().clone().requires_grad_()
        best = self.net(x).max(1)[0].sum()
        gradient = torch.autograd.grad([best], [x])[0]
        assert gradient is not None
        return (gradient * x).sum(1, keepdim=True).detach()


class ExplainAll(nn.Module):
    """The contributions (N, K, H, W) to every class."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, images: torch.Tensor):
        x = images.detach().clone().requires_grad_()
        logits = self.net(x)
        maps: list[torch.Tensor] = []
        for k in range(logits.size(1)):
            gradient = torch.autograd.grad([logits[:, k].sum()], [x], retain_graph=True)[0]
            assert gradient is not None
            maps.append((gradient * x).sum(1))
        return torch.stack(maps, 1).detach()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="9L-S-CoDA-SQ-1000", choices=torch_peer.MODELS)
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    # TorchScript is deprecated in favour of formats that the JVM's libtorch does not read.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", FutureWarning)
    torch.manual_seed(0)
    config = torch_peer.MODELS[options.model]
    net = torch_peer.Network(config, "patch", True).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    net.prepare(True)
    # Two images, because the tracer would treat a batch size of 1 as a constant.
    example = torch.rand(2, 6, config["size"], config["size"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        traced = torch.jit.trace(Frozen(net).eval(), example.requires_grad_())
    scripts = dict(forward=torch.jit.freeze(traced), explain=torch.jit.script(Explain(traced)),
                   explain_all=torch.jit.script(ExplainAll(traced)))
    options.folder.mkdir(parents=True, exist_ok=True)
    expected = net(example.detach(), True)
    for name, script in scripts.items():
        script.save(str(options.folder / f"{name}.pt"))
        found = torch.jit.load(str(options.folder / f"{name}.pt"))(torch.cat([example.detach()] * 2)[:3])
        if name != "forward":
            sums = found.flatten(2).sum(2) / config["temperature"] + torch_peer.LOGIT_BIAS
            wanted = expected if name == "explain_all" else expected.max(1, keepdim=True).values
        else:
            sums, wanted = found, expected
        torch.testing.assert_close(sums[:2], wanted, rtol=1e-3, atol=1e-4, msg=lambda m: f"{name}.pt: {m}")
    # Written last: if this file exists, the scripts are complete.
    (options.folder / "size").write_text(f"{config['size']}\n")


if __name__ == "__main__":
    main()
