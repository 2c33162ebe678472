package org.codanet.gpu.op.alignment;

import org.codanet.gpu.driver.BufferLayout;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.Matrix;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;

/**
 * The forward pass and the frozen map. The patch-first and weight-streaming forms use {@code forward.cu}; the tensor-core form is {@link
 * TensorCoreForward}. The images are processed in chunks whose buffers fit within the device's chunk size.
 */
final class Forward {
    /** Threads of a block of {@code forward.cu}. */
    private static final int THREADS = 128;
    /** Positions and units of a block of {@code forward.cu}. */
    private static final int TILE = KernelSource.WARP_SIZE;
    /**
     * Numbers of slots that {@code forward.cu} is compiled for, which decide the size of its shared memory. There are only a few, so
     * that layers share compiled kernels.
     */
    private static final int[] COMPILED_SLOTS = {17, 33, 65, 129, 257, 321};

    private final CudaResources resources;
    private final DynamicAlignmentShape shape;
    private final AlignmentKernels kernels;
    private final Patches patches;
    private final PackedWeights weights;
    private final TensorCoreForward tensorCore;
    private final KernelSource source;

    /**
     * @param tensorCore null if the layer does not use that form
     * @throws IllegalArgumentException if the rank is too large for shared memory
     */
    Forward(
            CudaResources resources,
            AlignmentKernels kernels,
            PackedWeights weights,
            DynamicAlignmentShape shape,
            TensorCoreForward tensorCore) {
        this.resources = resources;
        this.shape = shape;
        this.kernels = kernels;
        this.patches = new Patches(kernels);
        this.weights = weights;
        this.tensorCore = tensorCore;
        this.source = source(shape.slots());
    }

    static KernelSource source(int slots) {
        for (int compiled : COMPILED_SLOTS) {
            if (slots <= compiled) {
                return AlignmentKernels.source("forward.cu")
                        .define("THREADS", THREADS)
                        .define("TILE", TILE)
                        .define("SLOTS", compiled);
            }
        }
        throw new IllegalArgumentException("dynamic alignment: a rank of " + slots
                + " does not fit the shared memory of a GPU; at most "
                + (COMPILED_SLOTS[COMPILED_SLOTS.length - 1] - 1) + " does");
    }

    /** The form that is used, for {@code --verbose}. */
    String form() {
        return tensorCore != null
                ? "tensor-core"
                : PatchGrid.weightStreaming(shape) ? "weight-streaming" : "patch-first";
    }

    /** Whether the form computes dynamic weights. It then needs only the factors a, the first columns of u. */
    private boolean computesWeights() {
        return tensorCore != null || PatchGrid.weightStreaming(shape);
    }

    /** Number of columns of the packed weights in the GEMM of the forward pass. */
    private int forwardColumns() {
        return computesWeights() ? shape.rank() : PatchGrid.columns(shape);
    }

    /**
     * Inputs of some rows of a pass.
     *
     * @param a factors (rows, stride), of which the first R columns are used
     * @param patches (rows, P) to which the dynamic weights are applied; for a map, patches of another input than that of the factors
     */
    record Inputs(long rows, DevicePointer a, int stride, DevicePointer patches) {}

    /**
     * Outputs of some rows of a pass. A null pointer means that the output is not written.
     *
     * @param y outputs (rows, D)
     * @param scores (rows, D), written by the tensor-core form only
     * @param factors (rows, S)
     * @param squaredNorms (rows, D), written; for WB (rows), read
     */
    record Outputs(DevicePointer y, DevicePointer scores, DevicePointer factors, DevicePointer squaredNorms) {}

    /** Buffers for one chunk of images; all chunks of a call use the same. */
    private final class Buffers {
        private final PatchGrid grid;
        private final int columns;
        private final int images;
        private final long maxRows;
        private final DevicePointer u;
        private final DevicePointer squaredPatchNorms;
        private final DevicePointer patches;
        private final DevicePointer partials;

        /** @param columns number of columns of u; 0 for a map, which reads the factors of an earlier forward pass */
        Buffers(PatchGrid grid, int columns, BufferLayout layout) {
            this.grid = grid;
            this.columns = columns;
            long normFloats = columns == 0 ? 0 : 1;
            long patchFloats = grid.pointwise() ? 0 : grid.patch();
            long floats = Math.max(1, columns + normFloats + patchFloats);
            images = grid.chunkImages(resources.chunkBytes(), floats, grid.n());
            maxRows = (long) images * grid.positions();
            u = AlignmentKernels.floatsOrNull(layout, maxRows * columns);
            squaredPatchNorms = AlignmentKernels.floatsOrNull(layout, maxRows * normFloats);
            patches = AlignmentKernels.floatsOrNull(layout, maxRows * patchFloats);
            partials =
                    AlignmentKernels.floatsOrNull(layout, tensorCore == null ? 0 : tensorCore.partialFloats(maxRows));
        }

        /** Calls {@code work} for each chunk, with its patches. */
        void forEachChunk(DevicePointer x, ChunkWork work) {
            for (int first = 0; first < grid.n(); first += images) {
                int count = Math.min(images, grid.n() - first);
                DevicePointer image = x.floatsFrom(first * grid.imageFloats());
                long rows = (long) count * grid.positions();
                work.run((long) first * grid.positions(), rows, Forward.this.patches.of(grid, image, count, patches));
            }
        }

        /** u (rows, columns): the patches times the first columns of the packed weights. */
        void multiply(long rows, DevicePointer chunkPatches) {
            int count = Math.toIntExact(rows);
            Matrix left = Matrix.of(chunkPatches, count, grid.patch());
            kernels.products()
                    .multiply(left, weights.packed().columns(0, columns), Matrix.of(u, count, columns), false);
        }
    }

