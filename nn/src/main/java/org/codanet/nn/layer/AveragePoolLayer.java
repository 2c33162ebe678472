package org.codanet.nn.layer;

import java.util.List;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** The mean over all positions, (N, H, W, C) to (N, 1, 1, C): {@link SumPool} with H·W as its temperature. */
public final class AveragePoolLayer implements Layer {
    private final String name;
    private final Device device;
    private final SumPool operation;

    /** A layer whose operation is owned by {@code scope}. */
    public AveragePoolLayer(String name, Device device, Scope scope) {
        this.name = name;
        this.device = device;
        this.operation = device.sumPool(scope);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Shape outputShape(Shape input) {
        if (input.rank() != 4) {
            throw new IllegalArgumentException("average pool: input is " + input + ", expected (N, H, W, C)");
        }
        return Shape.of(input.extent(0), 1, 1, input.extent(3));
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    /** Does nothing: there are no weights. */
    @Override
    public void prepare(Purpose purpose) {}

    @Override
    public Pass forward(Tensor x, Purpose purpose, Scope scope) {
        Tensor y = device.allocate(scope, outputShape(x.shape()));
        operation.forward(x, positions(x.shape()), 0, vectors(y));
        return new PlainPass(this, x, y);
    }

    private static double positions(Shape shape) {
        return (double) shape.extent(1) * shape.extent(2);
    }

    /** Views (N, 1, 1, C) as (N, C). */
    private static Tensor vectors(Tensor pooled) {
        return pooled.reshape(Shape.of(pooled.shape().extent(0), pooled.shape().extent(3)));
    }

    @Override
    public void backward(Pass pass, Tensor dOut, Tensor dIn) {
        if (dIn != null) {
            inputGradient(pass, dOut, dIn);
        }
    }

    @Override
    public void inputGradient(Pass pass, Tensor dOut, Tensor dIn) {
        PlainPass own = PlainPass.of(pass, this);
        dOut.require(own.output().shape(), name, "dOut");
        dIn.require(own.input().shape(), name, "dIn");
        operation.backward(vectors(dOut), positions(dIn.shape()), dIn);
    }

    @Override
    public void backProject(Pass pass, Tensor dOut, Tensor dIn) {
        PlainPass own = PlainPass.of(pass, this);
        Tensor upper = Targets.asImages(dOut, own.output().shape(), name, "dOut");
        Tensor lower = Targets.asImages(dIn, own.input().shape(), name, "dIn");
        operation.backward(vectors(upper), positions(lower.shape()), lower);
    }

    @Override
    public int minUniformTargets(int targets) {
        return 1;
    }
}
