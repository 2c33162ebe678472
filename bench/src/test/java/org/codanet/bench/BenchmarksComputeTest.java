package org.codanet.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.codanet.explain.Explanation;
import org.codanet.nn.device.Precision;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every benchmark measures a correct computation: the CPU device and the reference device agree on its result. */
final class BenchmarksComputeTest {
    /** Relative tolerance for sums of up to 2,304 products in float32. The reference sums in double. */
    private static final double OPERATION = 2e-5;

    /** The same for all layers of a network in sequence. */
    private static final double NETWORK = 1e-4;

    static Stream<Named<Function<DynamicAlignmentBenchmark, Tensor>>> alignments() {
        return Stream.of(
                Named.of("forward", DynamicAlignmentBenchmark::forward),
                Named.of("forwardForTraining", DynamicAlignmentBenchmark::forwardForTraining),
                Named.of("backward", DynamicAlignmentBenchmark::backward),
                Named.of("backProjectOne", DynamicAlignmentBenchmark::backProjectOne),
                Named.of("backProjectTen", DynamicAlignmentBenchmark::backProjectTen));
    }

    /** Of the layers with a stride, layer 6 has the longest patches. The patches of layer 9 cover one position. */
    @ParameterizedTest
    @MethodSource("alignments")
    void dynamicAlignment(Function<DynamicAlignmentBenchmark, Tensor> step) {
        for (int layer : new int[] {6, 9}) {
            assertAgreement(OPERATION, device -> alignment(device, layer, step));
        }
    }

    @Test
    void alignmentWorksAfterPreparationForTraining() {
        float[] without = alignment("cpu", 8, DynamicAlignmentBenchmark::forward);
        float[] with = alignment("cpu", 8, benchmark -> {
            assertEquals(benchmark.operation(), benchmark.prepareForTraining());
            return benchmark.forward();
        });
        assertArrayEquals(without, with);
    }

    private static float[] alignment(String device, int layer, Function<DynamicAlignmentBenchmark, Tensor> step) {
        DynamicAlignmentBenchmark benchmark = new DynamicAlignmentBenchmark();
        benchmark.layer = layer;
        benchmark.batch = 1;
        return tensor(benchmark, device, () -> step.apply(benchmark));
    }

    static Stream<Named<Function<ConvolutionBenchmark, Tensor>>> convolutions() {
        return Stream.of(
                Named.of("forward", ConvolutionBenchmark::forward),
                Named.of("backwardData", ConvolutionBenchmark::backwardData),
                Named.of("backwardWeights", ConvolutionBenchmark::backwardWeights));
    }

    @ParameterizedTest
    @MethodSource("convolutions")
    void convolution(Function<ConvolutionBenchmark, Tensor> step) {
        assertAgreement(OPERATION, device -> {
            ConvolutionBenchmark benchmark = new ConvolutionBenchmark();
            benchmark.batch = 1;
            benchmark.pixels = 8;
            return tensor(benchmark, device, () -> step.apply(benchmark));
        });
    }

    static Stream<Named<Function<MatrixProductBenchmark, Tensor>>> products() {
        return Stream.of(
                Named.of("convolution", MatrixProductBenchmark::convolution),
                Named.of("alignment", MatrixProductBenchmark::alignment));
    }

    @ParameterizedTest
    @MethodSource("products")
    void matrixProduct(Function<MatrixProductBenchmark, Tensor> step) {
        assertAgreement(OPERATION, device -> {
            MatrixProductBenchmark benchmark = new MatrixProductBenchmark();
            return tensor(benchmark, device, () -> step.apply(benchmark));
        });
    }

    /** A wrong count of operations would give a wrong speed. */
    @Test
    void operationCountsOfMatrixProductsAgreeWithTheShapes() {
        long positions = 16 * 16;
        assertEquals(
                2 * positions * MatrixProductBenchmark.alignmentShape().multiplyAddsPerPosition(),
                MatrixProductBenchmark.ALIGNMENT_OPERATIONS);
        assertEquals(2 * positions * 1024 * 1024, MatrixProductBenchmark.CONVOLUTION_OPERATIONS);
    }

    @Test
    void adam() {
        assertAgreement(OPERATION, device -> {
            AdamBenchmark benchmark = new AdamBenchmark();
            benchmark.network = "XS-CoDA-grey";
            benchmark.maxNorm = 1;
            return tensor(benchmark, device, () -> {
                benchmark.update();
                return benchmark.update();
            });
        });
    }

    static Stream<Named<Function<NetBenchmark, float[]>>> networks() {
        return Stream.of(
                Named.of("forward", NetBenchmark::forward),
                Named.of("explain", benchmark -> contributions(benchmark.explain())),
                Named.of("explainAll", benchmark -> contributions(benchmark.explainAll())),
                Named.of("train", benchmark -> {
                    float norm = (float) benchmark.train();
                    return new float[] {norm, (float) benchmark.train()};
                }));
    }

    /** On the smallest experiment, with 28 x 28 pixels and four layers. */
    @ParameterizedTest
    @MethodSource("networks")
    void network(Function<NetBenchmark, float[]> step) {
        assertAgreement(NETWORK, device -> {
            NetBenchmark benchmark = new NetBenchmark();
            benchmark.network = "XS-CoDA-grey";
            benchmark.batch = 2;
            return run(benchmark, device, () -> step.apply(benchmark));
        });
    }

    private static float[] contributions(Explanation explanation) {
        FloatBuffer buffer = explanation.contributions();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    private static float[] tensor(OnDevice benchmark, String device, Supplier<Tensor> step) {
        return run(benchmark, device, () -> {
            Tensor result = step.get();
            float[] values = new float[Math.toIntExact(result.shape().elements())];
            benchmark.device().download(result, values);
            return values;
        });
    }

    private static float[] run(OnDevice benchmark, String device, Supplier<float[]> step) {
        benchmark.device = device;
        benchmark.threads = 1;
        benchmark.precision = Precision.FP32;
        benchmark.open();
        try {
            return step.get();
        } finally {
            benchmark.close();
        }
    }

    private static void assertAgreement(double tolerance, Function<String, float[]> onDevice) {
        float[] expected = onDevice.apply("reference");
        float[] actual = onDevice.apply("cpu");
        double largest = IntStream.range(0, expected.length)
                .mapToDouble(i -> Math.abs(expected[i]))
                .max()
                .orElseThrow();
        assertTrue(
                largest > 0 && Double.isFinite(largest),
                "the result of the benchmark is zero or not finite: its largest value is " + largest);
        assertArrayEquals(expected, actual, (float) (tolerance * largest));
    }
}
