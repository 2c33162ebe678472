package org.codanet.bench;

import java.util.List;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.Experiments;
import org.codanet.model.LayerConfig;
import org.codanet.model.LayerExtent;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * The dynamic alignment layers of the paper's CIFAR-10 network, one at a time. {@link #forward} takes
 * N·H'·W'·{@link DynamicAlignmentShape#multiplyAddsPerPosition} multiply-adds, {@link #backward} three times as many. {@code -p
 * layer=2,5,8} selects one layer of each size: 32, 16 and 8 pixels wide.
 */
public class DynamicAlignmentBenchmark extends OnDevice {
    private static final String NETWORK = "9L-S-CoDA-SQ-1000";
    private static final int CLASSES = 10;

    /** Number of the layer, from 1. */
    @Param({"1", "2", "3", "4", "5", "6", "7", "8", "9"})
    public int layer;

    /** Batch size. */
    @Param({"1", "16"})
    public int batch;

    private DynamicAlignment operation;
    private DynamicAlignment.Weights weights;
    private DynamicAlignment.Weights gradients;
    private DynamicAlignment.State explained;
    private DynamicAlignment.State trained;
    private Tensor x;
    private Tensor y;
    private Tensor dOut;
    private Tensor dIn;
    private Tensor oneOut;
    private Tensor oneIn;
    private Tensor manyOut;
    private Tensor manyIn;

    @Override
    protected void prepare(Device on, Scope owner) {
        CodaNetConfig network = Experiments.named(NETWORK).network().requireCodaNet();
        LayerConfig config = network.layers().get(layer - 1);
        List<LayerExtent> extents = network.extents(32, 32);
        int extent = layer == 1 ? 32 : extents.get(layer - 2).height();
        DynamicAlignmentShape shape = new DynamicAlignmentShape(
                config.inChannels(),
                config.outChannels(),
                config.rank(),
                config.kernel(),
                config.stride(),
                config.padding(),
                config.norm(),
                config.bias());
        Shape in = Shape.of(batch, extent, extent, shape.inChannels());
        Shape out = shape.output(in);
        operation = on.dynamicAlignment(owner, shape);
        double range = 1 / Math.sqrt(shape.rank());
        weights = new DynamicAlignment.Weights(
                values(on, owner, shape.aShape(), 1 / Math.sqrt(shape.patch())),
                values(on, owner, shape.bShape(), range),
                shape.bias() ? values(on, owner, shape.biasShape(), range) : null);
        gradients = new DynamicAlignment.Weights(
                values(on, owner, shape.aShape(), 0),
                values(on, owner, shape.bShape(), 0),
                shape.bias() ? values(on, owner, shape.biasShape(), 0) : null);
        x = values(on, owner, in, 1);
        y = on.allocate(owner, out);
        dOut = values(on, owner, out, 1);
        dIn = on.allocate(owner, in);
        oneOut = values(on, owner, Shape.of(batch, 1, out.extent(1), out.extent(2), out.extent(3)), 1);
        oneIn = on.allocate(owner, Shape.of(batch, 1, extent, extent, shape.inChannels()));
        manyOut = values(on, owner, Shape.of(batch, CLASSES, out.extent(1), out.extent(2), out.extent(3)), 1);
        manyIn = on.allocate(owner, Shape.of(batch, CLASSES, extent, extent, shape.inChannels()));
        operation.prepare(weights, Purpose.TRAINING);
        explained = operation.state(owner, in, Purpose.EXPLANATION);
        operation.forward(x, y, explained);
        trained = operation.state(owner, in, Purpose.TRAINING);
        operation.forward(x, y, trained);
    }

    /** The outputs, without saving a state. */
    @Benchmark
    public Tensor forward() {
        operation.forward(x, y, null);
        device().synchronize();
        return y;
    }

    /** The outputs, and the state that the gradient needs. */
    @Benchmark
    public Tensor forwardForTraining() {
        operation.forward(x, y, trained);
        device().synchronize();
        return y;
    }

    /** The gradients with respect to input and weights, from the state of one forward pass. */
    @Benchmark
    public Tensor backward() {
        operation.backward(trained, x, dOut, dIn, gradients);
        device().synchronize();
        return dIn;
    }

    /** The back-projection of one target. */
    @Benchmark
    public Tensor backProjectOne() {
        operation.backProject(explained, oneOut, oneIn);
        device().synchronize();
        return oneIn;
    }

    /** The back-projection of ten targets in one call. */
    @Benchmark
    public Tensor backProjectTen() {
        operation.backProject(explained, manyOut, manyIn);
        device().synchronize();
        return manyIn;
    }

    /** The preparation that is needed after every change of the weights. */
    @Benchmark
    public DynamicAlignment prepareForTraining() {
        operation.prepare(weights, Purpose.TRAINING);
        device().synchronize();
        return operation;
    }

    DynamicAlignment operation() {
        return operation;
    }
}
