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

CPU = torch.device("cpu")
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
            tensor.cpu().contiguous().numpy().tofile(stream)


def use_device(name: str) -> torch.device:
    """A device to compute on in float32 proper: without the ten bits of TF32 that a GPU may multiply by."""
    torch.set_float32_matmul_precision("highest")
    return torch.device(name)


def wait_for(device: torch.device) -> None:
    """Waits until a GPU has done what it was handed."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def describe(device: torch.device = CPU) -> dict[str, object]:
    """The build of PyTorch, how many threads it computes with, and on which GPU."""
    return {**_describe_build(), **(_describe_card(device) if device.type == "cuda" else {})}


def _describe_card(device: torch.device) -> dict[str, object]:
    return {
        "cuda": torch.version.cuda,
        "card": torch.cuda.get_device_name(device),
        "capability": ".".join(str(part) for part in torch.cuda.get_device_capability(device)),
        "float32MatmulPrecision": torch.get_float32_matmul_precision(),
    }


def _describe_build() -> dict[str, object]:
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "mkl": torch.backends.mkl.is_available(),
        "onednn": torch.backends.mkldnn.is_available(),
        # Without the compiler's flags, which fill a page.
        "config": [line.strip(" -")[:160] for line in torch.__config__.show().splitlines()[1:]],
    }


def rates(device: torch.device = CPU) -> dict[str, float]:
    """The fastest of PyTorch's float32 product of two large matrices, and of a stream that no cache holds.

    On the processor, a scaling of 64 MiB in place; on a GPU, a copy of 256 MiB.
    """
    is_gpu = device.type == "cuda"
    size, length, tries = (4096, 1 << 26, 15) if is_gpu else (2048, 1 << 24, 15)
    left, right = torch.rand(size, size, device=device), torch.rand(size, size, device=device)
    out, vector = torch.empty(size, size, device=device), torch.rand(length, device=device)
    copied = torch.empty_like(vector) if is_gpu else vector

    def stream() -> object:
        return copied.copy_(vector) if is_gpu else vector.mul_(0.999)

    product = min(_seconds(lambda: torch.mm(left, right, out=out), device) for _ in range(tries))
    streaming = min(_seconds(stream, device) for _ in range(tries))
    return {"flopsPerSecond": 2 * size**3 / product, "bytesPerSecond": 2 * 4 * length / streaming}


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    wait_for(device)
    calls = 20 if device.type == "cuda" else 1
    started = time.perf_counter()
    for _ in range(calls):
        run()
    wait_for(device)
    return (time.perf_counter() - started) / calls


def serve(calls: Mapping[str, Callable[..., object]]) -> None:
    """Answers calls until the input ends: {"call": name, ...arguments} -> {"result": ...}."""
    for line in sys.stdin:
        arguments = json.loads(line)
        result = calls[arguments.pop("call")](**arguments)
        sys.stdout.write(json.dumps({"result": result}) + "\n")
        sys.stdout.flush()
