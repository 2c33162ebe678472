package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.codanet.nn.cpu.alignment.WorkspaceArray.OfWorker;
import org.codanet.nn.cpu.kernel.product.Products;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.cpu.runtime.Lease;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;

/**
 * Arrays that a layer derives from its weights once after each update. They are heap arrays in the layouts that the products need. With
 * S slots (r, plus one for the bias):
 *
 * <ul>
 *   <li>{@link #forward}: panels of (frequencies, depth, width · lanes), the right sides of the forward pass;
 *   <li>{@link #transposed}: panels of (frequencies, vectors · lanes, width · lanes), the right sides of back-projection, with the depth
 *       along the lanes;
 *   <li>{@code gram}: panels of (pairs ρ ≤ σ, width · lanes), the Gram matrices G_j with their off-diagonal entries doubled, so that
 *       {@code q_j = Σ_{ρ≤σ} gram[ρσ][j] a_ρ a_σ}. This is half the work of the full matrix;
 *   <li>{@link #halfGramTransposed}: panels of (units, width · lanes) with the pairs along the lanes. They hold half of {@code gram},
 *       which is G_j with a halved diagonal;
 *   <li>{@link #slices}: (unit vectors, P, S, lanes), the weights (B_j, b_j) for everything else.
 * </ul>
 */
final class PackedWeights {
    /** Number of patch entries whose products are summed into the Gram matrices at once. */
    private static final int BLOCK = 16;

    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final Products products;
    private final Products normProducts;

    /** Null if the layer needs float32 only, and before the first {@link #prepare}. */
    private DoubleSquaredNorms doubleSquaredNorms;

    private final CpuContext context;
    private final String owner;

    private float[] forward = new float[0];
    private float[] transposed = new float[0];
    private float[] gram = new float[0];
    private float[] normPanels = new float[0];
    private float[] halfGramTransposed = new float[0];
    private float[] slices = new float[0];
    private float[] frobenius = new float[0];
    private float[] gramOfA = new float[0];
    private float[] streamingPanels = new float[0];
    private boolean streamingPanelsValid;
    private DynamicAlignment.Weights weights;
    private Purpose purpose;

    PackedWeights(Plan plan, String owner) {
        this.shape = plan.shape();
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.products = plan.products();
        this.normProducts = plan.normProducts();
        this.context = plan.context();
        this.owner = owner;
    }

    float[] forward() {
        requirePurpose(Purpose.INFERENCE);
        return forward;
    }

    float[] transposed() {
        requirePurpose(Purpose.EXPLANATION);
        return transposed;
    }

    /** The Gram matrices, as right sides of the products that compute squared norms. */
    float[] normPanels() {
        return normProducts.valuesOfStep() == 1 ? gram : normPanels;
    }

    float[] halfGramTransposed() {
        requirePurpose(Purpose.TRAINING);
        return halfGramTransposed;
    }

    float[] slices() {
        requirePurpose(Purpose.TRAINING);
        return slices;
    }

    /** F_j = ‖B_j Aᵀ‖_F of every unit. For WB only. */
    float[] frobenius() {
        return frobenius;
    }

    /** AᵀA, (r, r). For WB only. */
    float[] gramOfA() {
        return gramOfA;
    }

    DynamicAlignment.Weights weights() {
        requirePurpose(Purpose.INFERENCE);
        return weights;
    }

    private void requirePurpose(Purpose needed) {
        if (purpose == null || purpose.compareTo(needed) < 0) {
            throw new IllegalStateException(owner + ": weights were prepared for "
                    + (purpose == null ? "nothing" : purpose) + ", " + needed + " is needed: call prepare");
        }
    }

    int forwardPanel(int panel) {
        return patches.frequencies() * forwardSteps() * columns.lanes() * columns.first(panel);
    }

    /** Steps of a forward product. */
    int forwardSteps() {
        return products.steps(patches.depth());
    }

    int transposedPanel(int panel) {
        return patches.frequencies() * transposedSteps() * 2 * columns.lanes() * panel;
    }

