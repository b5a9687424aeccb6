"""What the PyTorch halves of the benchmarks have in common: safetensors files, and calls as lines of JSON.

A half is a process that the Node half starts. It answers one line of JSON on its output for every line of JSON on its
input, and ends with its input.
"""

import json
import struct
import sys
import time
from collections.abc import Callable, Mapping

import torch

_TYPES = {"F32": torch.float32, "F16": torch.float16, "I32": torch.int32}
_NAMES = {kind: name for name, kind in _TYPES.items()}


def read_safetensors(file: str) -> dict[str, torch.Tensor]:
    """All tensors of a file by name, in the types that the benchmarks write."""
    with open(file, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
        data = bytearray(stream.read())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        flat = torch.frombuffer(data, dtype=torch.uint8, offset=start, count=end - start)
        # Copied, so that every tensor has aligned memory of its own.
        tensors[name] = flat.clone().view(_TYPES[entry["dtype"]]).view(entry["shape"])
    return tensors


def write_safetensors(file: str, tensors: Mapping[str, torch.Tensor]) -> None:
    """Writes float32, float16 and int32 tensors; row-major."""
    header, end = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with open(file, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            tensor.contiguous().numpy().tofile(stream)


def describe() -> dict[str, object]:
    """The build of PyTorch and how many threads it computes with."""
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "mkl": torch.backends.mkl.is_available(),
        "onednn": torch.backends.mkldnn.is_available(),
        # Without the compiler's flags, which fill a page.
        "config": [line.strip(" -")[:160] for line in torch.__config__.show().splitlines()[1:]],
    }


def rates() -> dict[str, float]:
    """The fastest of PyTorch's float32 product of two large matrices, and of a scaling of 64 MiB in place."""
    size, length, tries = 2048, 1 << 24, 15
    left, right, out = torch.rand(size, size), torch.rand(size, size), torch.empty(size, size)
    vector = torch.rand(length)
    product = min(_seconds(lambda: torch.mm(left, right, out=out)) for _ in range(tries))
    scaling = min(_seconds(lambda: vector.mul_(0.999)) for _ in range(tries))
    return {"flopsPerSecond": 2 * size**3 / product, "bytesPerSecond": 2 * 4 * length / scaling}


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def serve(calls: Mapping[str, Callable[..., object]]) -> None:
    """Answers calls until the input ends: {"call": name, ...arguments} -> {"result": ...}."""
    for line in sys.stdin:
        arguments = json.loads(line)
        result = calls[arguments.pop("call")](**arguments)
        sys.stdout.write(json.dumps({"result": result}) + "\n")
        sys.stdout.flush()
