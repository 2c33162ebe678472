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
 * One update of all parameters of a network. Bound by memory: a parameter is 16 bytes to read and 16 to write, and 4 more to
 * read for the norm.
 */
public class AdamBenchmark extends OnDevice {
    private static final double RATE = 2.5e-4;

    /** Whose parameters. */
    @Param("9L-S-CoDA-SQ-1000")
    public String network;

    /** Bound on the gradient's norm; 0 does not clip. */
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

    /** The first call uses the gradients up; the rest do the same work on zeros. */
    @Benchmark
    public Tensor update() {
        operation.step(slots, new Adam.Step(RATE, 0.9, 0.999, 1e-8, 0, ++step, maxNorm), norm);
        device().synchronize();
        return slots.getFirst().value();
    }
}