    /** Steps of a product with all vectors of the transposed weights. */
    int transposedSteps() {
        return products.steps(columns.vectors() * columns.lanes());
    }

    int normPanel(int panel) {
        return normProducts.steps(columns.pairLanes()) * 2 * columns.lanes() * panel;
    }

    private long normFloats() {
        return normProducts.valuesOfStep() == 1
                ? 0
                : (long) normProducts.steps(columns.pairLanes()) * columns.unitLanes();
    }

    /** The squared norms in double precision; null if the layer does not need them. */
    DoubleSquaredNorms doubleSquaredNorms() {
        return doubleSquaredNorms;
    }

    private int gramPanel(int panel) {
        return columns.pairLanes() * 2 * columns.lanes() * panel;
    }

    int halfGramTransposedPanel(int panel) {
        return columns.unitLanes() * 2 * columns.lanes() * panel;
    }

    /** Bytes held after {@link #prepare} for the purpose {@code wanted}, without {@link #streamingBytes}. */
    long bytes(Purpose wanted) {
        long floats = forwardFloats() + normFloats() + (long) columns.pairLanes() * columns.unitLanes() + sliceFloats();
        if (wanted != Purpose.INFERENCE) {
            floats += transposedFloats();
        }
        if (wanted == Purpose.TRAINING) {
            floats += (long) columns.pairLanes() * columns.unitLanes();
        }
        return floats * Float.BYTES + DoubleSquaredNorms.bytes(shape, columns);
    }

    /** Bytes of {@link #streamingPanels}. */
    long streamingBytes() {
        return streamingFloats() * Float.BYTES;
    }

    private long streamingFloats() {
        int lanes = columns.lanes();
        return (long) (shape.patch() + lanes - 1) / lanes * lanes * shape.units() * products.steps(columns.slots());
    }

    private long sliceFloats() {
        return (long) columns.unitLanes() * shape.patch() * columns.slots();
    }

    private long forwardFloats() {
        return (long) patches.frequencies() * forwardSteps() * columns.lanes() * columns.vectors();
    }

    private long transposedFloats() {
        return (long) patches.frequencies() * transposedSteps() * patches.depthVectors() * columns.lanes();
    }

    void prepare(DynamicAlignment.Weights source, Purpose wanted) {
        weights = source.require(shape, "dynamic alignment");
        purpose = wanted;
        streamingPanelsValid = false;
        slices = resized(slices, sliceFloats());
        gram = resized(gram, (long) columns.pairLanes() * columns.unitLanes());
        forward = resized(forward, forwardFloats());
        packForward();
        packGram();
        if (doubleSquaredNorms == null && DoubleSquaredNorms.bytes(shape, columns) > 0) {
            context.memory().hold(DoubleSquaredNorms.bytes(shape, columns), owner);
            doubleSquaredNorms = new DoubleSquaredNorms(shape, columns);
        }
        if (doubleSquaredNorms != null) {
            doubleSquaredNorms.prepare(slices);
        }
        normPanels = resized(normPanels, normFloats());
        if (normPanels.length > 0) {
            packNorms();
        }
        if (wanted != Purpose.INFERENCE) {
            transposed = resized(transposed, transposedFloats());
            packTransposed();
        }
        if (wanted == Purpose.TRAINING) {
            halfGramTransposed = resized(halfGramTransposed, (long) columns.pairLanes() * columns.unitLanes());
            packHalfGramTransposed();
        }
        if (shape.norm() == Norm.WB) {
            computeFrobenius();
        }
    }

    private float[] resized(float[] array, long floats) {
        if (array.length == floats) {
            return array;
        }
        context.memory().hold(4 * (floats - array.length), owner);
        return new float[Math.toIntExact(floats)];
    }

    /** Frees everything. */
    void release() {
        long floats = (long) forward.length
                + transposed.length
                + gram.length
                + normPanels.length
                + halfGramTransposed.length
                + slices.length
                + streamingPanels.length;
        context.memory().endHold(4 * floats, owner);
        if (doubleSquaredNorms != null) {
            context.memory().endHold(DoubleSquaredNorms.bytes(shape, columns), owner);
            doubleSquaredNorms = null;
        }
        forward = new float[0];
        transposed = forward;
        gram = forward;
        normPanels = forward;
        halfGramTransposed = forward;
        slices = forward;
        streamingPanels = forward;
        purpose = null;
    }

