package org.codanet.gpu.op.alignment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.gpu.SimulatedMachine;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.device.Device;
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
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the tensor-core form of every pass with the reference device. The tolerance is the rounding of the operands. */
final class TensorCoreTest {
    private static final String EVERY_LAYER = "org.codanet.gpu.op.alignment.TensorCoreTest#layersInBothPrecisions";
    /** Chunk size in bytes that is large enough for all images of a call. */
    private static final long ONE_CHUNK = 1 << 30;

    private static final long DEFAULT_CHUNK = 1 << 20;
    /** Chunk size in bytes that is so small that every image is its own chunk. */
    private static final long CHUNK_OF_ONE_IMAGE = 1;

    private record Layer(DynamicAlignmentShape shape, Shape in) {
        private static DynamicAlignmentShape shape(int channels, int units, int rank, int kernel, Norm norm) {
            return new DynamicAlignmentShape(channels, units, rank, kernel, 1, kernel / 2, norm, norm == Norm.SQ);
        }

        /** A layer with stride 1 and a padding that keeps the extents. SQ has a bias, the other norms have none. */
        static Layer of(int channels, int units, int rank, int kernel, Norm norm, int images, int extent) {
            return new Layer(shape(channels, units, rank, kernel, norm), Shape.of(images, extent, extent, channels));
        }

        Layer withBias() {
            return new Layer(
                    new DynamicAlignmentShape(
                            shape.inChannels(),
                            shape.units(),
                            shape.rank(),
                            shape.kernel(),
                            shape.stride(),
                            shape.padding(),
                            shape.norm(),
                            true),
                    in);
        }
    }

    /** Extents that are not multiples of any tile. */
    private static final Layer UNEVEN =
            new Layer(new DynamicAlignmentShape(3, 33, 20, 3, 2, 1, Norm.L2, false), Shape.of(2, 7, 5, 3));

    private static final Layer EVEN_KERNEL =
            new Layer(new DynamicAlignmentShape(5, 8, 16, 2, 1, 0, Norm.WB, false), Shape.of(2, 5, 4, 5));

    static Stream<Arguments> layersInBothPrecisions() {
        List<Layer> layers = List.of(
                Layer.of(1, 1, 1, 1, Norm.SQ, 1, 1), // everything but one value is padding
                Layer.of(6, 40, 8, 3, Norm.SQ, 1, 12), // two tiles of positions, two tiles of units
                UNEVEN,
                EVEN_KERNEL,
                Layer.of(4, 9, 64, 1, Norm.SQ, 1, 9), // the rank of the published nets
                Layer.of(66, 9, 64, 1, Norm.L2, 1, 5).withBias(), // nearly as many slots as patch entries
                Layer.of(4, 17, 90, 3, Norm.SQ, 2, 9), // the gradient has one tile per warp and splits the positions
                Layer.of(2, 5, 100, 3, Norm.SQ, 1, 4)); // the forward pass has one tile per warp and two stages
        return layers.stream()
                .flatMap(layer ->
                        Stream.of(Precision.TF32, Precision.BF16).map(precision -> Arguments.of(precision, layer)));
    }

    /**
     * Operands have 11 (TF32) or 8 (bfloat16) bits of mantissa, counting the leading one, and are rounded by up to half a unit in the
     * last place. A sum has many rounded operands.
     */
    private static double tolerance(Precision precision) {
        return precision == Precision.TF32 ? 2e-3 : 1.6e-2;
    }

    /**
     * A gradient rounds the factors, the weights and the gradients of the weights. Each of these roundings adds an error as large as
     * that of a forward pass.
     */
    private static double gradientTolerance(Precision precision) {
        return 3 * tolerance(precision);
    }

    private static Workplace simulated(Precision precision, long chunkBytes) {
        // On Hopper the fused form would be used for bfloat16.
        Device device = SimulatedMachine.openAmpere(DeviceOptions.defaults().withPrecision(precision), chunkBytes);
        return new Workplace(device);
    }

    private static Workplace reference() {
        return new Workplace(Devices.open("reference", DeviceOptions.defaults()));
    }

