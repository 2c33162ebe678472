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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The passes with weights in registers, against the reference, within the rounding of its operands. */
final class TensorCoreTest {
    /** Roundings of a value: 11 and 8 bits of mantissa with the leading one. */
    private static double tolerance(Precision precision) {
        return precision == Precision.TF32 ? 2e-3 : 1.6e-2;
    }

    /** A gradient rounds factors, weights and the gradients of the weights in turn, each as a forward pass its factors. */
    private static double gradientTolerance(Precision precision) {
        return 3 * tolerance(precision);
    }

    private record Layer(DynamicAlignmentShape shape, Shape in) {
        static Layer of(int c, int d, int r, int k, int stride, int padding, Norm norm, boolean bias, int... in) {
            return new Layer(new DynamicAlignmentShape(c, d, r, k, stride, padding, norm, bias), Shape.of(in));
        }
    }

    static Stream<Arguments> layers() {
        List<Layer> layers = List.of(
                Layer.of(1, 1, 1, 1, 1, 0, Norm.SQ, true, 1, 1, 1, 1), // everything but one value is padding
                Layer.of(6, 40, 8, 3, 1, 1, Norm.SQ, true, 1, 12, 12, 6), // two tiles of positions and of units
                Layer.of(3, 33, 20, 3, 2, 1, Norm.L2, false, 2, 7, 5, 3), // no extent divides a tile
                Layer.of(5, 8, 16, 2, 1, 0, Norm.WB, false, 2, 5, 4, 5),
                Layer.of(4, 9, 64, 1, 1, 0, Norm.SQ, true, 1, 9, 9, 4), // the rank of the published nets
                Layer.of(66, 9, 64, 1, 1, 0, Norm.L2, true, 1, 5, 5, 66), // as many slots as its norm can do with
                Layer.of(4, 17, 90, 3, 1, 1, Norm.SQ, true, 2, 9, 9, 4), // one tile a warp, several ranges of positions
                Layer.of(2, 5, 100, 3, 1, 1, Norm.SQ, true, 1, 4, 4, 2)); // one tile of rows a warp, two stages
        return layers.stream()
                .flatMap(layer ->
                        Stream.of(Precision.TF32, Precision.BF16).map(precision -> Arguments.of(precision, layer)));
    }

    private static Device open(Precision precision) {
        return open(precision, 1 << 20);
    }

    private static Device open(Precision precision, long chunkBytes) {
        return SimulatedMachine.open(DeviceOptions.defaults().withPrecision(precision), chunkBytes);
    }

