package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.stream.IntStream;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Layers that divide by a norm, with patches of two or three values and a rank far above: somewhere among the positions a dynamic weight
 * is a hundredth of its terms and less. A device that computes in float32 is no further off here than elsewhere; as a quadratic form in
 * float32 the norm leaves errors of 1e-4 and more.
 */
public abstract class CancellingNormsContract extends OperationContract {
    /**
     * How many times the tolerance gradients have: they grow with 1/‖w‖, those of a frozen map with its third power, so that the largest
     * are off by a multiple of the rounding of a weight that is a hundredth of its terms. The CPU device takes 3 of these, with norms in
     * double precision; a quadratic form in float32 takes 200.
     */
    private static final int FOR_GRADIENTS = 20;

    static IntStream seeds() {
        return IntStream.range(0, 60);
    }

    /** Ranks 5 to 64. */
    private static AlignmentRun.Data data(int seed) {
        Norm norm = seed % 2 == 0 ? Norm.L2 : Norm.WB;
        int channels = 2 + seed % 3 / 2;
        DynamicAlignmentShape shape =
                new DynamicAlignmentShape(channels, 4, 5 + seed, 1, 1, 0, norm, norm == Norm.L2 && seed % 4 == 0);
        return AlignmentRun.Data.random(shape, Shape.of(2, 6, 5, channels), 100L * seed);
    }

    private static float[] upper(AlignmentRun.Data data, int classes) {
        return Values.uniform(23, AlignmentRun.many(data.out(), classes));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void outputsAndMapsKeepTheirDigits(int seed) {
        AlignmentRun.Data data = data(seed);
        float[] v = Values.uniform(37, data.in());
        try (Workplace place = place();
                Workplace reference = reference()) {
            float[] y = new AlignmentRun(reference, data, Purpose.INFERENCE).y();
            assertClose("y for INFERENCE", y, new AlignmentRun(place, data, Purpose.INFERENCE).y());
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.EXPLANATION);
            AlignmentRun run = new AlignmentRun(place, data, Purpose.EXPLANATION);
            assertClose("y", y, run.y());
            assertArrayEquals(truth.squaredFrozenWeights(), run.squaredFrozenWeights(), 2 * tolerance());
            assertClose("map of v", truth.applyMap(v), run.applyMap(v));
            for (int classes : new int[] {1, 3}) {
                assertClose(
                        classes + " functionals",
                        truth.backProject(classes, upper(data, classes)),
                        run.backProject(classes, upper(data, classes)));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void gradientsAreNoFurtherOffThanWeightsMakeThem(int seed) {
        AlignmentRun.Data data = data(seed);
        float[] v = Values.uniform(37, data.in());
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            truth.backward(upper(data, 1), 0).assertClose(run.backward(upper(data, 1), 0), FOR_GRADIENTS * tolerance());
            truth.mapBackward(v, upper(data, 1), 0, true)
                    .assertClose(run.mapBackward(v, upper(data, 1), 0, true), FOR_GRADIENTS * tolerance());
        }
    }

    /** WB: a B_j Aᵀ that is small beside its factors, and so is the bound that is divided by. */
    @ParameterizedTest
    @ValueSource(ints = {8, 16, 32, 64})
    void boundsOfProductsThatCancelKeepTheirDigits(int rank) {
        int channels = 2;
        int units = 4;
        DynamicAlignmentShape shape = new DynamicAlignmentShape(channels, units, rank, 1, 1, 0, Norm.WB, false);
        AlignmentRun.Data data = AlignmentRun.Data.random(shape, Shape.of(2, 6, 5, channels), rank);
        takeOut(data.a(), data.b(), channels, rank, units, 1.0 / 24);
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            assertClose("y", truth.y(), run.y());
            assertClose("back-projection", truth.backProject(1, upper(data, 1)), run.backProject(1, upper(data, 1)));
            truth.backward(upper(data, 1), 0).assertClose(run.backward(upper(data, 1), 0), tolerance());
        }
    }

    /** Takes out of each row of B (P, R, D) all but a share of what lies in the plane of A's rows, (2, R). */
    private static void takeOut(float[] a, float[] b, int patch, int rank, int units, double share) {
        double[][] plane = new double[2][rank];
        for (int row = 0; row < 2; row++) {
            double along = 0;
            double square = 0;
            for (int r = 0; r < rank; r++) {
                along += row == 0 ? 0 : a[rank + r] * plane[0][r];
            }
            for (int r = 0; r < rank; r++) {
                plane[row][r] = a[row * rank + r] - along * plane[0][r];
                square += plane[row][r] * plane[row][r];
            }
            for (int r = 0; r < rank; r++) {
                plane[row][r] /= Math.sqrt(square);
            }
        }
        for (int i = 0; i < patch * units; i++) {
            int at = i / units * rank * units + i % units;
            for (double[] axis : plane) {
                double along = 0;
                for (int r = 0; r < rank; r++) {
                    along += b[at + r * units] * axis[r];
                }
                for (int r = 0; r < rank; r++) {
                    b[at + r * units] -= (float) ((1 - share) * along * axis[r]);
                }
            }
        }
    }
}
