package org.codanet.nn.cpu.alignment;

import java.lang.foreign.MemorySegment;
import org.codanet.nn.cpu.alignment.AlignmentSlots.Scratch;
import org.codanet.nn.cpu.runtime.CpuContext;
import org.codanet.nn.cpu.runtime.CpuTensor;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;

/**
 * What a layer derives from its weights once per update, in heap arrays laid out for the products. Where a depth is named, the
 * panels of {@link Products} have steps:
 *
 * <ul>
 *   <li>{@link #forward}: panels of (frequencies, depth, width · lanes);
 *   <li>{@link #transposed}: panels of (frequencies, vectors · lanes, width · lanes), depth along the lanes;
 *   <li>{@link #gram}: the squared norm as a quadratic form, {@code q_j = Σ_{ρ≤σ} gram[ρσ][j] a_ρ a_σ} with a = (a, 1), as
 *       panels of (pairs, width · lanes): half the work of the full matrix;
 *   <li>{@link #gramTransposed}: panels of (units, width · lanes), pairs along the lanes;
 *   <li>{@link #slices}: (unit vectors, P, slots, lanes), for the Gram matrices and their gradient.
 * </ul>
 */
final class PackedWeights {
    private final DynamicAlignmentShape shape;
    private final Patches patches;
    private final Columns columns;
    private final Products products;
    private final Products norms;

    /** Null where the float form does, and before the first {@link #prepare}. */
    private DoubleSquaredNorms doubleSquaredNorms;

    private final CpuContext context;
    private final String owner;

    private float[] forward = new float[0];
    private float[] transposed = new float[0];
    private float[] gram = new float[0];
    private float[] normPanels = new float[0];
    private float[] gramTransposed = new float[0];
    private float[] slices = new float[0];
    private float[] frobenius = new float[0];
    private float[] aProduct = new float[0];
    private float[] classes = new float[0];
    private boolean classesFresh;
    private DynamicAlignment.Weights weights;
    private Purpose purpose;