    /** Blocks enough over positions and units: each has the whole patch and, of this rank, two tiles of positions a warp. */
    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"TF32", "BF16"})
    void agreesWithTheReferenceOverManyPositions(Precision precision) {
        Layer layer = Layer.of(1, 33, 8, 3, 1, 1, Norm.SQ, true, 2, 95, 93, 1);
        AlignmentRun.Data data = AlignmentRun.Data.random(layer.shape(), layer.in(), 11);
        try (Workplace place = new Workplace(open(precision, 1 << 30));
                Workplace reference = new Workplace(Devices.open("reference", DeviceOptions.defaults()))) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.EXPLANATION);
            AlignmentRun expected = new AlignmentRun(reference, data, Purpose.EXPLANATION);
            Close.to("y", expected.y(), run.y(), tolerance(precision));
            Close.to("applied map", expected.applyMap(data.x()), run.applyMap(data.x()), tolerance(precision));
            float[] upper = Values.uniform(29, AlignmentRun.withTargets(data.out(), 2));
            Close.to("2 targets", expected.backProject(2, upper), run.backProject(2, upper), tolerance(precision));
        }
    }

    /** An S-CoDA layer of 8 x 8 positions makes 2 blocks for one image; a card has room for hundreds. */
    @Test
    void fewPositionsShareThePatchOut() {
        try (Workplace place = new Workplace(open(Precision.TF32))) {
            DynamicAlignmentShape shape = new DynamicAlignmentShape(64, 64, 64, 3, 1, 1, Norm.SQ, true);
            TensorCoreForward tiles =
                    ((CudaDynamicAlignment) place.device().dynamicAlignment(place.scope(), shape)).tiles();
            assertEquals(2L * 48 * 64 * 64, tiles.partFloats(64), "48 ranges of 12 entries");
            assertTrue(tiles.partFloats(16 * 64) > 0);
            assertEquals(0, tiles.partFloats(256 * 64));
        }
    }

    @ParameterizedTest
    @MethodSource("layers")
    void agreesWithTheReferenceAndKeepsWhatTheWaysBackNeed(Precision precision, Layer layer) {
        AlignmentRun.Data data = AlignmentRun.Data.random(layer.shape(), layer.in(), 11);
        try (Workplace place = new Workplace(open(precision));
                Workplace reference = new Workplace(Devices.open("reference", DeviceOptions.defaults()))) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.EXPLANATION);
            AlignmentRun expected = new AlignmentRun(reference, data, Purpose.EXPLANATION);
            assertTrue(run.operation().toString().contains("weights in registers"), run.operation()::toString);
            Close.to("y", expected.y(), run.y(), tolerance(precision));
            Close.to("applied map", expected.applyMap(data.x()), run.applyMap(data.x()), tolerance(precision));
            for (int targets : new int[] {1, 3, 11}) {
                float[] upper = Values.uniform(29, AlignmentRun.withTargets(data.out(), targets));
                Close.to(
                        targets + " targets",
                        expected.backProject(targets, upper),
                        run.backProject(targets, upper),
                        tolerance(precision));
            }
            AlignmentRun inference = new AlignmentRun(place, data, Purpose.INFERENCE);
            Close.to("y without a state", run.y(), inference.y(), 0);
        }
    }

    @ParameterizedTest
    @MethodSource("layers")
    void gradientsAgreeWithTheReferenceInAnyPieces(Precision precision, Layer layer) {
        AlignmentRun.Data data = AlignmentRun.Data.random(layer.shape(), layer.in(), 11);
        float[] upper = Values.uniform(31, data.out());
        float[] v = Values.uniform(37, layer.in());
        boolean inRegisters = layer.shape().rank() <= TensorCoreGradient.mostRank(precision == Precision.BF16);
        try (Workplace reference = new Workplace(Devices.open("reference", DeviceOptions.defaults()))) {
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            AlignmentRun.Gradients expected = truth.backward(upper, 0.5f);
            AlignmentRun.Gradients ofMap = truth.mapBackward(v, upper, 0.5f, true);
            AlignmentRun.Gradients withoutInput = truth.mapBackward(v, upper, 0, false);
            for (long chunkBytes : new long[] {1 << 20, 1}) {
                try (Workplace place = new Workplace(open(precision, chunkBytes))) {
                    AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
                    String chosen = "gradient " + (inRegisters ? "with weights in registers" : "patch first");
                    assertTrue(run.operation().toString().contains(chosen), run.operation()::toString);
                    expected.assertClose(run.backward(upper, 0.5f), gradientTolerance(precision));
                    ofMap.assertClose(run.mapBackward(v, upper, 0.5f, true), gradientTolerance(precision));
                    withoutInput.assertClose(run.mapBackward(v, upper, 0, false), gradientTolerance(precision));
                }
            }
        }
    }

    /** What {@code plan} says: after a step the workspace is as large as was said, and smaller than with the products in it. */
    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"TF32", "BF16"})
    void trainingTakesTheMemoryItSaysAndNotThatOfTheProducts(Precision precision) {
        Layer layer = Layer.of(4, 32, 32, 3, 1, 1, Norm.SQ, true, 2, 16, 16, 4);
        long patchFirst;
        try (Workplace place = new Workplace(open(Precision.FP32, 1 << 30))) {
            patchFirst = place.device()
                    .dynamicAlignment(place.scope(), layer.shape())
                    .workspaceBytes(layer.in(), Purpose.TRAINING, 1);
        }
        AlignmentRun.Data data = AlignmentRun.Data.random(layer.shape(), layer.in(), 11);
        try (Workplace place = new Workplace(open(precision, 1 << 30))) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            run.backward(Values.uniform(31, data.out()), 0);
            long said = run.operation().workspaceBytes(layer.in(), Purpose.TRAINING, 0);
            CudaResources resources = ((CudaDynamicAlignment) run.operation()).resources();
            assertEquals(said, resources.workspace().bytes());
            assertTrue(said < patchFirst / 2, said + " bytes of workspace, " + patchFirst + " patch first");
            long held = run.operation().preparedBytes(Purpose.TRAINING, 1)
                    + run.operation().stateBytes(layer.in(), Purpose.TRAINING);
            assertTrue(place.device().memory().live() >= said + held, "all of it is counted");
        }
    }

    /** A patch of 72 entries and one of 576, with as many products each: the first has fewer weights than these take room. */
    @Test
    void oneTargetIsPulledBackWhereFewerBytesMove() {
        try (Workplace place = new Workplace(open(Precision.TF32))) {
            DynamicAlignmentShape few = new DynamicAlignmentShape(8, 64, 64, 3, 1, 1, Norm.SQ, false);
            DynamicAlignmentShape many = new DynamicAlignmentShape(64, 64, 64, 3, 1, 1, Norm.SQ, false);
            assertTrue(place.device()
                    .dynamicAlignment(place.scope(), few)
                    .toString()
                    .contains("one target with weights in registers"));
            assertTrue(place.device()
                    .dynamicAlignment(place.scope(), many)
                    .toString()
                    .contains("one target patch first"));
        }
    }
}
