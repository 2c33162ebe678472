package org.codanet.nn.cpu.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.codanet.nn.cpu.ChildJvm;
import org.junit.jupiter.api.Test;

/** Tests 256-bit vectors in a JVM that is restricted to them. The processor has half as many registers for them, so the tiles differ. */
final class NarrowVectorsTest {
    @Test
    void productsWithFewRegistersAgreeWithPlainLoops() throws Exception {
        String output = ChildJvm.run(
                Narrow.class,
                "--add-modules",
                "jdk.incubator.vector",
                "-XX:+IgnoreUnrecognizedVMOptions",
                "-XX:UseAVX=2");
        assertTrue(output.contains("agree at 8 lanes") || output.contains("no vectors of 256 bits"), output);
    }

    static final class Narrow {
        private Narrow() {}

        public static void main(String[] arguments) {
            KernelSelection selection = KernelSelection.of(false);
            if (!selection.reason().isEmpty() || selection.kernels().lanes() != 8) {
                System.out.println("no vectors of 256 bits here: " + selection.reason());
                return;
            }
            Kernels plain = new PlainKernels();
            Random random = new Random(3);
            float[] a = values(random, 64 * 64);
            float[] b = values(random, 64 * 64);
            for (int k : new int[] {1, 7, 64}) {
                for (int width = 1; width <= 2; width++) {
                    float[] c = values(random, Kernels.ROWS * width * 8);
                    float[] expected = c.clone();
                    selection.kernels().product(a, 3, 64, b, 5, width, c, 0, k, true);
                    plain.product(a, 3, 64, b, 5, width, expected, 0, k, true);
                    selection.kernels().productTransposed(a, 3, 20, b, 5, 40, width, c, 0, k);
                    plain.productTransposed(a, 3, 20, b, 5, 40, width, expected, 0, k);
                    for (int i = 0; i < c.length; i++) {
                        if (!(Math.abs(c[i] - expected[i]) <= 2e-5)) {
                            System.out.println("width " + width + ", depth " + k + ", float " + i + ": " + c[i]
                                    + " instead of " + expected[i]);
                            return;
                        }
                    }
                }
            }
            System.out.println("agree at 8 lanes");
        }

        private static float[] values(Random random, int count) {
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = 2 * random.nextFloat() - 1;
            }
            return values;
        }
    }
}
