"""Two PyTorch programs, each in two versions, that train the same sparse autoencoder as Switchyard, one step a call.

  paper         the algorithm of the paper's authors: all F features of every row are computed, masked by the routed
                block, and cut to the k largest; the decoder's rows are gathered; autograd computes the gradients.
  tuned-paper   the same with the decoder's rows summed by an embedding bag, as the authors' kernel for GPUs does.
  sparse-top-k  one expert: decoded by an embedding bag, with a gradient written by hand that touches active features
                only and is added up by index_add.
  tuned-top-k   the same, added up by embedding bags over pairs sorted by feature: the fastest that we found.

With one expert, paper and tuned-paper have no router and no mask: the authors' TopK autoencoder.

All renormalise the decoder, clip at global norm 1, remove the decoder gradient's part along the decoder, and update by
PyTorch's fused Adam, in the order of the authors' code.

    python peer.py PROGRAM THREADS [cpu|cuda]

Batches lie on the device before a step begins, and a step is over when the device is.

Shapes: B rows, D width, F features, E experts, M = F/E, K active features a row.
See Mudide et al. 2024 (arXiv 2410.08201); amudide/switch_sae trainers/switch.py.
"""

import sys
import time

import torch
import torch.nn.functional as functional

from service import describe, rates, read_safetensors, serve, use_device, wait_for, write_safetensors

CLIP_NORM = 1.0
LOAD_BALANCE = 3.0


