#!/usr/bin/env python3
"""Writes golden files of small ResNets that the tests of codanet read: bench/peers/make_resnet.py [FOLDER]

Everything is computed by PyTorch in float64. Three networks: the CIFAR family, and the ImageNet family with blocks of two and of three
convolutions. Each file holds weights and running statistics, logits, a training step, and maps of the methods that need a
backward pass. GuidedBackprop and DeepLIFT (Rescale) are autograd functions at every ReLU; DeepLIFT also has one for maximum pooling.
The sum of a DeepLIFT map is checked against logit - logit(black) before a file is written.
"""
import json
import pathlib
import struct
import sys

import torch
import torch.nn.functional as F

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDER = TOP / "codanet/src/test/resources/org/codanet/golden"
SEED = 20261130
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
TYPES = {torch.float32: "F32", torch.int64: "I64", torch.uint8: "U8"}
TINY = 1e-10
CASES = [("cifar", False, [4, 6, 8], [1, 1, 1], (10, 12)), ("imagenet", False, [4, 6], [1, 1], (24, 20)),
         ("imagenet", True, [3, 4], [1, 1], (24, 20))]


class Guided(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient.clamp(min=0) * (x > 0)


class Rescale(torch.autograd.Function):
    """The batch is images, then their baselines."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(context, gradient):
        (both,) = context.saved_tensors
        x, start = both.chunk(2)
        change = x - start
        small = change.abs() < TINY
        slope = torch.where(small, (x > 0).double(), (x.clamp(min=0) - start.clamp(min=0)) / torch.where(small, 1.0, change))
        return torch.cat([gradient.chunk(2)[0] * slope, torch.zeros_like(start)])


class RescaledMaximum(torch.autograd.Function):
    """A window passes g (y - y0) to the position of the larger maximum; contributions become multipliers at the end."""

    @staticmethod
    def forward(context, x):
        y, index = F.max_pool2d(x, 3, 2, 1, return_indices=True)
        context.save_for_backward(x, y, index)
        return y

    @staticmethod
    def backward(context, gradient):
        both, outputs, indices = context.saved_tensors
        x, start = both.chunk(2)
        y, y0 = outputs.chunk(2)
        index, index0 = indices.chunk(2)
        receiver = torch.where(y >= y0, index, index0)
        shares = torch.zeros_like(x).flatten(2)
        shares.scatter_add_(2, receiver.flatten(2), (gradient.chunk(2)[0] * (y - y0)).flatten(2))
        change = (x - start).flatten(2)
        assert (change[shares != 0].abs() > TINY).all()
        lower = torch.where(shares == 0, 0.0, shares / torch.where(shares == 0, 1.0, change))
        return torch.cat([lower.view_as(x), torch.zeros_like(start)])


class Net:
    def __init__(self, family, bottleneck, widths, blocks, classes, generator):
        self.family, self.classes, self.weights = family, classes, {}
        self.relu, self.maximum = torch.relu, lambda x: F.max_pool2d(x, 3, 2, 1)
        self.training = False
        self.generator = generator
        cifar = family == "cifar"
        self.convolution("conv1", "bn1", 3, widths[0], 3 if cifar else 7)
        self.stem = dict(stride=1, padding=1) if cifar else dict(stride=2, padding=3)
        self.blocks = []
        channels = widths[0]
        for stage, width in enumerate(widths):
            for i in range(blocks[stage]):
                name, stride = f"layer{stage + 1}.{i}", 2 if stage > 0 and i == 0 else 1
                out = 4 * width if bottleneck else width
                sizes = ([(channels, width, 1, 1), (width, width, 3, stride), (width, out, 1, 1)] if bottleneck
                         else [(channels, width, 3, stride), (width, width, 3, 1)])
                for number, (ci, co, k, _) in enumerate(sizes, 1):
                    self.convolution(f"{name}.conv{number}", f"{name}.bn{number}", ci, co, k)
                project = not cifar and (stride != 1 or channels != out)
                if project:
                    self.convolution(f"{name}.downsample.0", f"{name}.downsample.1", channels, out, 1)
                self.blocks.append((name, sizes, channels, out, stride, project))
                channels = out
        self.head = "linear" if cifar else "fc"
        self.weights[f"{self.head}.weight"] = self.draw(classes, channels) * 3 / channels**0.5
        self.weights[f"{self.head}.bias"] = self.draw(classes)

    def draw(self, *shape):
        return (torch.rand(shape, generator=self.generator, dtype=torch.float64) * 2 - 1).float().double()

    def convolution(self, name, norm, ci, co, k):
        self.weights[f"{name}.weight"] = (self.draw(co, ci, k, k) * (3 / (ci * k * k)) ** 0.5).float().double()
        self.weights[f"{norm}.weight"] = self.draw(co) * 0.5 + 1
        self.weights[f"{norm}.bias"] = self.draw(co) * 0.5
        self.weights[f"{norm}.running_mean"] = self.draw(co) * 0.5
        self.weights[f"{norm}.running_var"] = self.draw(co) * 0.5 + 1

    def normalised(self, x, name, norm, **geometry):
        w = self.weights
        x = F.conv2d(x, w[f"{name}.weight"], **geometry)
        return F.batch_norm(x, w[f"{norm}.running_mean"], w[f"{norm}.running_var"], w[f"{norm}.weight"], w[f"{norm}.bias"],
                            self.training, 0.1, 1e-5)

    def features(self, images):
        x = (images - torch.tensor(MEAN).double().view(3, 1, 1)) / torch.tensor(DEVIATION).double().view(3, 1, 1)
        x = self.relu(self.normalised(x, "conv1", "bn1", **self.stem))
        if self.family == "imagenet":
            x = self.maximum(x)
        for name, sizes, channels, out, stride, project in self.blocks:
            y = x
            for number, (_, _, k, s) in enumerate(sizes, 1):
                y = self.normalised(y, f"{name}.conv{number}", f"{name}.bn{number}", stride=s, padding=k // 2)
                if number < len(sizes):
                    y = self.relu(y)
            if project:
                x = self.normalised(x, f"{name}.downsample.0", f"{name}.downsample.1", stride=stride)
            elif stride != 1 or channels != out:
                pad = (out - channels) // 2
                x = F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, pad, pad))
            x = self.relu(x + y)
        return x

    def top(self, features):
        return F.linear(features.mean((2, 3)), self.weights[f"{self.head}.weight"], self.weights[f"{self.head}.bias"])

    def logits(self, images):
        return self.top(self.features(images))


def gradients(function, images, targets):
    """(N, T, C, H, W)."""
    maps = []
    for t in range(targets.shape[1]):
        x = images.clone().requires_grad_()
        out = function(x)[: len(targets)]
        out.gather(1, targets[:, t : t + 1]).sum().backward()
        maps.append(x.grad)
    return torch.stack(maps, 1)


def explain(net, images, targets, tensors):
    tensors["logits"] = net.logits(images)
    black = torch.zeros_like(images)
    tensors["logits_black"] = net.logits(black)[0]
    tensors["features"] = net.features(images)
    tensors["grad_raw"] = gradients(net.logits, images, targets)
    tensors["ixg_raw"] = tensors["grad_raw"] * images[:, None]
    net.relu = Guided.apply
    tensors["gb_raw"] = gradients(net.logits, images, targets)
    net.relu, net.maximum = Rescale.apply, RescaledMaximum.apply
    both = gradients(lambda x: net.logits(torch.cat([x, black])), images, targets)
    tensors["deeplift_raw"] = both * images[:, None]
    net.relu, net.maximum = torch.relu, lambda x: F.max_pool2d(x, 3, 2, 1)
    change = tensors["logits"].gather(1, targets) - tensors["logits_black"][targets]
    error = (tensors["deeplift_raw"].sum((2, 3, 4)) - change).abs().max()
    assert error < 1e-9, error
    features = tensors["features"]
    weight = gradients(net.top, features, targets).mean((3, 4), keepdim=True)
    layer = (weight * features[:, None]).sum(2, keepdim=True).clamp(min=0)
    tensors["gcam_layer"] = layer
    tensors["gcam_raw"] = F.interpolate(layer.flatten(0, 1), images.shape[2:]).unflatten(0, targets.shape)


def train(net, images, labels, tensors):
    net.training = True
    before = {key: value.clone() for key, value in net.weights.items()}
    trained = [key for key in net.weights if "running" not in key]
    for key in trained:
        net.weights[key].requires_grad_()
    logits = net.logits(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    tensors["train_logits"], tensors["train_loss"] = logits, loss.view(1)
    for key, value in net.weights.items():
        if key in trained:
            tensors[f"train_grad.{key}"] = value.grad
        else:
            tensors[f"train_stat.{key}"] = value.clone()
    for key in before:
        net.weights[key] = before[key]
    net.training = False


def write(path, tensors, config):
    header = {"__metadata__": {"kind": "eval_explainers_resnet", "config": json.dumps(config, sort_keys=True),
                               "source": f"bench/peers/make_resnet.py, seed {SEED}, torch {torch.__version__}"}}
    data = b""
    for name in sorted(tensors):
        value = tensors[name].detach()
        value = value.float() if value.is_floating_point() else value
        raw = bytes(value.contiguous().flatten().view(torch.uint8).tolist())
        header[name] = {"dtype": TYPES[value.dtype], "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for number, (family, bottleneck, widths, blocks, size) in enumerate(CASES):
        generator = torch.Generator().manual_seed(SEED + number)
        classes, count = 5, 4
        net = Net(family, bottleneck, widths, blocks, classes, generator)
        pixels = torch.randint(0, 256, (count, 3, *size), generator=generator, dtype=torch.uint8)
        images = (pixels.float() / 255).double()
        labels = torch.arange(count) % classes
        targets = torch.stack([labels, (labels + 2) % classes], 1)
        tensors = {f"weights.{key}": value.clone() for key, value in net.weights.items()}
        tensors |= {"images": pixels, "targets": targets, "labels": labels}
        explain(net, images, targets, tensors)
        train(net, images, labels, tensors)
        network = dict(architecture="resnet", family=family, bottleneck=bottleneck, widths=widths, blocks=blocks, mean=MEAN,
                       deviation=DEVIATION, num_classes=classes)
        name = f"resnet_{family}" + ("_bottleneck" if bottleneck else "")
        write(folder / f"{name}.safetensors", tensors, dict(network=network))


if __name__ == "__main__":
    main()