    private static AlignmentRun.Data randomData(Layer layer) {
        return AlignmentRun.Data.random(layer.shape(), layer.in(), 11);
    }

    @Nested
    final class ForwardPassAndFrozenMap {
        @ParameterizedTest
        @MethodSource(EVERY_LAYER)
        void agreeWithTheReference(Precision precision, Layer layer) {
            AlignmentRun.Data data = randomData(layer);
            try (Workplace place = simulated(precision, DEFAULT_CHUNK);
                    Workplace reference = reference()) {
                AlignmentRun run = new AlignmentRun(place, data, Purpose.EXPLANATION);
                AlignmentRun expected = new AlignmentRun(reference, data, Purpose.EXPLANATION);
                String selected = run.operation().toString();
                assertTrue(selected.contains("forward tensor-core"), selected);
                Close.to("y", expected.y(), run.y(), tolerance(precision));
                Close.to("applied map", expected.applyMap(data.x()), run.applyMap(data.x()), tolerance(precision));
                AlignmentRun inference = new AlignmentRun(place, data, Purpose.INFERENCE);
                Close.to("y without a state", run.y(), inference.y(), 0);
            }
        }

        /** There are so many positions that each block reduces the whole patch. With this rank warps have two tiles. */
        @ParameterizedTest
        @EnumSource(
                value = Precision.class,
                names = {"TF32", "BF16"})
        void agreeWithTheReferenceWithoutSplitK(Precision precision) {
            Layer layer =
                    new Layer(new DynamicAlignmentShape(1, 33, 8, 3, 1, 1, Norm.SQ, true), Shape.of(2, 95, 93, 1));
            AlignmentRun.Data data = randomData(layer);
            try (Workplace place = simulated(precision, ONE_CHUNK);
                    Workplace reference = reference()) {
                AlignmentRun run = new AlignmentRun(place, data, Purpose.EXPLANATION);
                AlignmentRun expected = new AlignmentRun(reference, data, Purpose.EXPLANATION);
                Close.to("y", expected.y(), run.y(), tolerance(precision));
                Close.to("applied map", expected.applyMap(data.x()), run.applyMap(data.x()), tolerance(precision));
                float[] upper = Values.uniform(29, AlignmentRun.withTargets(data.out(), 2));
                Close.to("2 targets", expected.backProject(2, upper), run.backProject(2, upper), tolerance(precision));
            }
        }

        /** Without a split, an S-CoDA layer of 8 × 8 positions would have 2 blocks for one image. A GPU runs hundreds at once. */
        @Test
        void splitTheReductionOverThePatchIfThereAreFewPositions() {
            try (Workplace place = simulated(Precision.TF32, DEFAULT_CHUNK)) {
                DynamicAlignmentShape shape = Layer.shape(64, 64, 64, 3, Norm.SQ);
                TensorCoreForward forward = ((CudaDynamicAlignment)
                                place.device().dynamicAlignment(place.scope(), shape))
                        .tensorCoreForward();
                int imagePositions = 8 * 8;
                assertEquals(
                        2L * 48 * imagePositions * shape.units(), forward.partialFloats(imagePositions), "48 splits");
                assertTrue(forward.partialFloats(16 * imagePositions) > 0, "16 images are split");
                assertEquals(0, forward.partialFloats(256 * imagePositions), "256 images are not split");
            }
        }
    }

    @Nested
    final class BackProjectionOfTargets {
        @ParameterizedTest
        @MethodSource(EVERY_LAYER)
        void agreesWithTheReference(Precision precision, Layer layer) {
            AlignmentRun.Data data = randomData(layer);
            try (Workplace place = simulated(precision, DEFAULT_CHUNK);
                    Workplace reference = reference()) {
                AlignmentRun run = new AlignmentRun(place, data, Purpose.EXPLANATION);
                AlignmentRun expected = new AlignmentRun(reference, data, Purpose.EXPLANATION);
                // One target, several, and more than the maximum of a block.
                for (int targets : new int[] {1, 3, TensorCoreTiling.TARGETS + 1}) {
                    float[] upper = Values.uniform(29, AlignmentRun.withTargets(data.out(), targets));
                    Close.to(
                            targets + " targets",
                            expected.backProject(targets, upper),
                            run.backProject(targets, upper),
                            tolerance(precision));
                }
            }
        }

