"""Makes the foreign sparse autoencoders of ./fixtures, each with what its library computes for 16 rows.

    python make-fixtures.py            (needs torch, numpy, safetensors; made with torch 2.15.0)

Every forward pass is written out here in float32, after the code of the library named; nothing of the libraries is
imported. Python is needed to make the fixtures again, never to run or test Switchyard. expected.safetensors of each
fixture holds acts [16, D], code [16, F] (the values of features, after the choice) and reconstruction [16, D].
"""

import json
import os
import shutil
import zipfile
from collections import OrderedDict

import torch
from safetensors.torch import save_file

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
D, F, E, ROWS = 8, 32, 4, 16
relu = torch.nn.functional.relu


def drawn(seed):
    g = torch.Generator().manual_seed(seed)

    def draw(*shape, scale=1.0):
        return torch.randn(*shape, generator=g) * scale

    return draw


def acts_of(draw):
    """Rows whose mean and spread differ, so that a forgotten bias or normalisation shows."""
    return draw(ROWS, D) * (1 + draw(ROWS, 1).abs()) + draw(D, scale=0.5)


def dictionary(draw):
    """Encoder and decoder as [F, D]; decoder norms from 0.5 to 1.5."""
    w_enc = draw(F, D, scale=0.4)
    w_dec = draw(F, D)
    w_dec = w_dec / w_dec.norm(dim=1, keepdim=True) * (0.5 + torch.linspace(0, 1, F))[:, None]
    return w_enc, w_dec


def top_k(z, k):
    values, indices = z.topk(k, dim=-1)
    return torch.zeros_like(z).scatter_(-1, indices, relu(values))


