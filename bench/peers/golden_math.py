"""A CoDA-Net written to be correct, not fast: it materialises the dynamic weights of every position and differentiates with autograd.

Every function computes in the floating-point type of its arguments. The golden values are computed in float64. Formulas: Böhle et al.,
CVPR 2021.
"""
import torch
import torch.nn.functional as F


class Geometry(dict):
    """The config of one dynamic alignment layer, as a golden file stores it."""

    @property
    def patch_length(self):
        return self["in_channels"] * self["kernel"] ** 2


def dynamic_alignment(x, a, b, bias, geometry, frozen=False):
    """One layer: (y, n), both (N, units, H', W'). With `frozen` the dynamic weights and the norm are constants, as in an explanation.

    Where the denominator of y is zero, y and all gradients of that position are 0.
    """
    kernel, stride, padding = geometry["kernel"], geometry["stride"], geometry["padding"]
    d, units = geometry.patch_length, geometry["out_channels"]
    codes = F.conv2d(x, a, stride=stride, padding=padding)
    images, _, height, width = codes.shape
    weights = F.conv2d(codes, b.reshape(d * units, -1, 1, 1), bias).view(images, d, units, height, width)
    patches = F.unfold(x, kernel, padding=padding, stride=stride).view(images, d, 1, height, width)
    squared = weights.square().sum(1)
    if frozen:
        weights, squared = weights.detach(), squared.detach()
    score = (weights * patches).sum(1)
    if geometry["norm"] == "WB":
        length = patches.square().sum(1)
        length = length.detach() if frozen else length
        bound = frobenius(a, b, geometry)
        bound = bound.detach() if frozen else bound
        alive = (length > 0).expand_as(score)
        factor = 1 / (bound.view(1, -1, 1, 1) * torch.where(length > 0, length, 1).sqrt())
    else:
        alive = squared > 0
        safe = torch.where(alive, squared, 1)
        factor = safe.rsqrt() if geometry["norm"] == "L2" else safe.sqrt() / (1 + safe)
    y = score * torch.where(alive, factor.expand_as(score), 0)
    return y, squared.detach().sqrt()


def frobenius(a, b, geometry):
    """For each unit, the Frobenius norm of the matrix that maps a patch to its dynamic weight."""
    d, units = geometry.patch_length, geometry["out_channels"]
    down = a.reshape(a.shape[0], d)
    up = b.reshape(d, units, -1)
    return torch.einsum("dur,re->ude", up, down).square().sum((1, 2)).sqrt()


def layer_results(tensors, config, dtype=torch.float64):
    """The results that a dau_layer file contains beside its inputs."""
    geometry = Geometry(config)
    x, a, b = (variable(tensors[k], dtype) for k in ("x", "A", "B"))
    bias = variable(tensors["b"], dtype) if config["bias"] else None
    g = tensors["grad_y"].to(dtype)
    y, n = dynamic_alignment(x, a, b, bias, geometry)
    inputs = [x, a, b] + ([bias] if config["bias"] else [])
    results = dict(zip(("grad_x", "grad_A", "grad_B", "grad_b"), torch.autograd.grad((y * g).sum(), inputs)))
    fixed, _ = dynamic_alignment(x, a, b, bias, geometry, frozen=True)
    results["backprojection"], = torch.autograd.grad((fixed * g).sum(), x)
    results.update(y=y.detach(), n=n)
    if config["norm"] == "WB":
        results["frobenius"] = frobenius(a, b, geometry).detach()
    return results


def state_keys(config):
    """The weights of a net under the keys of the published checkpoints, in their order."""
    return [f"{i}.weight_mod.weighting_f.{part}" for i in range(len(config["out_channels"]))
            for part in ("0.weight", "1.weight", "1.bias")]


def layers(config):
    channels = config["in_channels"]
    for out, rank, kernel, stride, padding in zip(*(config[k] for k in
                                                    ("out_channels", "ranks", "kernels", "strides", "paddings"))):
        yield Geometry(in_channels=channels, out_channels=out, rank=rank, kernel=kernel, stride=stride, padding=padding,
                       norm=config["norm"], bias=True)
        channels = out


def with_inverse(images):
    return torch.cat([images, 1 - images], 1)


def network(inputs, weights, config, frozen=False):
    """(logits, outputs of every layer)."""
    keys, outputs, x = state_keys(config), [], inputs
    for i, geometry in enumerate(layers(config)):
        a, b, bias = (weights[k] for k in keys[3 * i:3 * i + 3])
        x, _ = dynamic_alignment(x, a, b, bias, geometry, frozen)
        outputs.append(x)
    return x.sum((2, 3)) / config["temperature"] + config["logit_bias"], outputs


