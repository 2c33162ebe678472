package org.codanet.gpu.op.alignment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.codanet.gpu.SimulatedMachine;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.testing.AlignmentRun;
import org.codanet.nn.testing.Close;
import org.codanet.nn.testing.Values;
import org.codanet.nn.testing.Workplace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the fused form of every pass with the reference device. The tolerance is the rounding of the operands to bfloat16. */
final class FusedFormTest {
    private static final long ONE_CHUNK = 1 << 30;
    /** Chunk size in bytes that is so small that every image is its own chunk. */
    private static final long CHUNK_OF_ONE_IMAGE = 1;

    /** Operands have 8 bits of mantissa and are rounded by up to half a unit in the last place. */
    private static final double TOLERANCE = 1.6e-2;
    /** A gradient rounds the factors, the weights and the gradients of the factors. */
    private static final double GRADIENT_TOLERANCE = 3 * TOLERANCE;

    private record Layer(DynamicAlignmentShape shape, Shape in) {}

    private static Layer layer(DynamicAlignmentShape shape, int images, int height, int width) {
        return new Layer(shape, Shape.of(images, height, width, shape.inChannels()));
    }

    /** Ranks, norms, biases, strides and extents that are not multiples of any tile. */
    static Stream<Layer> layers() {
        return Stream.of(
                // The first published layer.
                layer(new DynamicAlignmentShape(6, 16, 32, 3, 1, 1, Norm.SQ, true), 2, 9, 7),
                // Stride 2.
                layer(new DynamicAlignmentShape(16, 32, 64, 3, 2, 1, Norm.SQ, true), 1, 10, 9),
                // 1 × 1, and units that fill no group.
                layer(new DynamicAlignmentShape(32, 10, 64, 1, 1, 0, Norm.SQ, true), 2, 5, 5),
                // Channels that are padded, and more units than a tile of biases has.
                layer(new DynamicAlignmentShape(12, 70, 16, 3, 1, 1, Norm.L2, true), 1, 6, 5),
                // A patch of two products, without a bias.
                layer(new DynamicAlignmentShape(32, 5, 32, 3, 1, 0, Norm.SQ, false), 3, 7, 6),
                // More than one tile of positions.
                layer(new DynamicAlignmentShape(3, 4, 16, 5, 3, 2, Norm.SQ, true), 1, 40, 37));
    }

    /** Each layer has kernels of its own, which the simulated machine compiles, so the gradient has fewer. */
    static Stream<Layer> layersOfTheGradient() {
        return layers().filter(
                        layer -> layer.shape().kernel() == 3 && layer.shape().bias());
    }

    private static Workplace simulated(long chunkBytes) {
        return new Workplace(SimulatedMachine.open(DeviceOptions.defaults().withPrecision(Precision.BF16), chunkBytes));
    }

    private static Workplace reference() {
        return new Workplace(Devices.open("reference", DeviceOptions.defaults()));
    }

    @ParameterizedTest
    @MethodSource("layers")
    void forwardAndBackProjectionAgreeWithTheReference(Layer layer) {
        AlignmentRun.Data data = AlignmentRun.Data.random(layer.shape(), layer.in(), 11);
        try (Workplace place = simulated(ONE_CHUNK);
                Workplace reference = reference()) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.EXPLANATION);
            AlignmentRun expected = new AlignmentRun(reference, data, Purpose.EXPLANATION);
            assertTrue(
                    run.operation().toString().contains("fused"),
                    run.operation().toString());
            Close.to("y", expected.y(), run.y(), TOLERANCE);
            Close.to("applied map", expected.applyMap(data.x()), run.applyMap(data.x()), TOLERANCE);
            AlignmentRun inference = new AlignmentRun(place, data, Purpose.INFERENCE);
            Close.to("y without a state", run.y(), inference.y(), 0);
            for (int targets : new int[] {1, 3}) {
                float[] upper = Values.uniform(29, AlignmentRun.withTargets(data.out(), targets));
                Close.to(
                        targets + " targets",
                        expected.backProject(targets, upper),
                        run.backProject(targets, upper),
                        TOLERANCE);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("layersOfTheGradient")
    void gradientAgreesWithTheReferenceForAnyChunkSize(Layer layer) {
        AlignmentRun.Data data = AlignmentRun.Data.random(layer.shape(), layer.in(), 11);
        float[] upper = Values.uniform(31, data.out());
        float[] v = Values.uniform(37, layer.in());
        try (Workplace reference = reference()) {
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            AlignmentRun.Gradients expected = truth.backward(upper, 0.5f);
            AlignmentRun.Gradients ofMap = truth.mapBackward(v, upper, 0.5f, true);
            for (long chunkBytes : new long[] {ONE_CHUNK, CHUNK_OF_ONE_IMAGE}) {
                try (Workplace place = simulated(chunkBytes)) {
                    AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
                    expected.assertClose(run.backward(upper, 0.5f), GRADIENT_TOLERANCE);
                    ofMap.assertClose(run.mapBackward(v, upper, 0.5f, true), GRADIENT_TOLERANCE);
                }
            }
        }
    }

    @Test
    void theWorkspaceIsWhatTheOperationReports() {
        Layer layer = layers().findFirst().orElseThrow();
        AlignmentRun.Data data = AlignmentRun.Data.random(layer.shape(), layer.in(), 11);
        try (Workplace place = simulated(ONE_CHUNK)) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            run.backward(Values.uniform(31, data.out()), 0);
            CudaResources resources = ((CudaDynamicAlignment) run.operation()).resources();
            assertEquals(run.operation().workspaceBytes(layer.in(), Purpose.TRAINING, 0), resources.workspaceBytes());
        }
    }

    /** Weight bounding, other ranks and float32 use the other forms, and say so. */
    @Test
    void otherLayersUseAnotherForm() {
        try (Workplace place = simulated(ONE_CHUNK)) {
            for (DynamicAlignmentShape shape : new DynamicAlignmentShape[] {
                new DynamicAlignmentShape(16, 16, 32, 3, 1, 1, Norm.WB, false),
                new DynamicAlignmentShape(16, 16, 24, 3, 1, 1, Norm.SQ, true),
                new DynamicAlignmentShape(128, 16, 32, 3, 1, 1, Norm.SQ, true), // patches do not fit in shared memory
                new DynamicAlignmentShape(1, 16, 32, 3, 1, 1, Norm.L2, true) // the Gram form cancels
            }) {
                String selected =
                        place.device().dynamicAlignment(place.scope(), shape).toString();
                assertFalse(selected.contains("fused"), selected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 8, 32, 33, 113, 240, 65_535, 1_000_003, Integer.MAX_VALUE})
    void divisionByAMultiplicationIsExact(int divisor) {
        Division division = Division.by(divisor);
        for (long multiple = 0;
                multiple <= Integer.MAX_VALUE;
                multiple += Math.max(divisor, 1 << 20) / divisor * (long) divisor) {
            for (long n = Math.max(0, multiple - 2); n <= Math.min(Integer.MAX_VALUE, multiple + 2); n++) {
                assertEquals(
                        n / divisor,
                        n * Integer.toUnsignedLong(division.factor()) >>> division.shift(),
                        n + " / " + divisor);
            }
        }
    }
}
