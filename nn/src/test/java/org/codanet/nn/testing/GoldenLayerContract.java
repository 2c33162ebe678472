package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares single dynamic alignment layers with values that PyTorch computed in float64. Shapes and configurations come from the files;
 * {@code -Dcodanet.golden=DIR} names another folder.
 */
public abstract class GoldenLayerContract extends OperationContract {
    static List<GoldenLayer> layers() {
        return GoldenLayer.all();
    }

    @ParameterizedTest
    @MethodSource("layers")
    void everyTensorAgreesWithPyTorch(GoldenLayer layer) {
        try (Workplace place = place()) {
            AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
            assertClose("y", layer.y(), run.y());
            assertArrayEquals(squaredFrozenWeights(layer, run.middle()), run.squaredFrozenWeights(), 2 * tolerance());
            assertClose("backprojection", layer.backProjection(), run.backProject(1, layer.upper()));
            layer.gradients().assertClose(run.backward(layer.upper(), 0), tolerance());
        }
    }

    /** (f_j ‖w_j‖)² of every unit at one position of every image, from the norms that PyTorch computed. */
    private static double[] squaredFrozenWeights(GoldenLayer layer, int position) {
        DynamicAlignmentShape shape = layer.data().shape();
        Shape out = layer.data().out();
        int units = shape.units();
        double[] squares = new double[out.extent(0) * units];
        for (int i = 0; i < squares.length; i++) {
            int image = i / units;
            double n = layer.norms()[(image * out.extent(1) * out.extent(2) + position) * units + i % units];
            double f = switch (shape.norm()) {
                case SQ -> n / (1 + n * n);
                case L2 -> 1 / n;
                case WB -> 1 / (frobenius(layer.data(), i % units) * patchNorm(layer.data(), image, position));
            };
            squares[i] = f * n * f * n;
        }
        return squares;
    }

    /** ‖B_j Aᵀ‖_F, entry by entry. */
    private static double frobenius(AlignmentRun.Data data, int unit) {
        int rank = data.shape().rank();
        double square = 0;
        for (int i = 0; i < data.shape().patch(); i++) {
            for (int l = 0; l < data.shape().patch(); l++) {
                double entry = 0;
                for (int rho = 0; rho < rank; rho++) {
                    entry += (double) data.b()[(i * rank + rho) * data.shape().units() + unit]
                            * data.a()[l * rank + rho];
                }
                square += entry * entry;
            }
        }
        return Math.sqrt(square);
    }

    private static double patchNorm(AlignmentRun.Data data, int image, int position) {
        DynamicAlignmentShape shape = data.shape();
        int h = data.in().extent(1);
        int w = data.in().extent(2);
        int top = position / data.out().extent(2) * shape.stride() - shape.padding();
        int left = position % data.out().extent(2) * shape.stride() - shape.padding();
        double square = 0;
        for (int y = Math.max(0, top); y < Math.min(h, top + shape.kernel()); y++) {
            for (int x = Math.max(0, left); x < Math.min(w, left + shape.kernel()); x++) {
                for (int c = 0; c < shape.inChannels(); c++) {
                    double value = data.x()[((image * h + y) * w + x) * shape.inChannels() + c];
                    square += value * value;
                }
            }
        }
        return Math.sqrt(square);
    }
}