def put(name, files, acts, code, reconstruction):
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for file, content in files.items():
        path = os.path.join(folder, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if file.endswith(".json"):
            with open(path, "w") as f:
                json.dump(content, f, indent=2)
                f.write("\n")
        elif file.endswith(".safetensors"):
            save_file({k: v.contiguous() for k, v in content.items()}, path)
        else:
            saved, options = content if isinstance(content, tuple) else (content, {})
            torch.save(saved, path, **options)
    expected = {"acts": acts, "code": code, "reconstruction": reconstruction}
    save_file({k: v.contiguous() for k, v in expected.items()}, os.path.join(folder, "expected.safetensors"))


# ---------------------------------------------------------------------------------------------------- SAELens 6


def sae_lens(name, seed, architecture, expert, *, cfg=None, apply_b_dec=True, normalise="none", extra=None):
    draw = drawn(seed)
    w_enc, w_dec = dictionary(draw)
    b_dec, b_enc = draw(D, scale=0.3), draw(F, scale=0.2)
    tensors = {"W_enc": w_enc.T, "W_dec": w_dec, "b_dec": b_dec, "b_enc": b_enc}
    acts = acts_of(draw)
    x = acts
    if normalise == "layer_norm":
        mean = x.mean(dim=-1, keepdim=True)
        std = (x - mean).std(dim=-1, keepdim=True)
        x = (x - mean) / (std + 1e-5)
    code = expert(draw, tensors, x - b_dec if apply_b_dec else x)
    scaled = code
    if cfg and cfg.get("rescale_acts_by_decoder_norm"):
        scaled = code / w_dec.norm(dim=-1)
    if cfg and cfg.get("finetuning_scaling_factor"):
        scaled = code * tensors["scaling_factor"]
    reconstruction = scaled @ w_dec + b_dec
    if normalise == "layer_norm":
        reconstruction = reconstruction * std + mean
    config = {
        "architecture": architecture,
        "d_in": D,
        "d_sae": F,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": apply_b_dec,
        "normalize_activations": normalise,
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": "6.18.0", "model_name": "gpt2", "hook_name": "blocks.8.hook_resid_pre"},
    }
    files = {"cfg.json": {**config, **(cfg or {})}, "sae_weights.safetensors": tensors, **(extra or {})}
    put(name, files, acts, code, reconstruction)


def standard(draw, t, x):
    return relu(x @ t["W_enc"] + t["b_enc"])


def topk_of(k, rescale=False):
    def expert(draw, t, x):
        z = x @ t["W_enc"] + t["b_enc"]
        return top_k(z * t["W_dec"].norm(dim=-1) if rescale else z, k)

    return expert


def jumprelu(draw, t, x):
    t["threshold"] = draw(F).abs() * 0.5
    z = x @ t["W_enc"] + t["b_enc"]
    return relu(z) * (z > t["threshold"])


def gated(draw, t, x):
    del t["b_enc"]
    t["b_gate"], t["b_mag"], t["r_mag"] = draw(F, scale=0.3), draw(F, scale=0.3), draw(F, scale=0.3)
    gate = x @ t["W_enc"] + t["b_gate"]
    magnitude = x @ (t["W_enc"] * t["r_mag"].exp()) + t["b_mag"]
    return (gate > 0) * relu(magnitude)


def fine_tuned(draw, t, x):
    t["scaling_factor"] = 1 + draw(F).abs()
    return standard(draw, t, x)


def make_sae_lens():
    sae_lens("saelens-standard", 1, "standard", standard)
    sae_lens("saelens-standard-raw-input", 2, "standard", standard, apply_b_dec=False)
    sae_lens("saelens-topk", 3, "topk", topk_of(4), cfg={"k": 4, "rescale_acts_by_decoder_norm": False})
    rescale = {"k": 4, "rescale_acts_by_decoder_norm": True}
    sae_lens("saelens-topk-rescaled", 4, "topk", topk_of(4, rescale=True), cfg=rescale)
    sae_lens("saelens-jumprelu", 5, "jumprelu", jumprelu)
    sae_lens("saelens-gated", 6, "gated", gated)
    sae_lens("saelens-topk-layer-norm", 7, "topk", topk_of(5), cfg={"k": 5}, normalise="layer_norm")
    # The flat keys before version 6: no architecture for a top-k, a tensor of fine-tuned factors.
    flat = {"metadata": None, "hook_point": "blocks.8.hook_resid_pre", "normalize_activations": False}
    old = {**flat, "architecture": None, "activation_fn_str": "topk", "activation_fn_kwargs": {"k": 3}}
    sae_lens("saelens-5-topk", 8, "standard", topk_of(3), cfg=old)
    tuned = {**flat, "activation_fn_str": "relu", "finetuning_scaling_factor": True}
    sae_lens("saelens-5-finetuned", 9, "standard", fine_tuned, cfg=tuned)
    make_unfolded()


def make_unfolded():
    """A checkpoint while it trains: inputs are multiplied by a factor that stands in activation_scaler.json."""
    draw = drawn(10)
    w_enc, w_dec = dictionary(draw)
    b_dec, b_enc, scale = draw(D, scale=0.3), draw(F, scale=0.2), 0.37
    acts = acts_of(draw)
    z = (acts * scale - b_dec) @ w_enc.T + b_enc
    threshold = torch.tensor(0.25, dtype=torch.float64)
    code = relu(z) * (z > threshold)
    config = {
        "architecture": "batchtopk", "d_in": D, "d_sae": F, "k": 3.0, "apply_b_dec_to_input": True,
        "normalize_activations": "expected_average_only_in", "metadata": {"sae_lens_version": "6.18.0"},
    }
    weights = {"W_enc": w_enc.T, "W_dec": w_dec, "b_dec": b_dec, "b_enc": b_enc, "topk_threshold": threshold}
    files = {"cfg.json": config, "sae_weights.safetensors": weights,
             "activation_scaler.json": {"scaling_factor": scale}}
    # In the units of the activations: the factor divides the code as it divides the reconstruction.
    put("saelens-batchtopk-unfolded", files, acts, code / scale, (code @ w_dec + b_dec) / scale)


# ---------------------------------------------------------------------------------------- dictionary_learning


def trainer_config(dict_class, **more):
    return {"trainer": {"trainer_class": "T", "dict_class": dict_class, "activation_dim": D, "dict_size": F,
                        "lr": 1e-3, "steps": 10, "seed": 0, "device": "cpu", "layer": 8, "lm_name": "gpt2", **more},
            "buffer": {"d_submodule": D, "io": "out", "n_ctxs": 10, "ctx_len": 128}}


def dictionary_learning(name, seed, dict_class, build, *, config=None, options=None, file="ae.pt", backup=None):
    draw = drawn(seed)
    w_enc, w_dec = dictionary(draw)
    acts = acts_of(draw)
    norm = backup["norm_factor"] if backup else 1.0
    state, code, reconstruction = build(draw, w_enc, w_dec, acts / norm)
    state = OrderedDict(state)
    state._metadata = OrderedDict({"": {"version": 1}})  # as nn.Module.state_dict leaves it
    config = trainer_config(dict_class, **(config or {}))
    saved = {"step": 7, "ae": state, "optimizer": adam_state(draw), "config": config["trainer"], **backup} if backup else state
    files = {file: (saved, options or {})}
    if not backup:
        files["config.json"] = config
    put(name, files, acts, code * norm, reconstruction * norm)


def adam_state(draw):
    moment = {"step": torch.tensor(7.0), "exp_avg": draw(F, D), "exp_avg_sq": draw(F, D)}
    group = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "amsgrad": False, "foreach": None, "params": [0]}
    return {"state": {0: moment}, "param_groups": [group]}


def auto_encoder(draw, w_enc, w_dec, x):
    bias, b_enc = draw(D, scale=0.3), draw(F, scale=0.2)
    f = relu((x - bias) @ w_enc.T + b_enc)
    state = {"bias": bias, "encoder.weight": w_enc, "encoder.bias": b_enc, "decoder.weight": w_dec.T.contiguous()}
    return state, f, f @ w_dec + bias


