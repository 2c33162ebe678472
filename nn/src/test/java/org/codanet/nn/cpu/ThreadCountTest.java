package org.codanet.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.codanet.nn.cpu.runtime.Chunks;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.nn.testing.AlignmentRun;
import org.codanet.nn.testing.Values;
import org.codanet.nn.testing.Workplace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that operations that sum many values give the same bits for any number of threads. */
final class ThreadCountTest {
    /** Several whole pieces and a part of another. */
    private static final int ELEMENTS = 5 * Chunks.SIZE + 77;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void sumsHaveTheSameBitsAsOnOneThread(int threads) {
        assertArrayEquals(results(1), results(threads));
    }

    /**
     * A layer in the Winograd form and a layer with a stride. There are more positions than in one task, and their number is not a
     * multiple of it. There are more images than threads.
     */
    @ParameterizedTest
    @EnumSource(Norm.class)
    void dynamicAlignmentHasTheSameBitsAsOnOneThread(Norm norm) {
        for (DynamicAlignmentShape shape : List.of(
                new DynamicAlignmentShape(6, 20, 8, 3, 1, 1, norm, norm != Norm.WB),
                new DynamicAlignmentShape(3, 17, 5, 3, 2, 1, norm, false))) {
            Shape in = Shape.of(5, 13, 11, shape.inChannels());
            AlignmentRun.Data data = AlignmentRun.Data.random(shape, in, 7);
            List<float[]> expected = alignment(1, data);
            for (int threads : new int[] {2, 3}) {
                List<float[]> actual = alignment(threads, data);
                for (int i = 0; i < expected.size(); i++) {
                    assertArrayEquals(expected.get(i), actual.get(i), threads + " threads, " + shape + ", result " + i);
                }
            }
        }
    }

    private static List<float[]> alignment(int threads, AlignmentRun.Data data) {
        float[] upper = Values.uniform(31, data.out());
        float[] v = Values.uniform(37, data.in());
        List<float[]> results = new ArrayList<>();
        try (Workplace place =
                new Workplace(new CpuDevice(DeviceOptions.defaults().withThreads(threads)))) {
            AlignmentRun run = new AlignmentRun(place, data, Purpose.TRAINING);
            results.add(run.y());
            results.add(run.backProject(1, upper));
            for (AlignmentRun.Gradients gradients :
                    List.of(run.backward(upper, 0.25f), run.mapBackward(v, upper, 0.5f, true))) {
                results.add(gradients.x());
                results.add(gradients.a());
                results.add(gradients.b());
                if (gradients.bias() != null) {
                    results.add(gradients.bias());
                }
            }
        }
        return results;
    }

    private static float[] results(int threads) {
        List<Tensor> outputs = new ArrayList<>();
        try (CpuDevice device = new CpuDevice(DeviceOptions.defaults().withThreads(threads));
                Scope scope = Scope.open("run")) {
            Random random = new Random(3);
            Tensor sum = device.allocate(scope, Shape.of(1));
            device.elementwise().absoluteSum(filled(device, scope, random, Shape.of(ELEMENTS)), sum);
            outputs.add(sum);

            List<Adam.Slot> slots = new ArrayList<>();
            for (int elements : new int[] {ELEMENTS, 3, Chunks.SIZE}) {
                Shape shape = Shape.of(elements);
                slots.add(new Adam.Slot(
                        filled(device, scope, random, shape),
                        filled(device, scope, random, shape),
                        filled(device, scope, random, shape),
                        positive(device, scope, random, shape)));
            }
            Tensor norm = device.allocate(scope, Shape.of(1));
            // The bound is far below the norm, so every bit of the norm affects every value.
            device.adam(scope).step(slots, new Adam.Step(1e-3, 0.9, 0.999, 1e-8, 0, 1, 0.5), norm);
            outputs.add(norm);
            slots.forEach(slot -> outputs.addAll(List.of(slot.value(), slot.gradient(), slot.mean(), slot.variance())));

            Tensor x = filled(device, scope, random, Shape.of(2, 47, 53, 3));
            Tensor map = filled(device, scope, random, Shape.of(2, 3, 47, 53, 3));
            Tensor maps = device.allocate(scope, Shape.of(2, 3, 47, 53));
            Tensor total = device.allocate(scope, Shape.of(2, 3));
            device.contributionMap(scope).forward(x, map, null, maps, total);
            outputs.addAll(List.of(maps, total));

            Tensor logits = device.allocate(scope, Shape.of(2, 3));
            device.sumPool(scope).forward(x, 7, 0.25, logits);
            outputs.add(logits);
            return joined(device, outputs);
        }
    }

    private static Tensor filled(CpuDevice device, Scope scope, Random random, Shape shape) {
        return uploaded(device, scope, shape, random, -1);
    }

    private static Tensor positive(CpuDevice device, Scope scope, Random random, Shape shape) {
        return uploaded(device, scope, shape, random, 0);
    }

    private static Tensor uploaded(CpuDevice device, Scope scope, Shape shape, Random random, float least) {
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = least + (1 - least) * random.nextFloat();
        }
        Tensor tensor = device.allocate(scope, shape);
        device.upload(values, tensor);
        return tensor;
    }

    private static float[] joined(CpuDevice device, List<Tensor> tensors) {
        int count = 0;
        for (Tensor tensor : tensors) {
            count += (int) tensor.shape().elements();
        }
        float[] all = new float[count];
        int at = 0;
        for (Tensor tensor : tensors) {
            float[] values = new float[(int) tensor.shape().elements()];
            device.download(tensor, values);
            System.arraycopy(values, 0, all, at, values.length);
            at += values.length;
        }
        return all;
    }
}