class Paper:
    """The authors' Switch autoencoder and its training step."""

    uses_bag = False

    def __init__(self, start: dict[str, torch.Tensor], k: int, learning_rate: float) -> None:
        self.k = k
        self.encoder = torch.nn.Parameter(start["encoder"])
        self.decoder = torch.nn.Parameter(start["decoder"])
        self.decoder_bias = torch.nn.Parameter(start["decoder_bias"])
        self.all = [self.encoder, self.decoder, self.decoder_bias]
        self.router = torch.nn.Parameter(start["router.weight"]) if "router.weight" in start else None
        if self.router is not None:
            # The authors' two biases share their storage from the first step on: both updates land on one vector.
            self.router_bias = torch.nn.Parameter(self.decoder_bias.data)
            self.all += [self.router, self.router_bias]
        # The second bias has an Adam of its own: a GPU updates all parameters of one at once, and would lose an update.
        groups = [self.all] if self.router is None else [self.all[:-1], self.all[-1:]]
        self.optimizers = [torch.optim.Adam(group, lr=learning_rate, fused=True) for group in groups]

    def parameters(self) -> dict[str, torch.Tensor]:
        router = {} if self.router is None else {"router.weight": self.router.data}
        return {
            "encoder": self.encoder.data,
            "decoder": self.decoder.data,
            "decoder_bias": self.decoder_bias.data,
            **router,
        }

    def step(self, acts: torch.Tensor) -> dict[str, float]:
        normalise_rows(self.decoder.data)
        loss, parts = self.losses(acts)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.all, CLIP_NORM, foreach=True)
        remove_parallel_component(self.decoder.grad, self.decoder.data)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return {name: value.item() for name, value in {"loss": loss, "gradientNorm": norm, **parts}.items()}

    def losses(self, acts: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        rows, width = acts.shape
        features = torch.relu(functional.linear(acts - self.decoder_bias, self.encoder))
        if self.router is None:
            reconstruction = self.reconstruction(acts, features)
            return reconstruction, {"reconstruction": reconstruction.detach()}
        experts = self.router.shape[0]
        probabilities = torch.softmax(functional.linear(acts - self.router_bias, self.router), dim=1)
        chosen = functional.one_hot(probabilities.argmax(dim=1), experts)
        masked = features.view(rows, experts, -1) * (probabilities * chosen).unsqueeze(2)
        reconstruction = self.reconstruction(acts, masked.view(rows, -1))
        balance = experts * (chosen.float().mean(dim=0) * probabilities.mean(dim=0)).sum()
        total = reconstruction + LOAD_BALANCE * width * balance
        return total, {"reconstruction": reconstruction.detach(), "load-balance": balance.detach()}

    def reconstruction(self, acts: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        values, indices = features.topk(self.k, dim=1, sorted=False)
        decoded = self.decode(indices, values)
        return (decoded + self.decoder_bias - acts).pow(2).sum(dim=1).mean()

    def decode(self, indices: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        if self.uses_bag:
            return functional.embedding_bag(indices, self.decoder, per_sample_weights=values, mode="sum")
        return torch.bmm(values.unsqueeze(1), self.decoder[indices]).squeeze(1)


class TunedPaper(Paper):
    uses_bag = True


class SparseTopK:
    """A TopK autoencoder whose backward pass is written by hand, over active features only."""

    sorts = False

    def __init__(self, start: dict[str, torch.Tensor], k: int, learning_rate: float) -> None:
        self.k = k
        self.encoder = torch.nn.Parameter(start["encoder"])
        self.decoder = torch.nn.Parameter(start["decoder"])
        self.bias = torch.nn.Parameter(start["decoder_bias"])
        self.all = [self.encoder, self.decoder, self.bias]
        self.optimizer = torch.optim.Adam(self.all, lr=learning_rate, fused=True)
        # [B, F], kept from step to step. Encoding a few rows at a time is slower: each product packs the encoder anew.
        self.preactivations = torch.empty(0)

    def parameters(self) -> dict[str, torch.Tensor]:
        return {"encoder": self.encoder.data, "decoder": self.decoder.data, "decoder_bias": self.bias.data}

    @torch.no_grad()
    def step(self, acts: torch.Tensor) -> dict[str, float]:
        normalise_rows(self.decoder)
        centred = acts - self.bias
        values, indices = self.encode(centred)
        error = functional.embedding_bag(indices, self.decoder, per_sample_weights=values, mode="sum")
        error.add_(self.bias).sub_(acts)
        loss = error.pow(2).sum() / len(acts)
        self.set_gradients(centred, error.mul_(2 / len(acts)), values, indices)
        norm = torch.nn.utils.clip_grad_norm_(self.all, CLIP_NORM, foreach=True)
        remove_parallel_component(self.decoder.grad, self.decoder)
        self.optimizer.step()
        return {"loss": loss.item(), "gradientNorm": norm.item(), "reconstruction": loss.item()}

    def encode(self, centred: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The k largest activations of every row: values [B, K] after ReLU, indices [B, K]."""
        if len(self.preactivations) != len(centred):
            self.preactivations = torch.empty(len(centred), len(self.encoder), device=centred.device)
        torch.mm(centred, self.encoder.t(), out=self.preactivations)
        values, indices = torch.topk(self.preactivations, self.k, dim=1, sorted=False)
        return values.relu_(), indices

    def set_gradients(
        self, centred: torch.Tensor, d_out: torch.Tensor, values: torch.Tensor, indices: torch.Tensor
    ) -> None:
        """Gradients of the loss, given its gradient by the reconstruction, d_out [B, D]."""
        rows, features = len(centred), len(self.encoder)
        # d_values[b, k] = d_out[b] . decoder[indices[b, k]], where the feature is active: what autograd calls for the
        # weights of an embedding bag. torch.sparse.sampled_addmm is as fast, a gather and a bmm four times slower.
        device = indices.device
        starts = torch.arange(0, rows * self.k, self.k, device=device)
        bag_of = torch.arange(rows, device=device).repeat_interleave(self.k, output_size=rows * self.k)
        products = torch.ops.aten._embedding_bag_per_sample_weights_backward(
            d_out, self.decoder, indices.view(-1), starts, bag_of, 0
        )
        d_values = products * (values.view(-1) > 0)
        self.accumulate(d_out, centred, values.view(-1), d_values, indices)
        d_features = torch.zeros(features, device=device).index_add_(0, indices.view(-1), d_values)
        self.bias.grad = d_out.sum(dim=0) - d_features @ self.encoder

    def accumulate(
        self,
        d_out: torch.Tensor,
        centred: torch.Tensor,
        values: torch.Tensor,
        d_values: torch.Tensor,
        indices: torch.Tensor,
    ) -> None:
        """For every feature the rows in which it is active, scaled and summed: the gradients of both matrices."""
        features = len(self.encoder)
        if not self.sorts:
            rows = torch.arange(len(indices), device=indices.device)
            row_of = rows.repeat_interleave(self.k, output_size=indices.numel())
            for parameter, rows_bd, coefficients in [(self.decoder, d_out, values), (self.encoder, centred, d_values)]:
                scaled = rows_bd[row_of] * coefficients.unsqueeze(1)
                parameter.grad = torch.zeros_like(parameter).index_add_(0, indices.view(-1), scaled)
            return
        flat, order = torch.sort(indices.view(-1).int(), stable=True)
        row_of = (order // self.k).int()
        all_features = torch.arange(features + 1, dtype=torch.int32, device=indices.device)
        bags = torch.searchsorted(flat, all_features, out_int32=True)

        def bagged(rows_bd: torch.Tensor, coefficients: torch.Tensor) -> torch.Tensor:
            weights = coefficients[order]
            return functional.embedding_bag(
                row_of, rows_bd, bags, mode="sum", per_sample_weights=weights, include_last_offset=True
            )

        self.decoder.grad = bagged(d_out, values)
        self.encoder.grad = bagged(centred, d_values)


class TunedTopK(SparseTopK):
    sorts = True


def normalise_rows(matrix: torch.Tensor) -> None:
    matrix.div_(torch.linalg.vector_norm(matrix, dim=1, keepdim=True))


def remove_parallel_component(gradient: torch.Tensor, unit_rows: torch.Tensor) -> None:
    along = torch.linalg.vecdot(gradient, unit_rows).unsqueeze(1)
    gradient.addcmul_(along, unit_rows, value=-1)


def main() -> None:
    peers = {"paper": Paper, "tuned-paper": TunedPaper, "sparse-top-k": SparseTopK, "tuned-top-k": TunedTopK}
    peer = peers[sys.argv[1]]
    torch.set_num_threads(int(sys.argv[2]))
    device = use_device(sys.argv[3] if len(sys.argv) > 3 else "cpu")
    state: dict[str, object] = {}

    def start(folder: str, k: int, learning_rate: float) -> dict[str, object]:
        state["model"] = peer(read(f"{folder}/start.safetensors"), k, learning_rate)
        state["batches"] = list(read(f"{folder}/batches.safetensors").values())
        return describe(device)

    def read(file: str) -> dict[str, torch.Tensor]:
        return {name: tensor.to(device) for name, tensor in read_safetensors(file).items()}

    def step(index: int) -> dict[str, float]:
        batches = state["batches"]
        wait_for(device)
        started = time.perf_counter()
        measured = state["model"].step(batches[index % len(batches)])
        wait_for(device)
        return {**measured, "stepMs": 1000 * (time.perf_counter() - started)}

    def save(file: str) -> None:
        write_safetensors(file, state["model"].parameters())

    serve({"start": start, "step": step, "save": save, "rates": lambda: rates(device)})


if __name__ == "__main__":
    main()
