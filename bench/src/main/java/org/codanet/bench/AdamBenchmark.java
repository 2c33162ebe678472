package org.codanet.bench;

import java.util.List;
import org.codanet.model.Experiments;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.Adam;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * One Adam update of all parameters of a network. It is memory-bound: per parameter it reads 16 bytes and writes 16 bytes, and
 * reads another 4 bytes for the norm of the gradient.
 */
public class AdamBenchmark extends OnDevice {
    private static final double RATE = 2.5e-4;

    /** Experiment whose parameters are updated. */
    @Param("9L-S-CoDA-SQ-1000")
    public String network;

    /** Limit of the norm of the gradient; 0 for no clipping. */
    @Param("1")
    public double maxNorm;

    private Adam operation;
    private List<Adam.Slot> slots;
    private Tensor norm;
    private long step;

    @Override
    protected void prepare(Device on, Scope owner) {
        operation = on.adam(owner);
        slots = Experiments.named(network).network().parameterShapes().values().stream()
                .map(extents ->
                        Shape.of(extents.stream().mapToInt(Integer::intValue).toArray()))
                .map(shape -> new Adam.Slot(
                        values(on, owner, shape, 1),
                        values(on, owner, shape, 1e-3),
                        values(on, owner, shape, 0),
                        values(on, owner, shape, 0)))
                .toList();
        norm = on.allocate(owner, Shape.of(1));
        step = 0;
    }

    /** One update. The first call sets the gradients to zero. Later calls do the same work on zeros. */
    @Benchmark
    public Tensor update() {
        operation.step(slots, new Adam.Step(RATE, 0.9, 0.999, 1e-8, 0, ++step, maxNorm), norm);
        device().synchronize();
        return slots.getFirst().value();
    }
}