        /** Both layers have the same number of products u. With 72 patch entries there are few weights to read, with 576 many. */
        @Test
        void ofOneTargetUsesTheFormThatMovesFewerBytes() {
            try (Workplace place = simulated(Precision.TF32, DEFAULT_CHUNK)) {
                assertEquals(
                        "tensor-core",
                        formForOneTarget(place, new DynamicAlignmentShape(8, 64, 64, 3, 1, 1, Norm.SQ, false)));
                assertEquals(
                        "patch-first",
                        formForOneTarget(place, new DynamicAlignmentShape(64, 64, 64, 3, 1, 1, Norm.SQ, false)));
            }
        }

        private String formForOneTarget(Workplace place, DynamicAlignmentShape shape) {
            String selected =
                    place.device().dynamicAlignment(place.scope(), shape).toString();
            return selected.replaceAll(".*back-projection of one target ([a-z-]+),.*", "$1");
        }
    }

    @Nested
    final class FullGradient {
        @ParameterizedTest
        @MethodSource(EVERY_LAYER)
        void agreesWithTheReferenceForAnyChunkSize(Precision precision, Layer layer) {
            AlignmentRun.Data data = randomData(layer);
            float[] upper = Values.uniform(31, data.out());
            float[] v = Values.uniform(37, layer.in());
            boolean tensorCore = layer.shape().rank() <= TensorCoreTiling.maxGradientRank(precision == Precision.BF16);
            try (Workplace reference = reference()) {
                AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
                AlignmentRun.Gradients expected = truth.backward(upper, 0.5f);
                AlignmentRun.Gradients ofMap = truth.mapBackward(v, upper, 0.5f, true);
                AlignmentRun.Gradients withoutInput = truth.mapBackward(v, upper, 0, false);
                for (long chunkBytes : new long[] {DEFAULT_CHUNK, CHUNK_OF_ONE_IMAGE}) {
                    try (Workplace place = simulated(precision, chunkBytes)) {
                        AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
                        String selected = run.operation().toString();
                        assertTrue(
                                selected.contains("gradient " + (tensorCore ? "tensor-core" : "patch-first")),
                                selected);
                        expected.assertClose(run.backward(upper, 0.5f), gradientTolerance(precision));
                        ofMap.assertClose(run.mapBackward(v, upper, 0.5f, true), gradientTolerance(precision));
                        withoutInput.assertClose(run.mapBackward(v, upper, 0, false), gradientTolerance(precision));
                    }
                }
            }
        }
    }

    @Nested
    final class MemoryOfTraining {
        private final Layer layer = Layer.of(4, 32, 32, 3, Norm.SQ, 2, 16);

        @ParameterizedTest
        @EnumSource(
                value = Precision.class,
                names = {"TF32", "BF16"})
        void isWhatTheOperationReportsAndLessThanHalfOfPatchFirst(Precision precision) {
            long patchFirst = patchFirstWorkspaceBytes();
            AlignmentRun.Data data = randomData(layer);
            try (Workplace place = simulated(precision, ONE_CHUNK)) {
                AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
                run.backward(Values.uniform(31, data.out()), 0);
                long reported = run.operation().workspaceBytes(layer.in(), Purpose.TRAINING, 0);
                CudaResources resources = ((CudaDynamicAlignment) run.operation()).resources();
                assertEquals(reported, resources.workspaceBytes());
                assertTrue(reported < patchFirst / 2, reported + " bytes of workspace, " + patchFirst + " patch-first");
                long held = run.operation().preparedBytes(Purpose.TRAINING, 1)
                        + run.operation().stateBytes(layer.in(), Purpose.TRAINING);
                assertTrue(place.device().memory().live() >= reported + held, "the device counts all of it");
            }
        }

        private long patchFirstWorkspaceBytes() {
            try (Workplace place = simulated(Precision.FP32, ONE_CHUNK)) {
                return place.device()
                        .dynamicAlignment(place.scope(), layer.shape())
                        .workspaceBytes(layer.in(), Purpose.TRAINING, 1);
            }
        }
    }
}
