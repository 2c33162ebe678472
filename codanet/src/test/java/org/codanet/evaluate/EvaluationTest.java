package org.codanet.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class EvaluationTest {
    private static final int CLASSES = 7;

    @Test
    void ranksAndConfusionsAreCounted() {
        EvaluationSums sums = new EvaluationSums(LossKind.BCE, CLASSES);
        float[] logits = {
            3, 2, 1, 0, -1, -2, -3, // label 0: first
            3, 2, 1, 0, -1, -2, -3, // label 4: fifth
            3, 2, 1, 0, -1, -2, -3, // label 5: sixth
            1, 1, 0, 0, 0, 0, 0 // label 1 ties with 0, which comes first
        };
        sums.add(logits, 0, 0);
        sums.add(logits, 1, 4);
        sums.add(logits, 2, 5);
        sums.add(logits, 3, 1);
        Evaluation result = sums.result();
        assertEquals(4, result.images());
        assertEquals(0.25, result.top1());
        assertEquals(0.75, result.top5());
        assertEquals(1, result.top1(0));
        assertEquals(0, result.top1(5));
        assertTrue(Double.isNaN(result.top1(6)));
        assertEquals(List.of(1L, 0L, 0L, 0L, 0L, 0L, 0L), result.confusion().get(4));
    }

    /** Compares the loss of the evaluation, in double precision, with the loss operation that training uses. */
    @ParameterizedTest
    @EnumSource(LossKind.class)
    void theLossIsTheOneThatIsTrained(LossKind kind) {
        SplittableRandom random = new SplittableRandom(3);
        int images = 5;
        float[] logits = new float[images * CLASSES];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (60 * random.nextDouble() - 30);
        }
        int[] labels = IntStream.range(0, images).map(n -> 2 * n % CLASSES).toArray();
        EvaluationSums sums = new EvaluationSums(kind, CLASSES);
        float[] asFloats = new float[images];
        for (int n = 0; n < images; n++) {
            sums.add(logits, n, labels[n]);
            asFloats[n] = labels[n];
        }
        try (Device device = TestDevices.open(TestDevices.REFERENCE);
                Scope scope = Scope.open("test")) {
            Tensor z = device.allocate(scope, Shape.of(images, CLASSES));
            Tensor label = device.allocate(scope, Shape.of(images));
            Tensor loss = device.allocate(scope, Shape.of(1));
            device.upload(logits, z);
            device.upload(asFloats, label);
            device.loss(scope, kind).forward(z, label, 1, loss, device.allocate(scope, z.shape()));
            double expected = TestDevices.values(device, loss)[0];
            assertEquals(expected, sums.result().loss(), 1e-6 * expected);
        }
    }

    @Test
    void labelsThatAreNotAClassAndEmptySetsAreRefused() {
        EvaluationSums sums = new EvaluationSums(LossKind.CE, CLASSES);
        assertThrows(IllegalArgumentException.class, () -> sums.add(new float[CLASSES], 0, CLASSES));
        assertThrows(IllegalArgumentException.class, () -> sums.add(new float[CLASSES], 0, -1));
        assertThrows(IllegalArgumentException.class, () -> sums.add(new float[CLASSES], 1, 0));
        assertThrows(IllegalArgumentException.class, () -> sums.add(new float[CLASSES], -1, 0));
        assertThrows(IllegalStateException.class, sums::result);
        sums.add(new float[CLASSES], 0, 0);
        Evaluation done = sums.result();
        for (int k : new int[] {-1, CLASSES}) {
            for (Executable call : List.<Executable>of(() -> done.images(k), () -> done.top1(k))) {
                String message =
                        assertThrows(IndexOutOfBoundsException.class, call).getMessage();
                assertTrue(message.contains("class " + k + " was asked for"), message);
            }
        }
    }
}
