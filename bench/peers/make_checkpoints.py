"""Writes the checkpoints that codanet's CheckpointsOfUsersTest reads. They contain other Python objects beside the weights.

    python make_checkpoints.py ../../codanet/src/test/resources/org/codanet/file/torch

Made with Python 3.11, torch 2.15.0 and numpy 2.4.6 (pip install -r requirements.txt). All files contain the three
tensors of expected.safetensors, which make_torch_files.py writes into the same folder.
"""
import argparse
import collections
import datetime
import decimal
import enum
import pathlib
import sys
import uuid

import numpy
import torch

from make_torch_files import KEYS, Net, tensors


class Mode(enum.Enum):
    TRAIN = 1


class Settings(dict):
    """A dictionary with attributes, as configuration libraries have."""


class Weights(collections.OrderedDict):
    """A subclass of OrderedDict that holds the weights."""


class Slotted:
    __slots__ = ("value",)

    def __init__(self):
        self.value = 3


class Noted(torch.Tensor):
    """A subclass of Tensor."""


def prefixed(state, prefix):
    return collections.OrderedDict((prefix + key, tensor) for key, tensor in state.items())


def everything():
    """One object of each kind that training programs store beside the weights."""
    settings = Settings(lr=0.1)
    settings.note = "attribute"
    array = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
    random = numpy.random.RandomState(0)
    return {
        "counter": collections.Counter({30: 1, 60: 1}),
        "ordered": collections.OrderedDict(a=1),
        "default": collections.defaultdict(list, a=[1]),
        "deque": collections.deque([1, 2], maxlen=3),
        "float64": numpy.float64(0.5),
        "int32": numpy.int32(7),
        "array": array,
        "strings": numpy.array(["a", "bc"]),
        "dtype": numpy.dtype("float16"),
        "generator": random.get_state(),
        "set": {1, 2},
        "frozenset": frozenset([1]),
        "bytes": b"\x00\xff\x80",
        "bytearray": bytearray(b"\x00\xff"),
        "none_key": {None: 1, 1.5: 2, (1, "a"): 3, True: 4, frozenset([1]): 5},
        "nested_key": {((1, 2), (3, (4, None))): 1},
        "namespace": argparse.Namespace(lr=0.1, data=pathlib.PurePosixPath("/data")),
        "date": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "duration": datetime.timedelta(seconds=3),
        "path": pathlib.PurePosixPath("a/b"),
        "windows_path": pathlib.PureWindowsPath("a\\b"),
        "decimal": decimal.Decimal("1.5"),
        "uuid": uuid.UUID(int=5),
        "enum": Mode.TRAIN,
        "settings": settings,
        "slotted": Slotted(),
        "complex": 1 + 2j,
        "range": range(3),
        "slice": slice(1, 2),
        "size": torch.Size([1, 2]),
        "device": torch.device("cpu"),
        "dtype_torch": torch.float16,
        "layout": torch.strided,
        "big": 1 << 100,
        "class": Settings,
        "function": prefixed,
        "complex_tensor": torch.zeros(2, dtype=torch.complex64),
        "uint16_tensor": torch.zeros(2, dtype=torch.uint16),
        "sparse_tensor": torch.eye(2).to_sparse(),
        "loss": torch.nn.CrossEntropyLoss(),
    }


def main(folder):
    torch.manual_seed(0)
    state = tensors()

    def save(name, value, **options):
        torch.save(value, folder / name, **options)

    for protocol in (2, 3, 4, 5):
        save("everything_protocol%d.pth" % protocol, {"state_dict": state, **everything()}, pickle_protocol=protocol)
    save("everything_legacy.pth", {"state_dict": state, **everything()}, _use_new_zipfile_serialization=False)
    save("flat.pth", {**state, "epoch": 3, **everything()} | {"complex_tensor": 0, "uint16_tensor": 0, "sparse_tensor": 0})

    for key in ("model", "net", "ema", "model_state", "network", "weights"):
        save("under_%s.pth" % key, {"epoch": 3, key: state})
    save("under_two.pth", {"trainer": {"best": {"weights": state}}, "callbacks": {"best_score": torch.tensor(0.5)}})
    save("model_and_ema.pth", {"model": state, "ema": {"module": prefixed(state, "module.")}})
    save("subclass.pth", Weights(state))
    save("in_default_dict.pth", {"net": collections.defaultdict(int, state)})
    save("in_namespace.pth", {"state": argparse.Namespace(weights=1), "nets": Settings(first=state)})

    for number, prefix in enumerate(["module.", "_orig_mod.", "model.", "module._orig_mod.", "_orig_mod.module.",
                                     "model._orig_mod.", "model.module."]):
        save("prefix%d.pth" % number, {"state_dict": prefixed(state, prefix)})

    averaged = torch.optim.swa_utils.AveragedModel(Holder(state))
    save("averaged.pth", averaged.state_dict())
    extra = prefixed(state, "module.")
    extra["module.norm.num_batches_tracked"] = torch.tensor(5)
    extra["module._extra_state"] = {"note": Slotted()}
    save("extra_state.pth", extra)

    noted = collections.OrderedDict((key, tensor.clone()) for key, tensor in state.items())
    for tensor in noted.values():
        tensor.note = Slotted()
    save("attributes.pth", noted)
    parameters = collections.OrderedDict((key, torch.nn.Parameter(tensor.clone())) for key, tensor in state.items())
    for parameter in parameters.values():
        parameter.note = {"a": 1}
    save("parameters_with_attributes.pth", parameters)
    save("tensor_subclass.pth", collections.OrderedDict((key, tensor.as_subclass(Noted)) for key, tensor in state.items()))
    buffers = collections.OrderedDict((key, torch.nn.Buffer(tensor.clone())) for key, tensor in state.items())
    save("buffers.pth", buffers)

    torch.serialization.set_crc32_options(False)
    save("without_crc.pth", state)
    torch.serialization.set_crc32_options(True)

    # These files are refused, with a message that says what to do.
    save("whole_network.pth", Net(state))
    save("whole_network_legacy.pth", Net(state), _use_new_zipfile_serialization=False)
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / "torchscript.pth"))
    save("only_numbers.pth", {"epoch": 3, "names": ["a"], "when": datetime.date(2026, 1, 2)})
    save("one_tensor.pth", state[KEYS[0]])
    save("complex_weight.pth", {KEYS[0]: state[KEYS[0]].to(torch.complex64), KEYS[2]: state[KEYS[2]]})
    save("sparse_weight.pth", {KEYS[0]: torch.eye(2).to_sparse(), KEYS[1]: state[KEYS[1]]})


class Holder(torch.nn.Module):
    """A module whose state dict has the names of the authors' network."""

    def __init__(self, state):
        super().__init__()
        for key, tensor in state.items():
            *path, last = key.split(".")
            module = self
            for name in path:
                if not hasattr(module, name):
                    module.add_module(name, torch.nn.Module())
                module = getattr(module, name)
            module.register_parameter(last, torch.nn.Parameter(tensor.clone()))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