def auto_encoder_new(draw, w_enc, w_dec, x):
    b_enc, b_dec = draw(F, scale=0.2), draw(D, scale=0.3)
    f = relu(x @ w_enc.T + b_enc)
    state = {"encoder.weight": w_enc, "encoder.bias": b_enc, "decoder.weight": w_dec.T, "decoder.bias": b_dec}
    return state, f, f @ w_dec + b_dec  # decoder.weight is a transposed view: strides (1, D)


def gated_auto_encoder(draw, w_enc, w_dec, x):
    bias, r_mag, gate, mag = draw(D, scale=0.3), draw(F, scale=0.3), draw(F, scale=0.3), draw(F, scale=0.3)
    z = (x - bias) @ w_enc.T
    f = (z + gate > 0) * relu(r_mag.exp() * z + mag)
    state = {"decoder_bias": bias, "r_mag": r_mag, "gate_bias": gate, "mag_bias": mag,
             "encoder.weight": w_enc, "decoder.weight": w_dec.T.contiguous()}
    return state, f, f @ w_dec + bias


def auto_encoder_top_k(draw, w_enc, w_dec, x):
    b_dec, b_enc = draw(D, scale=0.3), draw(F, scale=0.2)
    f = top_k(relu((x - b_dec) @ w_enc.T + b_enc), 4)
    state = {"k": torch.tensor(4, dtype=torch.int), "threshold": torch.tensor(-1.0), "b_dec": b_dec,
             "encoder.weight": w_enc, "encoder.bias": b_enc, "decoder.weight": w_dec.T.contiguous()}
    return state, f, f @ w_dec + b_dec


def batch_top_k(draw, w_enc, w_dec, x):
    state, _, _ = auto_encoder_top_k(draw, w_enc, w_dec, x)
    state["threshold"] = torch.tensor(0.4)
    z = relu((x - state["b_dec"]) @ w_enc.T + state["encoder.bias"])
    f = z * (z > state["threshold"])
    return state, f, f @ w_dec + state["b_dec"]


def jump_relu(draw, w_enc, w_dec, x):
    b_enc, b_dec, threshold = draw(F, scale=0.2), draw(D, scale=0.3), draw(F).abs() * 0.5
    z = x @ w_enc.T + b_enc
    f = relu(z * (z > threshold))
    state = {"W_enc": w_enc.T.contiguous(), "b_enc": b_enc, "W_dec": w_dec, "b_dec": b_dec, "threshold": threshold}
    return state, f, f @ w_dec + b_dec


def matryoshka(draw, w_enc, w_dec, x):
    b_enc, b_dec, threshold = draw(F, scale=0.2), draw(D, scale=0.3), torch.tensor(0.3)
    z = relu((x - b_dec) @ w_enc.T + b_enc)
    f = z * (z > threshold)
    state = {"k": torch.tensor(4, dtype=torch.int), "threshold": threshold,
             "group_sizes": torch.tensor([3, 7, 22]), "W_enc": w_enc.T.contiguous(), "b_enc": b_enc,
             "W_dec": w_dec, "b_dec": b_dec}
    return state, f, f @ w_dec + b_dec


def make_dictionary_learning():
    dictionary_learning("dl-auto-encoder", 21, "AutoEncoder", auto_encoder)
    dictionary_learning("dl-auto-encoder-new", 22, "AutoEncoderNew", auto_encoder_new)
    dictionary_learning("dl-gated", 23, "GatedAutoEncoder", gated_auto_encoder)
    dictionary_learning("dl-top-k", 24, "AutoEncoderTopK", auto_encoder_top_k, config={"k": 4})
    dictionary_learning("dl-batch-top-k", 25, "BatchTopKSAE", batch_top_k, config={"k": 4})
    dictionary_learning("dl-jump-relu", 26, "JumpReluAutoEncoder", jump_relu)
    dictionary_learning("dl-matryoshka", 27, "MatryoshkaBatchTopKSAE", matryoshka, config={"k": 4})
    dictionary_learning("dl-backup", 28, "BatchTopKSAE", batch_top_k, config={"k": 4}, backup={"norm_factor": 2.5})
    old = {"_use_new_zipfile_serialization": False}
    dictionary_learning("dl-legacy-file", 29, "AutoEncoder", auto_encoder, options=old, file="checkpoints/ae_10.pt")


# ---------------------------------------------------------------------------------- switch_sae, sparsify, openai


