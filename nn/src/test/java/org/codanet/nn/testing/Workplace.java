package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * A device with a scope for one test. Every tensor has guard values on both sides. Closing checks that no guard and no input was written
 * to and that nothing is left on the device.
 */
public final class Workplace implements AutoCloseable {
    /** Floats of a guard: 256 bytes. This is more than a vector or a coalesced access covers, and an alignment that suits all devices. */
    private static final int GUARD = 64;

    private static final float GUARD_VALUE = -12345.5f;

    private final Device device;
    private final Scope scope;
    private final List<Guarded> guarded = new ArrayList<>();

    /** Becomes the owner of the device. */
    public Workplace(Device device) {
        this.device = device;
        this.scope = Scope.open("test");
    }

    /** One allocation: guard, values, guard. {@code expected} is null if operations may write to the values. */
    private record Guarded(Tensor whole, Tensor values, float[] expected) {}

    public Device device() {
        return device;
    }

    public Scope scope() {
        return scope;
    }

    /** A tensor that no operation may write to. */
    public Tensor input(Shape shape, float[] values) {
        return guard(shape, values, values.clone());
    }

    /** A tensor filled with NaN, so that a test notices if an operation does not overwrite all of its output. */
    public Tensor output(Shape shape) {
        float[] values = new float[Math.toIntExact(shape.elements())];
        Arrays.fill(values, Float.NaN);
        return guard(shape, values, null);
    }

    /** A tensor that operations may add to or change. */
    public Tensor variable(Shape shape, float[] values) {
        return guard(shape, values, null);
    }

    /** Bytes that no operation may write to, stored in floats between guards. */
    public ByteTensor bytes(Shape shape, byte[] values) {
        assertEquals(shape.elements(), values.length, "test data for " + shape);
        Shape storage = ByteTensor.storageShape(shape);
        ByteTensor bytes = new ByteTensor(shape, variable(storage, new float[storage.extent(0)]));
        device.upload(values, bytes);
        Guarded last = guarded.removeLast();
        guarded.add(new Guarded(last.whole(), last.values(), read(last.values())));
        return bytes;
    }

    private Tensor guard(Shape shape, float[] values, float[] expected) {
        int count = Math.toIntExact(shape.elements());
        assertEquals(count, values.length, "test data for " + shape);
        // The second guard starts right after the values and ends at an aligned element.
        float[] all = new float[GUARD + (count + GUARD - 1) / GUARD * GUARD + GUARD];
        Arrays.fill(all, GUARD_VALUE);
        System.arraycopy(values, 0, all, GUARD, count);
        Tensor whole = device.allocate(scope, Shape.of(all.length));
        device.upload(all, whole);
        Tensor inner = whole.slice(GUARD, count).reshape(shape);
        guarded.add(new Guarded(whole, inner, expected));
        return inner;
    }

    /** All values of a tensor. */
    public float[] read(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        device.download(tensor, values);
        return values;
    }

    @Override
    public void close() {
        try {
            guarded.forEach(this::check);
        } finally {
            scope.close();
            assertEquals(0, device.memory().tensors(), "tensors left on " + device.name());
            device.close();
        }
    }

    private void check(Guarded one) {
        float[] all = read(one.whole());
        int count = Math.toIntExact(one.values().shape().elements());
        for (int i = 0; i < all.length; i++) {
            if (i < GUARD || i >= GUARD + count) {
                assertEquals(
                        GUARD_VALUE,
                        all[i],
                        "guard at " + (i - GUARD) + " of tensor " + one.values().shape());
            }
        }
        if (one.expected() != null) {
            float[] inner = Arrays.copyOfRange(all, GUARD, GUARD + count);
            assertArrayEquals(one.expected(), inner, "input " + one.values().shape() + " was written to");
        }
    }
}
