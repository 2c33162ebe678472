package org.codanet.gpu.op.alignment;

import java.util.List;
import java.util.function.UnaryOperator;
import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.MatrixProducts;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;

/** Launches the kernels of this package for one layer, and gives each source file the defines that all of them share. */
public final class AlignmentKernels {
    /** Alignment of the buffers in the workspace, in bytes. Asynchronous copies and vector loads need 16; cuBLAS is fastest with 256. */
    static final int BUFFER_ALIGNMENT = 256;

    private final CudaResources resources;
    private final boolean cancels;

    AlignmentKernels(CudaResources resources, DynamicAlignmentShape shape) {
        this.resources = resources;
        this.cancels = shape.gramFormCancels();
    }

    /** A file of this package with the shared defines. */
    static KernelSource source(String file) {
        return CudaResources.source("alignment/" + file).define("NORM", Norm.class);
    }

    /** The sources of the patch-first and weight-streaming forms, for layers with {@code slots} slots. */
    public static List<KernelSource> sources(int slots) {
        return List.of(
                PackedWeights.SOURCE,
                Patches.SOURCE,
                Forward.source(slots),
                BackProjection.SOURCE,
                Gradient.SOURCE,
                WeightGradients.SOURCE);
    }

    /** The next buffer of a layout, with {@code count} floats; {@link DevicePointer#NULL} if {@code count} is 0. */
    static DevicePointer floatsOrNull(BufferLayout layout, long count) {
        return count == 0 ? DevicePointer.NULL : layout.floats(count);
    }

    /** GEMMs of the patch-first form, in the device's precision, or in float32 for layers whose Gram form cancels. */
    MatrixProducts products() {
        return cancels ? resources.cublas().exactly() : resources.cublas();
    }

    Kernel kernel(KernelSource source, String function) {
        return resources.compiler().kernel(source, function);
    }

    /** Launches one thread per element. The number of elements is passed as the last argument. */
    void elements(KernelSource source, String function, long count, UnaryOperator<Kernel> arguments) {
        arguments.apply(kernel(source, function)).int64(count).launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    /** Launches one warp per row. The number of rows is passed as the last argument. */
    void warps(KernelSource source, String function, long count, UnaryOperator<Kernel> arguments) {
        arguments
                .apply(kernel(source, function))
                .int64(count)
                .launch(Math.ceilDiv(count, (long) warpsPerBlock()), CudaResources.BLOCK);
    }

    static int warpsPerBlock() {
        return CudaResources.BLOCK / KernelSource.WARP_SIZE;
    }
}
