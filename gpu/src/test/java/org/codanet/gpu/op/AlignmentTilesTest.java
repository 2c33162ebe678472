package org.codanet.gpu.op;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.codanet.gpu.SimulatedMachine;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.DynamicAlignmentShape;
import org.codanet.nn.op.Norm;
import org.codanet.nn.op.Purpose;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.testing.AlignmentRun;
import org.codanet.nn.testing.Close;
import org.codanet.nn.testing.Values;
import org.codanet.nn.testing.Workplace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The passes with weights in registers, against the reference, within the rounding of its operands. */
final class AlignmentTilesTest {
    /** Roundings of a value: 11 and 8 bits of mantissa with the leading one. */
    private static double tolerance(Precision precision) {
        return precision == Precision.TF32 ? 2e-3 : 1.6e-2;
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
                Layer.of(4, 9, 64, 1, 1, 0, Norm.L2, true, 1, 9, 9, 4), // the rank of the published nets
                Layer.of(2, 5, 100, 3, 1, 1, Norm.SQ, true, 1, 4, 4, 2)); // one tile of rows a warp, two stages
        return layers.stream()
                .flatMap(layer ->
                        Stream.of(Precision.TF32, Precision.BF16).map(precision -> Arguments.of(precision, layer)));
    }

    private static Device open(Precision precision) {
        return SimulatedMachine.open(DeviceOptions.defaults().withPrecision(precision));
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
                float[] upper = Values.uniform(29, AlignmentRun.many(data.out(), targets));
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
}
