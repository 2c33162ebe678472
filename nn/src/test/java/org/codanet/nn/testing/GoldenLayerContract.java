package org.codanet.nn.testing;

import java.util.List;
import org.codanet.nn.op.alignment.Purpose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Single dynamic alignment layers against values computed by PyTorch in float64. The folder may be changed by
 * {@code -Dcodanet.golden=DIR}; shapes and configurations come from the files.
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
            assertClose("n", layer.norms(), run.weightNorms());
            assertClose("backprojection", layer.backProjection(), run.backProject(1, layer.upper()));
            layer.gradients().assertClose(run.backward(layer.upper(), 0), tolerance());
        }
    }
}