    private Lease lease(int worker, OfWorker array, int floats) {
        return context.workspace().lease(worker, array, floats, owner);
    }

    private void packForward() {
        int row = columns.vectors() * columns.lanes();
        int tapFloats = products.valuesOfStep() * patches.taps() * row;
        int valueFloats = products.valuesOfStep() * patches.frequencies() * 2 * columns.lanes();
        context.workers().run(forwardSteps(), (step, worker) -> {
            try (Lease taps = lease(worker, OfWorker.WEIGHTS, tapFloats);
                    Lease values = lease(worker, OfWorker.PATCHES, valueFloats)) {
                readStep(step * products.valuesOfStep(), taps.values(), row);
                for (int panel = 0; panel < columns.panels(); panel++) {
                    packForwardPanel(step, panel, taps.values(), values.values());
                }
            }
        });
    }

    private void packForwardPanel(int step, int panel, float[] taps, float[] values) {
        int row = columns.vectors() * columns.lanes();
        int width = 2 * columns.lanes();
        int frequencies = patches.frequencies();
        for (int value = 0; value < products.valuesOfStep(); value++) {
            for (int v = 0; v < 2; v++) {
                patches.weightTransform(
                        taps,
                        value * patches.taps() * row + (columns.first(panel) + v) * columns.lanes(),
                        row,
                        values,
                        value * frequencies * width + v * columns.lanes(),
                        width);
            }
        }
        for (int f = 0; f < frequencies; f++) {
            int to = forwardPanel(panel) + (f * forwardSteps() + step) * width;
            products.pack(values, f * width, frequencies * width, forward, to, width);
        }
    }

    /** Reads the taps of one step, with zeros past the end of the depth. Also copies them to {@link #slices}. */
    private void readStep(int first, float[] taps, int row) {
        for (int k = first; k < first + products.valuesOfStep(); k++) {
            for (int tap = 0; tap < patches.taps(); tap++) {
                int to = ((k - first) * patches.taps() + tap) * row;
                if (k < patches.depth()) {
                    readRow(patches.patchEntry(tap, k), taps, to);
                    slice(patches.patchEntry(tap, k), taps, to);
                } else {
                    Arrays.fill(taps, to, to + row, 0);
                }
            }
        }
    }

    /** Reads row {@code entry} of (A, B, b) and pads every vector with zeros. */
    private void readRow(int entry, float[] row, int offset) {
        int rank = shape.rank();
        int units = shape.units();
        int padded = columns.unitLanes();
        int start = offset + columns.aVectors() * columns.lanes();
        Arrays.fill(row, offset, offset + columns.vectors() * columns.lanes(), 0);
        CpuTensor.read(CpuTensor.segment(weights.a()), (long) entry * rank, row, offset, rank);
        MemorySegment b = CpuTensor.segment(weights.b());
        if (padded == units) {
            CpuTensor.read(b, (long) entry * rank * units, row, start, rank * units);
        } else {
            for (int slot = 0; slot < rank; slot++) {
                CpuTensor.read(b, ((long) entry * rank + slot) * units, row, start + slot * padded, units);
            }
        }
        if (shape.bias()) {
            CpuTensor.read(CpuTensor.segment(weights.bias()), (long) entry * units, row, start + rank * padded, units);
        }
    }

    private void slice(int entry, float[] row, int offset) {
        int lanes = columns.lanes();
        int start = offset + columns.aVectors() * lanes;
        for (int v = 0; v < columns.unitVectors(); v++) {
            for (int slot = 0; slot < columns.slots(); slot++) {
                System.arraycopy(
                        row,
                        start + (slot * columns.unitVectors() + v) * lanes,
                        slices,
                        ((v * shape.patch() + entry) * columns.slots() + slot) * lanes,
                        lanes);
            }
        }
    }

