package org.codanet.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.codanet.nn.device.Precision;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each benchmark measures a computation that is right: on the CPU it gives what the reference gives for the same call. */
final class BenchmarksComputeTest {
    /** Sums of up to 2,304 float32 products of the reference, whose own are double. */
    private static final float TOLERANCE = 2e-5f;

    @ParameterizedTest
    @ValueSource(ints = {5, 8})
    void dynamicAlignmentComputesWhatTheReferenceDoes(int layer) {
        // One step of every benchmark in order, on fresh state: forward and back-projection do not change what others
        // read.
        for (Function<DynamicAlignmentBenchmark, Tensor> step : List.<Function<DynamicAlignmentBenchmark, Tensor>>of(
                DynamicAlignmentBenchmark::forward,
                DynamicAlignmentBenchmark::backward,
                DynamicAlignmentBenchmark::backProjectTen)) {
            close(alignment("reference", layer, step), alignment("cpu", layer, step));
        }
    }

    @Test
    void preparationLeavesTheOperationUsable() {
        close(alignment("cpu", 8, DynamicAlignmentBenchmark::forward), alignment("cpu", 8, benchmark -> {
            assertEquals(benchmark.operation(), benchmark.prepareForTraining());
            return benchmark.forward();
        }));
    }

    @Test
    void convolutionComputesWhatTheReferenceDoes() {
        for (Function<ConvolutionBenchmark, Tensor> step : List.<Function<ConvolutionBenchmark, Tensor>>of(
                ConvolutionBenchmark::forward,
                ConvolutionBenchmark::backwardData,
                ConvolutionBenchmark::backwardWeights)) {
            close(convolution("reference", step), convolution("cpu", step));
        }
    }

    private static float[] alignment(String device, int layer, Function<DynamicAlignmentBenchmark, Tensor> step) {
        DynamicAlignmentBenchmark benchmark = new DynamicAlignmentBenchmark();
        benchmark.layer = layer;
        benchmark.batch = 1;
        return run(benchmark, device, () -> step.apply(benchmark));
    }

    private static float[] convolution(String device, Function<ConvolutionBenchmark, Tensor> step) {
        ConvolutionBenchmark benchmark = new ConvolutionBenchmark();
        benchmark.batch = 1;
        benchmark.pixels = 8;
        return run(benchmark, device, () -> step.apply(benchmark));
    }

    private static float[] run(OnDevice benchmark, String device, java.util.function.Supplier<Tensor> step) {
        benchmark.device = device;
        benchmark.threads = 1;
        benchmark.precision = Precision.FP32;
        benchmark.open();
        try {
            Tensor result = step.get();
            float[] values = new float[Math.toIntExact(result.shape().elements())];
            benchmark.device().download(result, values);
            return values;
        } finally {
            benchmark.close();
        }
    }

    private static void close(float[] wanted, float[] found) {
        double largest = IntStream.range(0, wanted.length)
                .mapToDouble(i -> Math.abs(wanted[i]))
                .max()
                .orElseThrow();
        assertTrue(
                largest > 0 && Double.isFinite(largest),
                "the benchmark computes nothing: its largest value is " + largest);
        assertArrayEquals(wanted, found, (float) (TOLERANCE * largest));
    }
}
