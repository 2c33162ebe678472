"""Writes the small PyTorch checkpoints that codanet's tests of org.codanet.file.torch read.

    python make_torch_files.py ../../codanet/src/test/resources/org/codanet/file/torch

Made with Python 3.11 and torch 2.15.0 (pip install torch==2.15.0 numpy). All files contain the same three
tensors. Their values are those of expected.safetensors, which this script writes without a library. All values
are exact in float16, bfloat16 and float64 as well.
"""
import collections
import json
import pathlib
import struct
import sys

import torch

KEYS = ["0.weight_mod.weighting_f.0.weight", "0.weight_mod.weighting_f.1.weight", "0.weight_mod.weighting_f.1.bias"]
SHAPES = [(2, 3, 2, 2), (12, 2, 1, 1), (12,)]


def tensors():
    """Multiples of 1/8 between -16 and 16, all different within a tensor: exact in every floating type."""
    result = collections.OrderedDict()
    for number, (key, shape) in enumerate(zip(KEYS, SHAPES)):
        count = torch.Size(shape).numel()
        result[key] = ((torch.arange(count, dtype=torch.float32) - 11) / 8 * (number + 1)).reshape(shape)
    return result


def write_safetensors(path, state):
    header, data = {}, b""
    for key, tensor in state.items():
        raw = struct.pack("<%df" % tensor.numel(), *tensor.flatten().tolist())
        header[key] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def strided(state):
    """The same values as views: axes reversed in storage, two slices of one storage, one of them from its middle."""
    first, second, third = (state[key] for key in KEYS)
    turned = first.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
    storage = torch.cat([torch.tensor([99.0]), second.flatten(), third])
    middle = storage[1:1 + second.numel()].reshape(second.shape)
    end = storage[1 + second.numel():]
    return collections.OrderedDict(zip(KEYS, [turned, middle, end]))


class Net(torch.nn.Module):
    """A module, because its state_dict carries _metadata and its parameters are Parameter objects."""

    def __init__(self, state):
        super().__init__()
        self.names = [key.replace(".", "_") for key in state]
        for name, tensor in zip(self.names, state.values()):
            self.register_parameter(name, torch.nn.Parameter(tensor.clone()))


def main(folder):
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    state = tensors()
    write_safetensors(folder / "expected.safetensors", state)

    def save(name, value, zipped=True, **options):
        torch.save(value, folder / name, _use_new_zipfile_serialization=zipped, **options)

    save("zip.pkl", state)
    save("legacy.pkl", state, zipped=False)
    save("protocol4.pkl", state, pickle_protocol=4)
    save("legacy_protocol4.pkl", state, zipped=False, pickle_protocol=4)
    prefixed = collections.OrderedDict(("module." + key, tensor) for key, tensor in state.items())
    save("nested.pth", {"epoch": 3, "best_prec1": 91.25, "arch": "tiny", "state_dict": prefixed})
    save("nested_legacy.pth", {"epoch": 3, "best_prec1": 91.25, "arch": "tiny", "state_dict": prefixed}, zipped=False)
    save("strided.pkl", strided(state))
    save("strided_legacy.pkl", strided(state), zipped=False)
    for name, dtype in [("half", torch.float16), ("bfloat16", torch.bfloat16), ("double", torch.float64)]:
        save(name + ".pkl", collections.OrderedDict((key, tensor.to(dtype)) for key, tensor in state.items()))
    save("long.pkl", collections.OrderedDict((key, (tensor * 8).to(torch.int64)) for key, tensor in state.items()))
    net = Net(state)
    save("module.pkl", net.state_dict())
    save("parameters.pkl", dict(zip(KEYS, net.parameters())))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    sum(parameter.sum() for parameter in net.parameters()).backward()
    optimiser.step()
    save("with_optimiser.pkl", {"state_dict": state, "optimizer": optimiser.state_dict(), "lr": None})
    save("with_optimiser_legacy.pkl", {"state_dict": state, "optimizer": optimiser.state_dict()}, zipped=False)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