    private void packTransposed() {
        int lanes = columns.lanes();
        int valuesOfStep = products.valuesOfStep();
        context.workers().run(patches.frequencies() * columns.panels(), (task, worker) -> {
            int frequency = task / columns.panels();
            int panel = task % columns.panels();
            int from = forwardPanel(panel) + frequency * forwardSteps() * 2 * lanes;
            try (Lease values = lease(worker, OfWorker.PATCHES, valuesOfStep * 2 * lanes)) {
                for (int target = 0; target < patches.depthPanels(); target++) {
                    int first = products.steps(columns.first(panel) * lanes);
                    int to = transposedPanel(target)
                            + (frequency * transposedSteps() + first) * patches.depthWidth(target) * lanes;
                    packTransposedPanel(from, target, to, values.values());
                }
            }
        });
    }

    /** Transposes the part of a forward panel that lies in one panel of {@link #transposed}. */
    private void packTransposedPanel(int from, int target, int to, float[] values) {
        int width = 2 * columns.lanes();
        int valuesOfStep = products.valuesOfStep();
        int targetWidth = patches.depthWidth(target) * columns.lanes();
        int k0 = target * width;
        int filled = Math.min(targetWidth, patches.depth() - k0);
        Arrays.fill(values, 0, valuesOfStep * targetWidth, 0);
        for (int i = 0; i < width; i += valuesOfStep) {
            for (int value = 0; value < valuesOfStep; value++) {
                for (int k = 0; k < filled; k++) {
                    values[value * targetWidth + k] = products.unpack(forward, from, width, k0 + k, i + value);
                }
            }
            products.pack(values, 0, targetWidth, transposed, to + i / valuesOfStep * targetWidth, targetWidth);
        }
    }

    private void packGram() {
        int lanes = columns.lanes();
        int slots = columns.slots();
        int patch = shape.patch();
        context.workers().run(columns.unitVectors(), (v, worker) -> {
            try (Lease lease = lease(worker, OfWorker.WEIGHTS, columns.pairLanes() * lanes)) {
                float[] sums = lease.values();
                Arrays.fill(sums, 0, columns.pairLanes() * lanes, 0);
                // A block of patch entries stays in the cache while all pairs of slots are summed.
                for (int entry = 0; entry < patch; entry += BLOCK) {
                    int from = (v * patch + entry) * slots * lanes;
                    context.kernels().laneGram(slices, from, Math.min(BLOCK, patch - entry), slots, sums, 0, lanes);
                }
                int width = Math.min(2, columns.unitVectors() - v / 2 * 2) * lanes;
                int to = gramPanel(v / 2) + v % 2 * lanes;
                for (int slot = 0, pair = 0; slot < slots; slot++) {
                    for (int other = slot; other < slots; other++, pair++) {
                        float weight = other == slot ? 1 : 2;
                        for (int lane = 0; lane < lanes; lane++) {
                            gram[to + pair * width + lane] = weight * sums[pair * lanes + lane];
                        }
                    }
                }
            }
        });
    }

    private void packNorms() {
        for (int panel = 0; 2 * panel < columns.unitVectors(); panel++) {
            int width = Math.min(2, columns.unitVectors() - 2 * panel) * columns.lanes();
            int valuesOfStep = normProducts.valuesOfStep();
            for (int step = 0; step < normProducts.steps(columns.pairLanes()); step++) {
                int from = gramPanel(panel) + step * valuesOfStep * width;
                normProducts.pack(gram, from, width, normPanels, normPanel(panel) + step * width, width);
            }
        }
    }

    private void packHalfGramTransposed() {
        int lanes = columns.lanes();
        for (int v = 0; v < columns.unitVectors(); v++) {
            int width = Math.min(2, columns.unitVectors() - v / 2 * 2) * lanes;
            int from = gramPanel(v / 2) + v % 2 * lanes;
            for (int pair = 0; pair < columns.pairs(); pair++) {
                int vector = pair / lanes;
                int targetWidth = Math.min(2, columns.pairLanes() / lanes - vector / 2 * 2) * lanes;
                int to = halfGramTransposedPanel(vector / 2) + vector % 2 * lanes + pair % lanes;
                for (int lane = 0; lane < lanes; lane++) {
                    halfGramTransposed[to + (v * lanes + lane) * targetWidth] = 0.5f * gram[from + pair * width + lane];
                }
            }
        }
    }