    /** Work on one chunk: {@code rows} rows from {@code row} on. */
    @FunctionalInterface
    private interface ChunkWork {
        void run(long row, long rows, DevicePointer patches);
    }

    private Buffers buffers(PatchGrid grid, int columns) {
        DevicePointer workspace = resources.workspace(bytes(grid, columns));
        return new Buffers(grid, columns, BufferLayout.of(workspace, AlignmentKernels.BUFFER_ALIGNMENT));
    }

    private long bytes(PatchGrid grid, int columns) {
        BufferLayout layout = BufferLayout.measuring(AlignmentKernels.BUFFER_ALIGNMENT);
        new Buffers(grid, columns, layout);
        return layout.bytes();
    }

    /** Bytes of workspace that {@link #run} needs. */
    long workspaceBytes(PatchGrid grid) {
        return bytes(grid, forwardColumns());
    }

    /** Writes y, and fills {@code state} unless it is null. */
    void run(PatchGrid grid, DevicePointer x, DevicePointer y, ForwardState state) {
        Buffers buffers = buffers(grid, forwardColumns());
        buffers.forEachChunk(x, (row, rows, chunkPatches) -> {
            buffers.multiply(rows, chunkPatches);
            DevicePointer chunkY = y.floatsFrom(row * grid.units());
            DevicePointer none = DevicePointer.NULL;
            Outputs outputs = state != null
                    ? new Outputs(chunkY, state.scores(row), state.factors(row), state.squaredNorms(row))
                    : new Outputs(chunkY, none, none, grid.weightBounding() ? buffers.squaredPatchNorms : none);
            if (grid.weightBounding()) {
                patches.squaredNorms(grid, chunkPatches, rows, outputs.squaredNorms());
            }
            Inputs inputs = new Inputs(rows, buffers.u, buffers.columns, chunkPatches);
            if (computesWeights()) {
                applyWeights(buffers, inputs, outputs);
            } else {
                patchFirst(inputs, outputs);
            }
        });
    }

    /** Applies the frozen map of a forward pass to another input v and writes the result to {@code out}. */
    void applyMap(ForwardState state, DevicePointer v, DevicePointer out) {
        PatchGrid grid = state.grid();
        Buffers buffers = buffers(grid, computesWeights() ? 0 : grid.columns());
        buffers.forEachChunk(v, (row, rows, chunkPatches) -> {
            DevicePointer chunkOut = out.floatsFrom(row * grid.units());
            if (computesWeights()) {
                Inputs inputs = new Inputs(rows, state.factors(row), grid.slots(), chunkPatches);
                applyWeights(buffers, inputs, mapOutputs(state, row, chunkOut, DevicePointer.NULL));
            } else {
                buffers.multiply(rows, chunkPatches);
                patchFirstMap(state, row, rows, buffers.u, chunkOut);
            }
        });
    }

    /** Outputs of a map: the outputs and, in the tensor-core form, the scores. Squared norms are needed as an input by WB only. */
    static Outputs mapOutputs(ForwardState state, long row, DevicePointer out, DevicePointer scores) {
        DevicePointer squaredNorms = state.grid().weightBounding() ? state.squaredNorms(row) : DevicePointer.NULL;
        return new Outputs(out, scores, DevicePointer.NULL, squaredNorms);
    }

    private void applyWeights(Buffers buffers, Inputs inputs, Outputs outputs) {
        if (tensorCore != null) {
            tensorCore.run(buffers.maxRows, buffers.partials, inputs, outputs);
        } else {
            weightStreaming(inputs, outputs);
        }
    }

    private static long tiles(long extent) {
        return Math.ceilDiv(extent, (long) TILE);
    }

    private void patchFirst(Inputs inputs, Outputs outputs) {
        kernels.kernel(source, "patch_first_forward")
                .pointer(outputs.y())
                .pointer(outputs.factors())
                .pointer(outputs.squaredNorms())
                .pointer(inputs.a())
                .pointer(weights.gram().pointer())
                .pointer(weights.frobenius())
                .constant(shape.norm())
                .int32(shape.rank())
                .int32(shape.slots())
                .int32(shape.units())
                .int64(inputs.rows())
                .launch(tiles(inputs.rows()), Math.toIntExact(tiles(shape.units())), THREADS);
    }

    private void weightStreaming(Inputs inputs, Outputs outputs) {
        kernels.kernel(source, "weight_streaming_forward")
                .pointer(outputs.y())
                .pointer(outputs.factors())
                .pointer(outputs.squaredNorms())
                .pointer(inputs.a())
                .int32(inputs.stride())
                .pointer(inputs.patches())
                .pointer(weights.packed().pointer())
                .int32(shape.patch())
                .int32(shape.rank())
                .int32(shape.slots())
                .int32(shape.units())
                .int64(inputs.rows())
                .launch(tiles(inputs.rows()), Math.toIntExact(tiles(shape.units())), THREADS);
    }

    private void patchFirstMap(ForwardState state, long row, long rows, DevicePointer u, DevicePointer out) {
        kernels.elements(
                source,
                "patch_first_map",
                rows * shape.units(),
                kernel -> kernel.pointer(out)
                        .pointer(u)
                        .pointer(state.factors(row))
                        .pointer(state.squaredNorms(row))
                        .pointer(weights.frobenius())
                        .constant(shape.norm())
                        .int32(shape.rank())
                        .int32(shape.slots())
                        .int32(shape.units()));
    }
}
