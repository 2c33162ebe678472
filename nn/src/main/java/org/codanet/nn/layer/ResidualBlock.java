package org.codanet.nn.layer;

import java.util.ArrayList;
import java.util.List;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.Relu;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * A residual block: {@code y = relu(body(x) + shortcut(x))}. Without layers the shortcut is the identity. Source: He et al., CVPR 2016.
 */
public final class ResidualBlock implements Layer {
    private final String name;
    private final Device device;
    private final Scope scope;
    private final Sequential body;
    private final Sequential shortcut;
    private final Relu relu;

    /**
     * A block of layers that exist already.
     *
     * @param scope owner of the block's operation, and of temporary tensors during a backward pass
     * @param body at least one layer
     * @param shortcut may be empty
     */
    public ResidualBlock(String name, Device device, Scope scope, List<Layer> body, List<Layer> shortcut) {
        this.name = name;
        this.device = device;
        this.scope = scope;
        this.body = new Sequential(device, body);
        this.shortcut = shortcut.isEmpty() ? null : new Sequential(device, shortcut);
        this.relu = device.relu(scope);
    }

    /**
     * One pass of a block.
     *
     * @param body null if the pass was run for inference
     * @param shortcut null if the pass was run for inference, or the shortcut is the identity
     */
    private record ForwardPass(ResidualBlock block, Tensor input, Tensor output, Passes body, Passes shortcut)
            implements Pass {
        /** The sum before the ReLU. It overwrites the body's output, which no gradient reads. */
        Tensor sum() {
            return body.output();
        }
    }

    @Override
    public String name() {
        return name + " residual block";
    }

    @Override
    public Shape outputShape(Shape input) {
        Shape output = body.outputShape(input);
        Shape added = shortcut == null ? input : shortcut.outputShape(input);
        if (!output.equals(added)) {
            throw new IllegalArgumentException(
                    "residual block: the body's output is " + output + ", that of the shortcut " + added);
        }
        return output;
    }

    @Override
    public List<Parameter> parameters() {
        return both(body.parameters(), shortcut == null ? List.of() : shortcut.parameters());
    }

    @Override
    public List<Parameter> statistics() {
        return both(body.statistics(), shortcut == null ? List.of() : shortcut.statistics());
    }

    private static List<Parameter> both(List<Parameter> first, List<Parameter> second) {
        List<Parameter> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    @Override
    public void prepare(Purpose purpose) {
        body.prepare(purpose);
        if (shortcut != null) {
            shortcut.prepare(purpose);
        }
    }

    @Override
    public Pass forward(Tensor x, Purpose purpose, Scope owner) {
        Tensor y = device.allocate(owner, outputShape(x.shape()));
        if (purpose == Purpose.INFERENCE) {
            try (Scope inner = owner.child(name)) {
                Tensor sum = body.infer(x, inner);
                device.elementwise().add(shortcut == null ? x : shortcut.infer(x, inner), 1, sum);
                relu.forward(sum, y);
            }
            return new ForwardPass(this, x, y, null, null);
        }
        Passes through = body.forward(x, purpose, owner);
        Passes around = shortcut == null ? null : shortcut.forward(x, purpose, owner);
        ForwardPass pass = new ForwardPass(this, x, y, through, around);
        device.elementwise().add(around == null ? x : around.output(), 1, pass.sum());
        relu.forward(pass.sum(), y);
        return pass;
    }

    @Override
    public void backward(Pass pass, Tensor dOut, Tensor dIn) {
        gradient(pass, dOut, dIn, Sequential::backward);
    }

    @Override
    public void inputGradient(Pass pass, Tensor dOut, Tensor dIn) {
        gradient(pass, dOut, dIn, Sequential::inputGradient);
    }

    /** The gradient of one branch. */
    @FunctionalInterface
    private interface BranchGradient {
        void run(Sequential branch, Passes passes, Tensor dOut, Tensor dIn, Scope scope);
    }

    private void gradient(Pass pass, Tensor dOut, Tensor dIn, BranchGradient branch) {
        ForwardPass own = own(pass);
        try (Scope inner = scope.child(name + " gradient")) {
            Tensor dSum = device.allocate(inner, own.sum().shape());
            relu.backward(ReluRule.GRADIENT, own.sum(), null, dOut, dSum);
            branch.run(body, own.body(), dSum, dIn, inner);
            if (shortcut != null) {
                Tensor around =
                        dIn == null ? null : device.allocate(inner, own.input().shape());
                branch.run(shortcut, own.shortcut(), dSum, around, inner);
                addTo(dIn, around);
            } else {
                addTo(dIn, dSum);
            }
        }
    }

    private void addTo(Tensor dIn, Tensor other) {
        if (dIn != null) {
            device.elementwise().add(other, 1, dIn);
        }
    }

    @Override
    public void backProject(Pass pass, Tensor dOut, Tensor dIn) {
        backProject(pass, ReluRule.GRADIENT, null, dOut, dIn);
    }

    @Override
    public void backProject(Pass pass, ReluRule rule, Pass baseline, Tensor dOut, Tensor dIn) {
        ForwardPass own = own(pass);
        ForwardPass start = baseline == null ? null : own(baseline);
        try (Scope inner = scope.child(name + " back-projection")) {
            Tensor dSum = device.allocate(inner, dOut.shape());
            relu.backward(rule, own.sum(), start == null ? null : start.sum(), dOut, dSum);
            body.backProject(own.body(), rule, start == null ? null : start.body(), dSum, dIn, inner);
            if (shortcut == null) {
                addTo(dIn, dSum);
                return;
            }
            Tensor around = device.allocate(inner, dIn.shape());
            shortcut.backProject(own.shortcut(), rule, start == null ? null : start.shortcut(), dSum, around, inner);
            addTo(dIn, around);
        }
    }

    @Override
    public int minUniformTargets(int targets) {
        return Math.max(body.minUniformTargets(targets), shortcut == null ? 1 : shortcut.minUniformTargets(targets));
    }

    private ForwardPass own(Pass pass) {
        if (!(pass instanceof ForwardPass own) || own.block() != this || own.body() == null) {
            throw new IllegalStateException(
                    name() + ": this pass was run for inference or by another layer, so it has no forward state");
        }
        return own;
    }
}