def switch(name, seed, *, heaviside=False, shared=True, k=3):
    draw = drawn(seed)
    w_enc, w_dec = dictionary(draw)
    router, b_dec = draw(E, D), draw(D, scale=0.3)
    b_router = b_dec.clone() if shared else draw(D, scale=0.3)
    acts = acts_of(draw)
    z = relu((acts - b_dec) @ w_enc.T)
    p = torch.softmax((acts - b_router) @ router.T, dim=-1)
    top, chosen = p.topk(1, dim=-1)
    gate = torch.zeros_like(p).scatter_(-1, chosen, torch.ones_like(top) if heaviside else top)
    f = z * gate.repeat_interleave(F // E, dim=-1)
    values, indices = f.topk(k, dim=-1, sorted=False)
    code = torch.zeros_like(f).scatter_(-1, indices, values)
    state = OrderedDict({"decoder": w_dec, "b_dec": b_dec, "b_router": b_router,
                         "encoder.weight": w_enc, "router.weight": router})
    config = trainer_config("SwitchAutoEncoder", k=k, experts=E, heaviside=heaviside, lb_alpha=3)
    put(name, {"ae.pt": state, "config.json": config}, acts, code, code @ w_dec + b_dec)


def sparsify(name, seed):
    draw = drawn(seed)
    w_enc, w_dec = dictionary(draw)
    b_enc, b_dec = draw(F, scale=0.2), draw(D, scale=0.3)
    acts = acts_of(draw)
    code = top_k(relu((acts - b_dec) @ w_enc.T + b_enc), 5)
    config = {"activation": "topk", "expansion_factor": 4, "normalize_decoder": True, "num_latents": 0, "k": 5,
              "multi_topk": False, "skip_connection": False, "transcode": False, "d_in": D}
    weights = {"encoder.weight": w_enc, "encoder.bias": b_enc, "W_dec": w_dec, "b_dec": b_dec}
    put(name, {"cfg.json": config, "sae.safetensors": weights}, acts, code, code @ w_dec + b_dec)


def openai(name, seed, activation):
    draw = drawn(seed)
    w_enc, w_dec = dictionary(draw)
    pre_bias, latent_bias = draw(D, scale=0.3), draw(F, scale=0.2)
    acts = acts_of(draw)
    x, mean, std = acts, 0.0, 1.0
    if activation == "TopK":
        mean = x.mean(dim=-1, keepdim=True)
        x = x - mean
        std = x.std(dim=-1, keepdim=True)
        x = x / (std + 1e-5)
    z = (x - pre_bias) @ w_enc.T + latent_bias
    code = top_k(z, 4) if activation == "TopK" else relu(z)
    state = OrderedDict({
        "pre_bias": pre_bias, "latent_bias": latent_bias, "stats_last_nonzero": torch.zeros(F, dtype=torch.long),
        "latents_activation_frequency": torch.ones(F), "latents_mean_square": torch.zeros(F),
        "encoder.weight": w_enc, "decoder.weight": w_dec.T.contiguous(), "activation": activation,
        "activation_state_dict": OrderedDict({"k": 4, "postact_fn": "ReLU"} if activation == "TopK" else {})})
    put(name, {"model.pt": state}, acts, code, (code @ w_dec + pre_bias) * std + mean)


def make_types():
    """Every type of number that torch stores, for the reader of torch files alone."""
    values = torch.tensor([[0, 1, 2], [3, 100, 5]])
    types = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
             torch.int8, torch.uint8]
    state = {str(t).removeprefix("torch."): values.to(t) for t in types}
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    state |= {"bool": values > 1, "permuted": base.permute(2, 0, 1), "slice": base[1, :, 1:3], "scalar": torch.tensor(7),
              "empty": torch.zeros(0, 3), "doubles": torch.arange(6, dtype=torch.float64).reshape(2, 3).T,
              "parameter": torch.nn.Parameter(torch.tensor([1.5, -2.5])), "nested": {"list": [1, 2.5, "three", None, True, (4,)]}}
    folder = os.path.join(HERE, "torch-types")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, new in (("zip.pt", True), ("legacy.pt", False)):
        torch.save(state, os.path.join(folder, name), _use_new_zipfile_serialization=new)
    torch.save(state, os.path.join(folder, "protocol-4.pt"), pickle_protocol=4)
    # Zipped again by another program: entries are deflated.
    with zipfile.ZipFile(os.path.join(folder, "zip.pt")) as given:
        with zipfile.ZipFile(os.path.join(folder, "deflated.pt"), "w", zipfile.ZIP_DEFLATED) as made:
            for name in given.namelist():
                made.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), given.read(name), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    make_sae_lens()
    make_dictionary_learning()
    switch("switch-sae", 41)
    switch("switch-sae-heaviside", 42, heaviside=True, shared=False)
    switch("switch-sae-small-experts", 43, k=11)
    sparsify("sparsify", 44)
    openai("openai-top-k", 45, "TopK")
    openai("openai-relu", 46, "ReLU")
    make_types()