    PackedWeights(Plan plan, String owner) {
        this.shape = plan.shape();
        this.patches = plan.patches();
        this.columns = plan.columns();
        this.products = plan.products();
        this.norms = plan.norms();
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

    /** {@link #gram} as panels of the products that norms are made of. */
    float[] normPanels() {
        return norms.valuesOfStep() == 1 ? gram : normPanels;
    }

    float[] gramTransposed() {
        requirePurpose(Purpose.TRAINING);
        return gramTransposed;
    }

    float[] slices() {
        requirePurpose(Purpose.TRAINING);
        return slices;
    }

    /** WB only: ‖B_j Aᵀ‖_F of every unit. */
    float[] frobenius() {
        return frobenius;
    }

    /** WB only: AᵀA, (r, r). */
    float[] aProduct() {
        return aProduct;
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
        return norms.steps(columns.pairLanes()) * 2 * columns.lanes() * panel;
    }

    private long normFloats() {
        return norms.valuesOfStep() == 1 ? 0 : (long) norms.steps(columns.pairLanes()) * columns.unitLanes();
    }

    /** The norms in double precision, where the layer needs them; else null. */
    DoubleSquaredNorms doubleSquaredNorms() {
        return doubleSquaredNorms;
    }

    private int gramPanel(int panel) {
        return columns.pairLanes() * 2 * columns.lanes() * panel;
    }

    int gramTransposedPanel(int panel) {
        return columns.unitLanes() * 2 * columns.lanes() * panel;
    }

    /** Bytes held after {@link #prepare}, the class panels of an explanation of many classes included. */
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

    /** Bytes of {@link #classes}, beside {@link #bytes}. */
    long classBytes() {
        return classFloats() * Float.BYTES;
    }

    private long classFloats() {
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
        classesFresh = false;
        slices = room(slices, sliceFloats());
        gram = room(gram, (long) columns.pairLanes() * columns.unitLanes());
        forward = room(forward, forwardFloats());
        packForward();
        packGram();
        if (doubleSquaredNorms == null && DoubleSquaredNorms.bytes(shape, columns) > 0) {
            context.memory().hold(DoubleSquaredNorms.bytes(shape, columns), owner);
            doubleSquaredNorms = new DoubleSquaredNorms(shape, columns);
        }
        if (doubleSquaredNorms != null) {
            doubleSquaredNorms.prepare(slices);
        }
        normPanels = room(normPanels, normFloats());
        if (normPanels.length > 0) {
            packNorms();
        }
        if (wanted != Purpose.INFERENCE) {
            transposed = room(transposed, transposedFloats());
            packTransposed();
        }
        if (wanted == Purpose.TRAINING) {
            gramTransposed = room(gramTransposed, (long) columns.pairLanes() * columns.unitLanes());
            packGramTransposed();
        }
        if (shape.norm() == Norm.WB) {
            findFrobenius();
        }
    }

    private float[] room(float[] array, long floats) {
        if (array.length == floats) {
            return array;
        }
        context.memory().hold(4 * (floats - array.length), owner);
        return new float[Math.toIntExact(floats)];
    }

    /** Lets everything go. */
    void release() {
        long floats = (long) forward.length
                + transposed.length
                + gram.length
                + normPanels.length
                + gramTransposed.length
                + slices.length
                + classes.length;
        context.memory().endHold(4 * floats, owner);
        if (doubleSquaredNorms != null) {
            context.memory().endHold(DoubleSquaredNorms.bytes(shape, columns), owner);
            doubleSquaredNorms = null;
        }
        forward = new float[0];
        transposed = forward;
        gram = forward;
        normPanels = forward;
        gramTransposed = forward;
        slices = forward;
        classes = forward;
        purpose = null;
    }

    private void packForward() {
        int row = columns.vectors() * columns.lanes();
        int width = 2 * columns.lanes();
        int held = products.valuesOfStep();
        int frequencies = patches.frequencies();
        context.workers().run(forwardSteps(), (step, worker) -> {
            float[] taps = context.scratch(worker, Scratch.TAPS, held * patches.taps() * row);
            float[] values = context.scratch(worker, Scratch.VALUES, held * frequencies * width);
            readStep(step * held, taps, row);
            for (int panel = 0; panel < columns.panels(); panel++) {
                for (int value = 0; value < held; value++) {
                    for (int v = 0; v < 2; v++) {
                        patches.transformWeight(
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
        });
    }

    /** The taps of the depth indices that a step takes, zero where there is none; hands them to {@link #slices} too. */
    private void readStep(int first, float[] taps, int row) {
        for (int k = first; k < first + products.valuesOfStep(); k++) {
            for (int tap = 0; tap < patches.taps(); tap++) {
                int to = ((k - first) * patches.taps() + tap) * row;
                if (k < patches.depth()) {
                    readRow(patches.patchEntry(tap, k), taps, to);
                    slice(patches.patchEntry(tap, k), taps, to);
                } else {
                    java.util.Arrays.fill(taps, to, to + row, 0);
                }
            }
        }
    }

    /** Row {@code entry} of (A, B, b), every vector filled up with zeros. */
    private void readRow(int entry, float[] row, int offset) {
        int rank = shape.rank();
        int units = shape.units();
        int padded = columns.unitLanes();
        int start = offset + columns.aVectors() * columns.lanes();
        java.util.Arrays.fill(row, offset, offset + columns.vectors() * columns.lanes(), 0);
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
        int held = products.valuesOfStep();
        context.workers().run(patches.frequencies() * columns.panels(), (task, worker) -> {
            int frequency = task / columns.panels();
            int panel = task % columns.panels();
            int width = 2 * lanes;
            int from = forwardPanel(panel) + frequency * forwardSteps() * width;
            float[] values = context.scratch(worker, Scratch.VALUES, held * width);
            for (int target = 0; target < patches.depthPanels(); target++) {
                int targetWidth = patches.depthWidth(target) * lanes;
                int to = transposedPanel(target)
                        + (frequency * transposedSteps() + products.steps(columns.first(panel) * lanes)) * targetWidth;
                int k0 = target * 2 * lanes;
                int filled = Math.min(targetWidth, patches.depth() - k0);
                java.util.Arrays.fill(values, 0, held * targetWidth, 0);
                for (int i = 0; i < width; i += held) {
                    for (int value = 0; value < held; value++) {
                        for (int k = 0; k < filled; k++) {
                            values[value * targetWidth + k] = products.unpack(forward, from, width, k0 + k, i + value);
                        }
                    }
                    products.pack(values, 0, targetWidth, transposed, to + i / held * targetWidth, targetWidth);
                }
            }
        });
    }

    private void packGram() {
        int lanes = columns.lanes();
        int slots = columns.slots();
        int patch = shape.patch();
        context.workers().run(columns.unitVectors(), (v, worker) -> {
            float[] sums = context.scratch(worker, Scratch.PAIR_SUMS, columns.pairLanes() * lanes);
            java.util.Arrays.fill(sums, 0, columns.pairLanes() * lanes, 0);
            // Blocks of patch entries that stay in the cache while all pairs of slots are summed.
            for (int entry = 0; entry < patch; entry += 16) {
                context.kernels()
                        .laneGram(
                                slices,
                                (v * patch + entry) * slots * lanes,
                                Math.min(16, patch - entry),
                                slots,
                                sums,
                                0,
                                lanes);
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
        });
    }

    private void packNorms() {
        for (int panel = 0; 2 * panel < columns.unitVectors(); panel++) {
            int width = Math.min(2, columns.unitVectors() - 2 * panel) * columns.lanes();
            int held = norms.valuesOfStep();
            for (int step = 0; step < norms.steps(columns.pairLanes()); step++) {
                int from = gramPanel(panel) + step * held * width;
                norms.pack(gram, from, width, normPanels, normPanel(panel) + step * width, width);
            }
        }
    }

    private void packGramTransposed() {
        int lanes = columns.lanes();
        for (int v = 0; v < columns.unitVectors(); v++) {
            int width = Math.min(2, columns.unitVectors() - v / 2 * 2) * lanes;
            int from = gramPanel(v / 2) + v % 2 * lanes;
            for (int pair = 0; pair < columns.pairs(); pair++) {
                int vector = pair / lanes;
                int targetWidth = Math.min(2, columns.pairLanes() / lanes - vector / 2 * 2) * lanes;
                int to = gramTransposedPanel(vector / 2) + vector % 2 * lanes + pair % lanes;
                for (int lane = 0; lane < lanes; lane++) {
                    gramTransposed[to + (v * lanes + lane) * targetWidth] = gram[from + pair * width + lane];
                }
            }
        }
    }

    private void findFrobenius() {
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
        aProduct = new float[rank * rank];
        for (int i = 0; i < product.length; i++) {
            aProduct[i] = (float) product[i];
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

    /** Entry (ρ, σ), ρ ≤ σ, of a unit's Gram matrix, doubled off the diagonal. */
    float gramEntry(int slot, int other, int unit) {
        int lanes = columns.lanes();
        int v = unit / lanes;
        int width = Math.min(2, columns.unitVectors() - v / 2 * 2) * lanes;
        int pair = columns.firstPair(slot) + other - slot;
        return gram[gramPanel(v / 2) + pair * width + v % 2 * lanes + unit % lanes];
    }

    /** Panels (pairs of vectors of patch entries, units, slots, width · lanes) for {@link WeightStreaming}; made at first use. */
    float[] classes() {
        requirePurpose(Purpose.EXPLANATION);
        if (!classesFresh) {
            int lanes = columns.lanes();
            int vectors = (shape.patch() + lanes - 1) / lanes;
            classes = room(classes, classFloats());
            context.workers().run((vectors + 1) / 2, (panel, worker) -> packClassPanel(panel, vectors, worker));
            classesFresh = true;
        }
        return classes;
    }

    int classPanel(int panel) {
        return 2 * columns.lanes() * panel * shape.units() * products.steps(columns.slots());
    }

    private void packClassPanel(int panel, int vectors, int worker) {
        int lanes = columns.lanes();
        int held = products.valuesOfStep();
        int steps = products.steps(columns.slots());
        int width = Math.min(2, vectors - 2 * panel) * lanes;
        int first = panel * 2 * lanes;
        int filled = Math.min(width, shape.patch() - first);
        float[] values = context.scratch(worker, Scratch.VALUES, held * width);
        java.util.Arrays.fill(values, 0, held * width, 0);
        for (int unit = 0; unit < shape.units(); unit++) {
            int entries = (unit / lanes * shape.patch() + first) * columns.slots() * lanes + unit % lanes;
            for (int step = 0; step < steps; step++) {
                for (int value = 0; value < held; value++) {
                    int slot = step * held + value;
                    for (int i = 0; i < filled; i++) {
                        values[value * width + i] =
                                slot < columns.slots() ? slices[entries + (i * columns.slots() + slot) * lanes] : 0;
                    }
                }
                products.pack(values, 0, width, classes, classPanel(panel) + (unit * steps + step) * width, width);
            }
        }
    }
}
