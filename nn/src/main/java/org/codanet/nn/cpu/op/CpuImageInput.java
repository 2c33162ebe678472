package org.codanet.nn.cpu.op;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.codanet.nn.cpu.runtime.ArrayName;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuOperation;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.ImageWindow;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageInput}: from planes to interleaved channels. A task is a run of output positions of one image. */
public final class CpuImageInput extends CpuOperation implements ImageInput {
    private static final String OWNER = "image input";

    /** Arrays of the workspace. */
    private enum Array implements ArrayName {
        PLANE,
        PIXELS
    }

    private static final int POSITIONS = 1024;

    /** The float value of each byte. */
    private static final float[] VALUES = new float[256];

    static {
        for (int value = 0; value < VALUES.length; value++) {
            VALUES[value] = value / 255f;
        }
    }

    public CpuImageInput(CpuContext context, String owner) {
        super(context, owner, "image input");
    }

    @Override
    public void forward(Tensor images, boolean inverse, Tensor x) {
        CpuContext context = context();
        images.requireOpen();
        Shape shape = images.shape();
        if (shape.rank() != 4) {
            throw new IllegalArgumentException(operation() + ": images are " + shape + ", expected (N, C, H, W)");
        }
        int channels = shape.extent(1);
        int height = shape.extent(2);
        int width = shape.extent(3);
        ImageWindow window = new ImageWindow(shape.extent(0), channels, height, width, height, width, inverse);
        x.require(Shape.of(window.images(), height, width, window.depth()), operation(), "x");
        MemorySegment from = CpuTensor.segment(images);
        mix(context, window, CpuTensor.segment(x), (image, c, first, length, plane) -> {
            long at = ((long) image * channels + c) * window.stored() + first;
            CpuTensor.read(from, at, plane, 0, length);
        });
    }

    @Override
    public void forward(ByteTensor images, Tensor placement, boolean inverse, Tensor x) {
        CpuContext context = context();
        MemorySegment from = CpuTensor.segment(images.storage());
        MemorySegment places = placement == null ? null : CpuTensor.segment(placement);
        MemorySegment to = CpuTensor.segment(x);
        ImageWindow window = ImageWindow.of(images, placement, inverse, x);
        mix(
                context,
                window,
                to,
                (image, c, first, length, plane) -> cut(from, places, window, image, c, first, length, plane));
    }

    /** Copies the values of one channel at {@code length} positions, starting at {@code first}, to the start of an array. */
    @FunctionalInterface
    private interface Source {
        void read(int image, int channel, int first, int length, float[] plane);
    }

    private static void mix(CpuContext context, ImageWindow window, MemorySegment to, Source source) {
        int channels = window.channels();
        int depth = window.depth();
        int positions = window.positions();
        int runs = (positions + POSITIONS - 1) / POSITIONS;
        context.workers().run(Math.multiplyExact(window.images(), runs), (index, worker) -> {
            int image = index / runs;
            int first = index % runs * POSITIONS;
            int length = Math.min(POSITIONS, positions - first);
            try (Lease planeLease = context.workspace().lease(worker, Array.PLANE, POSITIONS, OWNER);
                    Lease mixedLease = context.workspace().lease(worker, Array.PIXELS, POSITIONS * depth, OWNER)) {
                float[] plane = planeLease.values();
                float[] mixed = mixedLease.values();
                for (int c = 0; c < channels; c++) {
                    source.read(image, c, first, length, plane);
                    for (int i = 0; i < length; i++) {
                        mixed[i * depth + c] = plane[i];
                    }
                    if (window.inverse()) {
                        for (int i = 0; i < length; i++) {
                            mixed[i * depth + channels + c] = 1 - plane[i];
                        }
                    }
                }
                CpuTensor.write(mixed, 0, to, ((long) image * positions + first) * depth, length * depth);
            }
        });
    }

    /** A {@link Source} of bytes. For each row of the image, copies the part that is in the run of positions. */
    private static void cut(
            MemorySegment from,
            MemorySegment places,
            ImageWindow window,
            int image,
            int c,
            int first,
            int length,
            float[] plane) {
        int width = window.width();
        int top = places == null ? 0 : (int) places.getAtIndex(CpuTensor.FLOAT, 3L * image);
        int left = places == null ? 0 : (int) places.getAtIndex(CpuTensor.FLOAT, 3L * image + 1);
        boolean mirrored = places != null && places.getAtIndex(CpuTensor.FLOAT, 3L * image + 2) != 0;
        long stored = ((long) image * window.channels() + c) * window.stored();
        int part;
        for (int i = 0; i < length; i += part) {
            int u = (first + i) % width;
            part = Math.min(width - u, length - i);
            int row = top + (first + i) / width;
            if (row < 0 || row >= window.storedHeight()) {
                Arrays.fill(plane, i, i + part, 0);
                continue;
            }
            long line = stored + (long) row * window.storedWidth();
            int column = left + (mirrored ? width - 1 - u : u);
            int step = mirrored ? -1 : 1;
            for (int k = i; k < i + part; k++, column += step) {
                plane[k] = column < 0 || column >= window.storedWidth()
                        ? 0
                        : VALUES[Byte.toUnsignedInt(from.get(ValueLayout.JAVA_BYTE, line + column))];
            }
        }
    }
}
