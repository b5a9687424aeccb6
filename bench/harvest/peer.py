"""A PyTorch forward pass of GPT-2 up to the residual stream after a block: the peer of Switchyard's harvest.

Eager PyTorch at its best: fused attention, fused layer norm and GELU, products with the bias added in, no autograd.

Shapes: C contexts, T positions, N = C T rows, D width, H heads.
"""

import sys
import time

import torch
import torch.nn.functional as functional

from service import describe, read_safetensors, serve, write_safetensors


class Gpt2:
    """Weights by GPT-2's own names; linear weights are [in, out]."""

    def __init__(self, file: str, heads: int, epsilon: float, layer: int) -> None:
        tensors = read_safetensors(file)
        self.weights = {name.removeprefix("transformer."): tensor.float() for name, tensor in tensors.items()}
        self.heads, self.epsilon, self.layer = heads, epsilon, layer

    @torch.inference_mode()
    def residual_after(self, ids: torch.Tensor, skipped: int) -> torch.Tensor:
        """Activations [C * (T - skipped), D] of all positions but the first `skipped` of each context of ids [C, T]."""
        contexts, length = ids.shape
        embedded = functional.embedding(ids, self.weights["wte.weight"]) + self.weights["wpe.weight"][:length]
        x = embedded.view(contexts * length, -1)
        for block in range(self.layer + 1):
            x = x + self.attention(f"h.{block}", x, contexts)
            x = x + self.mlp(f"h.{block}", x)
        return x.view(contexts, length, -1)[:, skipped:].reshape(contexts * (length - skipped), -1)

    def attention(self, block: str, x: torch.Tensor, contexts: int) -> torch.Tensor:
        rows, width = x.shape
        qkv = self.linear(f"{block}.attn.c_attn", self.normalise(f"{block}.ln_1", x))
        split = qkv.view(contexts, rows // contexts, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(split[0], split[1], split[2], is_causal=True)
        return self.linear(f"{block}.attn.c_proj", mixed.transpose(1, 2).reshape(rows, width))

    def mlp(self, block: str, x: torch.Tensor) -> torch.Tensor:
        inner = self.linear(f"{block}.mlp.c_fc", self.normalise(f"{block}.ln_2", x))
        return self.linear(f"{block}.mlp.c_proj", functional.gelu(inner, approximate="tanh"))

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.weights[f"{name}.bias"], x, self.weights[f"{name}.weight"])

    def normalise(self, name: str, x: torch.Tensor) -> torch.Tensor:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return functional.layer_norm(x, (x.shape[1],), weight, bias, self.epsilon)


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    state: dict[str, object] = {}

    def start(model: str, batches: str, heads: int, epsilon: float, layer: int, skipped: int) -> dict[str, object]:
        state["model"] = Gpt2(model, heads, epsilon, layer)
        state["batches"] = list(read_safetensors(batches).values())
        state["skipped"] = skipped
        return describe()

    def harvest(index: int, file: str | None = None) -> dict[str, float]:
        batches = state["batches"]
        started = time.perf_counter()
        acts = state["model"].residual_after(batches[index % len(batches)], state["skipped"])
        seconds = time.perf_counter() - started
        if file is not None:
            write_safetensors(file, {"acts": acts})
        return {"ms": 1000 * seconds}

    serve({"start": start, "harvest": harvest})


if __name__ == "__main__":
    main()