    private void computeFrobenius() {
        int rank = shape.rank();
        float[] a = new float[shape.patch() * rank];
        CpuTensor.read(CpuTensor.segment(weights.a()), 0, a, 0, a.length);
        double[] product = new double[rank * rank];
        for (int i = 0; i < shape.patch(); i++) {
            for (int r = 0; r < rank; r++) {
                for (int s = 0; s < rank; s++) {
                    product[r * rank + s] += (double) a[i * rank + r] * a[i * rank + s];
                }
            }
        }
        gramOfA = new float[rank * rank];
        for (int i = 0; i < product.length; i++) {
            gramOfA[i] = (float) product[i];
        }
        frobenius = new float[columns.unitLanes()];
        for (int unit = 0; unit < shape.units(); unit++) {
            double square = 0;
            for (int r = 0; r < rank; r++) {
                for (int s = r; s < rank; s++) {
                    double entry = doubleSquaredNorms == null
                            ? gramEntry(r, s, unit)
                            : doubleSquaredNorms.gramEntry(r, s, unit);
                    square += product[r * rank + s] * entry;
                }
            }
            frobenius[unit] = (float) Math.sqrt(Math.max(0, square));
        }
    }

    /** Entry (ρ, σ), ρ ≤ σ, of a unit's Gram matrix, doubled if ρ ≠ σ. */
    float gramEntry(int slot, int other, int unit) {
        int lanes = columns.lanes();
        int v = unit / lanes;
        int width = Math.min(2, columns.unitVectors() - v / 2 * 2) * lanes;
        int pair = columns.firstPair(slot) + other - slot;
        return gram[gramPanel(v / 2) + pair * width + v % 2 * lanes + unit % lanes];
    }

    /**
     * Panels (pairs of vectors of patch entries, units, S, width · lanes) for {@link WeightStreaming}. They are packed at the first use.
     */
    float[] streamingPanels() {
        requirePurpose(Purpose.EXPLANATION);
        if (!streamingPanelsValid) {
            int lanes = columns.lanes();
            int vectors = (shape.patch() + lanes - 1) / lanes;
            streamingPanels = resized(streamingPanels, streamingFloats());
            context.workers().run((vectors + 1) / 2, (panel, worker) -> packStreamingPanel(panel, vectors, worker));
            streamingPanelsValid = true;
        }
        return streamingPanels;
    }

    int streamingPanel(int panel) {
        return 2 * columns.lanes() * panel * shape.units() * products.steps(columns.slots());
    }

    private void packStreamingPanel(int panel, int vectors, int worker) {
        int lanes = columns.lanes();
        int valuesOfStep = products.valuesOfStep();
        int steps = products.steps(columns.slots());
        int width = Math.min(2, vectors - 2 * panel) * lanes;
        int first = panel * 2 * lanes;
        int filled = Math.min(width, shape.patch() - first);
        try (Lease lease = lease(worker, OfWorker.PATCHES, valuesOfStep * width)) {
            float[] values = lease.values();
            Arrays.fill(values, 0, valuesOfStep * width, 0);
            for (int unit = 0; unit < shape.units(); unit++) {
                int entries = (unit / lanes * shape.patch() + first) * columns.slots() * lanes + unit % lanes;
                for (int step = 0; step < steps; step++) {
                    for (int value = 0; value < valuesOfStep; value++) {
                        int slot = step * valuesOfStep + value;
                        for (int i = 0; i < filled; i++) {
                            values[value * width + i] =
                                    slot < columns.slots() ? slices[entries + (i * columns.slots() + slot) * lanes] : 0;
                        }
                    }
                    products.pack(
                            values,
                            0,
                            width,
                            streamingPanels,
                            streamingPanel(panel) + (unit * steps + step) * width,
                            width);
                }
            }
        }
    }
}