def loss_of(logits, targets, config):
    if config["loss"] == "CE":
        return F.cross_entropy(logits, targets)
    hot = F.one_hot(targets, config["num_classes"]).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, hot)


def net_results(tensors, config, dtype=torch.float64):
    """The results that a net file contains beside its images, targets and weights."""
    keys = state_keys(config)
    weights = {k: variable(tensors[k], dtype) for k in keys}
    inputs = variable(with_inverse(tensors["images"].to(dtype)), dtype)
    logits, outputs = network(inputs, weights, config)
    loss = loss_of(logits, tensors["targets"], config)
    gradients = torch.autograd.grad(loss, [inputs] + [weights[k] for k in keys])
    results = {"grad_input": gradients[0], "loss": loss.detach(), "logits": logits.detach()}
    results.update({f"grad.{k}": g for k, g in zip(keys, gradients[1:])})
    results.update({f"layer_output.{i}": y.detach() for i, y in enumerate(outputs)})
    fixed, _ = network(inputs, weights, config, frozen=True)
    maps = [torch.autograd.grad(fixed[:, k].sum(), inputs, retain_graph=True)[0] for k in range(config["num_classes"])]
    contributions = torch.stack(maps, 1) * inputs.detach().unsqueeze(1)
    total = contributions.sum((2, 3, 4)) + config["logit_bias"]
    results.update(contributions=contributions, evidence=logits.detach() - config["logit_bias"],
                   identity_error=(total - logits.detach()).abs())
    return results


def train_results(tensors, config, dtype=torch.float64):
    """Adam over the micro-batches of a train file: losses, steps, norms, the weights after each step, the schedules."""
    keys = state_keys(config)
    weights = {k: variable(tensors[k], dtype) for k in keys}
    parameters = [weights[k] for k in keys]
    adam = torch.optim.Adam(parameters, lr=config["lr"], betas=tuple(config["betas"]), eps=config["eps"],
                            weight_decay=config["weight_decay"])
    micro, virtual = config["batch_size"], config["virtual_batch_size"]
    losses, stepped, norms, clipped, results = [], [], [], [], {}
    # "authors": their counter starts one micro-batch ahead, so the first step of an epoch comes one micro-batch early.
    seen = micro if config["accumulation"] == "authors" else 0
    for images, targets in zip(tensors["images"].to(dtype), tensors["targets"]):
        logits, _ = network(with_inverse(images), weights, config)
        loss = loss_of(logits, targets, config)
        (loss * micro / virtual).backward()
        losses.append(loss.item())
        seen += micro
        stepped.append(int(seen % virtual == 0))
        if not stepped[-1]:
            continue
        norms.append(norm_of(parameters))
        if config["gradient_clipping"] is not None:
            torch.nn.utils.clip_grad_norm_(parameters, config["gradient_clipping"])
        clipped.append(norm_of(parameters))
        adam.step()
        adam.zero_grad()
        results.update({f"step{len(norms)}.{k}": v.detach().clone() for k, v in weights.items()})
    plan = config["schedule"]
    decay = [max(plan["base_lr"] / plan["decay_factor"] ** (e // plan["lr_steps"]), plan["min_lr"])
             for e in range(plan["num_epochs"])]
    # The rate rises from 2.5e-4 to 1e-3 in fifteen epochs, and is then halved every twentieth epoch.
    warm = [2.5e-4 + e * 7.5e-4 / 14 if e < 15 else 1e-3 / 2 ** (e // 20) for e in range(61)]
    results.update(micro_loss=double(losses), stepped=torch.tensor(stepped), grad_norm=double(norms),
                   grad_norm_clipped=double(clipped), schedule_simple_decay=double(decay),
                   schedule_imagenet_warmup=double(warm[:60]), schedule_imagenet_list=double(warm))
    return results


def variable(values, dtype):
    """A copy that gradients can be taken with respect to. `values` itself is not changed."""
    return values.detach().to(dtype, copy=True).requires_grad_()


def norm_of(parameters):
    return torch.sqrt(sum(p.grad.square().sum() for p in parameters)).item()


def double(values):
    return torch.tensor(values, dtype=torch.float64)


RESULTS = {"dau_layer": layer_results, "net": net_results, "train": train_results}
