package org.codanet.gpu.op.alignment;

import java.util.function.UnaryOperator;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.MatrixProducts;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/** Launches of {@code forward.cu}, compiled with room for the slots of one layer. */
public final class AlignmentKernels {
    /** Slots there may be room for in shared memory: few sizes, so that layers share what is compiled. */
    private static final int[] ROOMS = {17, 33, 65, 129, 257, 321};

    private final CudaResources resources;
    private final KernelSource source;
    private final boolean cancels;

    /** @throws IllegalArgumentException if the rank is above 320 */
    AlignmentKernels(CudaResources resources, DynamicAlignmentShape shape) {
        this.resources = resources;
        this.source = source(PatchGrid.slots(shape));
        this.cancels = shape.gramFormCancels();
    }

    public static KernelSource source(int slots) {
        for (int room : ROOMS) {
            if (slots <= room) {
                return KernelSource.of("alignment/forward.cu", "BLOCK=" + CudaResources.BLOCK, "SLOTS=" + room);
            }
        }
        throw new IllegalArgumentException("dynamic alignment: a rank of " + slots
                + " does not fit the shared memory of a GPU; at most " + (ROOMS[ROOMS.length - 1] - 1) + " does");
    }

    /** The products of the form patch first: in float32 where rounded operands would not do. */
    MatrixProducts products() {
        return cancels ? resources.cublas().exactly() : resources.cublas();
    }

    Kernel kernel(String function) {
        return resources.compiler().kernel(source, function);
    }

    /** One thread an element; the number of elements is the last argument. */
    void elements(String function, long count, UnaryOperator<Kernel> arguments) {
        arguments.apply(kernel(function)).int64(count).launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    /** One warp a row; the number of rows is the last argument. */
    void warps(String function, long count, UnaryOperator<Kernel> arguments) {
        int warps = CudaResources.BLOCK / 32;
        arguments.apply(kernel(function)).int64(count).launch((count + warps - 1) / warps, CudaResources.BLOCK);
    }

    /** Patches (rows, P) of images (n, H, W, C). */
    void gather(PatchGrid extents, long x, int images, long patches) {
        elements(
                "gather_patches",
                (long) images * extents.positions() * extents.patch(),
                kernel -> geometry(kernel.address(patches).address(x), extents));
    }

    /** Images (n, H, W, C) from the gradients of their patches (rows, P). */
    void collect(PatchGrid extents, long patches, int images, long dx, boolean adds) {
        long count = (long) images * extents.h() * extents.w() * extents.shape().inChannels();
        elements(
                "collect_patches",
                count,
                kernel -> geometry(kernel.address(dx).address(patches), extents).int32(adds ? 1 : 0));
    }

    private static Kernel geometry(Kernel kernel, PatchGrid extents) {
        DynamicAlignmentShape shape = extents.shape();
        return kernel.int32(extents.h())
                .int32(extents.w())
                .int32(shape.inChannels())
                .int32(extents.outH())
                .int32(extents.outW())
                .int32(shape.kernel())
                .int32(shape.stride())
                .int32(shape.padding());
    }
}
