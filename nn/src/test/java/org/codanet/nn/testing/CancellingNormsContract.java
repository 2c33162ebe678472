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
 * Layers for which {@link DynamicAlignmentShape#gramFormCancels} is true, with patches of two or three values and a much larger rank. At
 * some positions a dynamic weight is a hundredth of its terms or less. A device in float32 must be as accurate here as elsewhere. The Gram
 * form in float32 has errors of 1e-4 and more.
 */
public abstract class CancellingNormsContract extends OperationContract {
    /**
     * Factor of the tolerance for gradients. Gradients grow with 1/‖w‖, and those of a frozen map with its third power, so the largest
     * ones have a multiple of the rounding error of a weight that is a hundredth of its terms. The CPU device, which computes these
     * norms in double precision, needs a factor of 3. The Gram form in float32 would need 200.
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

    private static float[] outputGradients(AlignmentRun.Data data, int targets) {
        return Values.uniform(23, AlignmentRun.withTargets(data.out(), targets));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void outputsAndLinearMapsAreAsAccurateAsElsewhere(int seed) {
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
            for (int targets : new int[] {1, 3}) {
                assertClose(
                        targets + " targets",
                        truth.backProject(targets, outputGradients(data, targets)),
                        run.backProject(targets, outputGradients(data, targets)));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void gradientsAreAsAccurateAsTheDynamicWeights(int seed) {
        AlignmentRun.Data data = data(seed);
        float[] v = Values.uniform(37, data.in());
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            truth.backward(outputGradients(data, 1), 0)
                    .assertClose(run.backward(outputGradients(data, 1), 0), FOR_GRADIENTS * tolerance());
            truth.mapBackward(v, outputGradients(data, 1), 0, true)
                    .assertClose(run.mapBackward(v, outputGradients(data, 1), 0, true), FOR_GRADIENTS * tolerance());
        }
    }

    /** WB: B_j Aᵀ is small compared with its factors B_j and A. So is F_j, by which WB divides. */
    @ParameterizedTest
    @ValueSource(ints = {8, 16, 32, 64})
    void theBoundOfWBIsAccurateWhereItsProductsCancel(int rank) {
        int channels = 2;
        int units = 4;
        DynamicAlignmentShape shape = new DynamicAlignmentShape(channels, units, rank, 1, 1, 0, Norm.WB, false);
        AlignmentRun.Data data = AlignmentRun.Data.random(shape, Shape.of(2, 6, 5, channels), rank);
        shrinkInPlaneOfA(data.a(), data.b(), channels, rank, units, 1.0 / 24);
        try (Workplace place = place();
                Workplace reference = reference()) {
            AlignmentRun truth = new AlignmentRun(reference, data, Purpose.TRAINING);
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            assertClose("y", truth.y(), run.y());
            assertClose(
                    "back-projection",
                    truth.backProject(1, outputGradients(data, 1)),
                    run.backProject(1, outputGradients(data, 1)));
            truth.backward(outputGradients(data, 1), 0)
                    .assertClose(run.backward(outputGradients(data, 1), 0), tolerance());
        }
    }

    /** Shrinks the part of each row of B (P, r, D) that lies in the plane of A's two rows to {@code share} of its length. */
    private static void shrinkInPlaneOfA(float[] a, float[] b, int patch, int rank, int units, double share) {
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
