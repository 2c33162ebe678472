package org.codanet.gpu.op.alignment;

import org.codanet.gpu.library.CublasHandle.Matrix;
import org.codanet.gpu.op.CudaOperation;
import org.codanet.gpu.op.CudaResources;
import org.codanet.nn.op.alignment.DynamicAlignment;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Dynamic alignment without dynamic weights in memory, in two forms that agree but for rounding.
 *
 * <p>Patch first: one matrix product of the patches with all weights gives the factors a and the products u, and one kernel makes
 * scores, norms and outputs of them. Every way back is the same in reverse. Weights in registers: TF32 and bfloat16, for ranks
 * that fit, see {@link TensorCoreForward} for all but the gradient, {@link TensorCoreGradient} for that. The images of a call
 * are taken as many at a time as the workspace has room for.
 */
public final class CudaDynamicAlignment extends CudaOperation implements DynamicAlignment {
    private static final int FORWARD_THREADS = 128;
    private static final int TILE = 32;

    private final DynamicAlignmentShape shape;
    private final AlignmentKernels kernels;
    private final PackedWeights weights;
    private final Gradient gradient;
    private final TensorCoreForward tiles;
    private final TensorCoreGradient tilesGradient;

    public CudaDynamicAlignment(CudaResources resources, String owner, DynamicAlignmentShape shape) {
        super(resources, owner, "dynamic alignment");
        this.shape = shape;
        this.kernels = new AlignmentKernels(resources, shape);
        this.weights = new PackedWeights(resources, shape, kernels, owner);
        this.gradient = new Gradient(resources, kernels, weights);
        this.tiles = TensorCoreForward.of(resources, shape, owner);
        this.tilesGradient = TensorCoreGradient.of(resources, kernels, weights, tiles, shape, owner);
        resources.selections().report(this);
    }

    /** Null where the patch comes first. */
    TensorCoreForward tiles() {
        return tiles;
    }

    @Override
    public DynamicAlignmentShape shape() {
        return shape;
    }

    @Override
    public void prepare(Weights next, Purpose purpose) {
        resources();
        weights.prepare(next);
        if (tiles != null) {
            tiles.prepare(weights.packed());
        }
        if (tilesGradient != null) {
            tilesGradient.changed();
            if (purpose == Purpose.TRAINING) {
                tilesGradient.prepare();
            }
        }
    }

    @Override
    public State state(Scope scope, Shape x, Purpose purpose) {
        return scope.register(new ForwardState(
                this,
                PatchGrid.of(shape, x),
                purpose,
                keepsScores(purpose),
                resources().memory(),
                scope.path()));
    }

    /** Patch first, the gradient finds the scores again with the products. */
    private boolean keepsScores(Purpose purpose) {
        return tilesGradient != null && purpose == Purpose.TRAINING;
    }

    @Override
    public long stateBytes(Shape x, Purpose purpose) {
        return ForwardState.bytes(PatchGrid.of(shape, x), keepsScores(purpose));
    }

    @Override
    public long preparedBytes(Purpose purpose, int functionals) {
        return weights.bytes()
                + (tiles == null ? 0 : tiles.bytes())
                + (tilesGradient == null || purpose != Purpose.TRAINING ? 0 : tilesGradient.preparedBytes());
    }

    @Override
    public long workspaceBytes(Shape x, Purpose purpose, int functionals) {
        PatchGrid extents = PatchGrid.of(shape, x);
        long bytes = forwardBytes(extents, productFloats(extents, forwardColumns()));
        if (purpose != Purpose.INFERENCE && functionals > 0) {
            bytes = Math.max(
                    bytes,
                    inRegisters(functionals)
                            ? imageBytes(extents, functionals * tiles.backFloats(), extents.n())
                            : imageBytes(extents, spreadFloats(extents), extents.n() * functionals));
        }
        if (purpose == Purpose.TRAINING && tilesGradient != null) {
            bytes = Math.max(bytes, tilesGradient.bytes(extents));
        } else if (purpose == Purpose.TRAINING) {
            bytes = Math.max(bytes, imageBytes(extents, productFloats(extents, extents.row()), extents.n()));
            bytes = Math.max(bytes, gradient.bytes(extents));
        }
        return bytes;
    }

    /** Columns of the packed weights that the forward pass multiplies patches with: A's alone where it makes dynamic weights. */
    private int forwardColumns() {
        return makesWeights() ? shape.rank() : PatchGrid.row(shape);
    }

    private boolean makesWeights() {
        return tiles != null || PatchGrid.direct(shape);
    }

    /** Bytes for as many images as are taken at a time. */
    private long imageBytes(PatchGrid extents, long floats, int images) {
        int count = extents.imagesWithin(resources().chunkBytes(), floats, images);
        return Float.BYTES * floats * count * extents.positions();
    }

    /** {@link #imageBytes} of a forward pass in registers, or of one patch first, with the parts of outputs that it makes. */
    private long forwardBytes(PatchGrid extents, long floats) {
        return imageBytes(extents, floats, extents.n()) + Float.BYTES * partFloats(extents, floats);
    }

    private long partFloats(PatchGrid extents, long floats) {
        long images = extents.imagesWithin(resources().chunkBytes(), floats, extents.n());
        return tiles == null ? 0 : tiles.partFloats(images * extents.positions());
    }

    /** Floats for each position in {@link #products}. */
    private static long productFloats(PatchGrid extents, int columns) {
        return columns + 1L + (extents.pointwise() ? 0 : extents.patch());
    }

    /** Floats for each position in {@link #backProject}. */
    private static long spreadFloats(PatchGrid extents) {
        return (long) extents.slots() * extents.units() + extents.patch();
    }

    @Override
    public void forward(Tensor x, Tensor y, State state) {
        y.require(shape.output(x.shape()), operation(), "y");
        weights.requirePrepared();
        PatchGrid extents = PatchGrid.of(shape, x.shape());
        ForwardState kept = state == null ? null : ForwardState.of(state, this, Purpose.EXPLANATION);
        requireSame(kept, extents);
        long from = address(x);
        long to = address(y);
        products(extents, from, forwardColumns(), (row, rows, u, patches, most, parts) -> {
            long squares = kept != null ? kept.squares(row) : 0;
            if (extents.bounded()) {
                squares = kept != null ? squares : u + Float.BYTES * rows * forwardColumns();
                long q = squares;
                kernels.warps(
                        "patch_squares",
                        rows,
                        kernel -> kernel.address(q).address(patches).int32(extents.patch()));
            }
            long out = to + Float.BYTES * row * extents.units();
            long factors = kept == null ? 0 : kept.factors(row);
            if (makesWeights()) {
                long scores = kept == null ? 0 : kept.scores(row);
                TensorCoreForward.Kept left = new TensorCoreForward.Kept(out, scores, factors, squares);
                apply(most, parts, u, extents.rank(), patches, rows, left);
            } else {
                finish(extents, u, rows, out, factors, squares);
            }
        });
    }

    /** Outputs of some rows from dynamic weights, as {@link TensorCoreForward#forward}. */
    private void apply(long most, long parts, long a, int stride, long patches, long rows, TensorCoreForward.Kept to) {
        if (tiles != null) {
            tiles.forward(most, parts, a, stride, patches, rows, to, weights.frobenius());
            return;
        }
        kernels.kernel("direct_forward")
                .address(to.y())
                .address(to.factors())
                .address(to.squares())
                .address(a)
                .int32(stride)
                .address(patches)
                .address(weights.packed().address())
                .int32(shape.patch())
                .int32(shape.rank())
                .int32(PatchGrid.slots(shape))
                .int32(shape.units())
                .int64(rows)
                .launch((rows + TILE - 1) / TILE, (shape.units() + TILE - 1) / TILE, FORWARD_THREADS);
    }

    /** Outputs of some rows from their products with all weights. */
    private void finish(PatchGrid extents, long u, long rows, long out, long factors, long squares) {
        kernels.kernel("alignment_forward")
                .address(out)
                .address(factors)
                .address(squares)
                .address(u)
                .address(weights.gram())
                .address(weights.frobenius())
                .int32(shape.norm().ordinal())
                .int32(extents.rank())
                .int32(extents.slots())
                .int32(extents.units())
                .int64(rows)
                .launch((rows + TILE - 1) / TILE, (extents.units() + TILE - 1) / TILE, FORWARD_THREADS);
    }

    @Override
    public void applyMap(State state, Tensor v, Tensor out) {
        ForwardState kept = ForwardState.of(state, this, Purpose.EXPLANATION);
        PatchGrid extents = kept.extents();
        out.require(shape.output(v.shape()), "dynamic alignment map", "out");
        requireSame(kept, PatchGrid.of(shape, v.shape()));
        weights.requirePrepared();
        long from = address(v);
        long to = address(out);
        if (makesWeights()) {
            applyWeights(kept, from, to);
            return;
        }
        products(
                extents,
                from,
                extents.row(),
                (row, rows, u, patches, most, parts) -> kernels.elements(
                        "alignment_map",
                        rows * extents.units(),
                        kernel -> kernel.address(to + Float.BYTES * row * extents.units())
                                .address(u)
                                .address(kept.factors(row))
                                .address(kept.squares(row))
                                .address(weights.frobenius())
                                .int32(shape.norm().ordinal())
                                .int32(extents.rank())
                                .int32(extents.slots())
                                .int32(extents.units())));
    }

    private void applyWeights(ForwardState kept, long from, long to) {
        PatchGrid extents = kept.extents();
        long floats = Math.max(1, productFloats(extents, 0) - 1);
        int images = extents.imagesWithin(resources().chunkBytes(), floats, extents.n());
        long most = (long) images * extents.positions();
        long room = resources().workspace().atLeast(forwardBytes(extents, floats));
        long parts = room + Float.BYTES * most * floats;
        for (int image = 0; image < extents.n(); image += images) {
            int count = Math.min(images, extents.n() - image);
            long row = (long) image * extents.positions();
            long out = to + Float.BYTES * row * extents.units();
            TensorCoreForward.Kept left =
                    new TensorCoreForward.Kept(out, 0, 0, extents.bounded() ? kept.squares(row) : 0);
            apply(
                    most,
                    parts,
                    kept.factors(row),
                    extents.slots(),
                    patches(extents, from, image, count, room),
                    (long) count * extents.positions(),
                    left);
        }
    }

    /** What is done with the products of some rows; {@code u} is followed by a float for each row. */
    @FunctionalInterface
    private interface Products {
        void use(long row, long rows, long u, long patches, long most, long parts);
    }

    /** Patches times the first columns of the weights, some images at a time. */
    private void products(PatchGrid extents, long x, int columns, Products use) {
        CudaResources resources = resources();
        long floats = productFloats(extents, columns);
        int images = extents.imagesWithin(resources.chunkBytes(), floats, extents.n());
        long most = (long) images * extents.positions();
        long u = resources.workspace().atLeast(forwardBytes(extents, floats));
        long room = u + Float.BYTES * most * (columns + 1L);
        long parts = u + Float.BYTES * most * floats;
        for (int image = 0; image < extents.n(); image += images) {
            int count = Math.min(images, extents.n() - image);
            long rows = (long) count * extents.positions();
            long patches = patches(extents, x, image, count, room);
            kernels.products()
                    .multiply(
                            Math.toIntExact(rows),
                            columns,
                            extents.patch(),
                            Matrix.of(patches, extents.patch()),
                            weights.packed(),
                            u,
                            columns,
                            false);
            use.use((long) image * extents.positions(), rows, u, patches, most, parts);
        }
    }

    private long patches(PatchGrid extents, long x, int image, int count, long room) {
        long from = x + (long) Float.BYTES * image * extents.h() * extents.w() * shape.inChannels();
        if (extents.pointwise()) {
            return from;
        }
        kernels.gather(extents, from, count, room);
        return room;
    }

    @Override
    public void backProject(State state, Tensor dOut, Tensor dIn) {
        ForwardState kept = ForwardState.of(state, this, Purpose.EXPLANATION);
        PatchGrid extents = kept.extents();
        requireRank(dOut, 5, "dOut", "(N, K, Ho, Wo, D)");
        int targets = dOut.shape().extent(1);
        dOut.require(
                Shape.of(extents.n(), targets, extents.outH(), extents.outW(), extents.units()),
                "back-projection",
                "dOut");
        dIn.require(
                Shape.of(extents.n(), targets, extents.h(), extents.w(), shape.inChannels()), "back-projection", "dIn");
        weights.requirePrepared();
        if (inRegisters(targets)) {
            backProjectInRegisters(kept, targets, address(dOut), address(dIn));
        } else {
            backProjectPatchFirst(kept, targets, address(dOut), address(dIn));
        }
    }

    @Override
    public int minUniformTargets(int targets) {
        int least = targets;
        while (least > 1 && inRegisters(least - 1) == inRegisters(targets)) {
            least--;
        }
        return least;
    }

    private boolean inRegisters(int targets) {
        return tiles != null && tiles.suits(targets);
    }

    private long imageFloats(PatchGrid extents) {
        return (long) extents.h() * extents.w() * shape.inChannels();
    }

    private void backProjectInRegisters(ForwardState kept, int targets, long from, long to) {
        PatchGrid extents = kept.extents();
        long floats = targets * tiles.backFloats();
        int images = extents.imagesWithin(resources().chunkBytes(), floats, extents.n());
        long most = (long) images * extents.positions() * targets;
        long scaled = resources().workspace().atLeast(imageBytes(extents, floats, extents.n()));
        long patches = scaled + Float.BYTES * most * extents.units();
        for (int first = 0; first < extents.n(); first += images) {
            int count = Math.min(images, extents.n() - first);
            tiles.backProject(kept, first, count, targets, from, scaled, patches, weights.frobenius());
            long out = to + Float.BYTES * first * targets * imageFloats(extents);
            kernels.collect(extents, patches, count * targets, out, false);
        }
    }

    private void backProjectPatchFirst(ForwardState kept, int targets, long from, long to) {
        PatchGrid extents = kept.extents();
        CudaResources resources = resources();
        int spread = extents.slots() * extents.units();
        int all = Math.multiplyExact(extents.n(), targets);
        int at = extents.imagesWithin(resources.chunkBytes(), spreadFloats(extents), all);
        long most = (long) at * extents.positions();
        long t = resources.workspace().atLeast(Float.BYTES * most * spreadFloats(extents));
        long patches = t + Float.BYTES * most * spread;
        for (int first = 0; first < all; first += at) {
            int count = Math.min(at, all - first);
            int begin = first;
            long rows = (long) count * extents.positions();
            kernels.elements(
                    "spread_targets",
                    rows * extents.units(),
                    kernel -> kernel.address(t)
                            .address(from)
                            .address(kept.factors(0))
                            .address(kept.squares(0))
                            .address(weights.frobenius())
                            .int32(shape.norm().ordinal())
                            .int32(extents.slots())
                            .int32(extents.units())
                            .int32(extents.positions())
                            .int32(targets)
                            .int32(begin));
            kernels.products()
                    .multiply(
                            Math.toIntExact(rows),
                            extents.patch(),
                            spread,
                            Matrix.of(t, spread),
                            weights.slotColumns().transpose(),
                            patches,
                            extents.patch(),
                            false);
            kernels.collect(extents, patches, count, to + Float.BYTES * first * imageFloats(extents), false);
        }
    }

    @Override
    public void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients) {
        ForwardState kept = ForwardState.of(state, this, Purpose.TRAINING);
        DynamicAlignment.requireWanted(dIn, gradients);
        long from = check(kept, x, dOut, dIn);
        if (gradients != null) {
            gradients.require(shape, "dynamic alignment gradient");
        }
        gradient(kept, from, from, address(dOut), address(dIn), gradients);
    }

    private void gradient(ForwardState kept, long v, long x, long dOut, long dIn, Weights gradients) {
        if (tilesGradient != null) {
            tilesGradient.run(kept, v, x, dOut, dIn, gradients);
        } else {
            gradient.run(kept, v, x, dOut, dIn, gradients);
        }
    }

    @Override
    public void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients) {
        ForwardState kept = ForwardState.of(state, this, Purpose.TRAINING);
        check(kept, x, g, dIn);
        gradients.require(shape, "dynamic alignment gradient");
        v.require(x.shape(), "dynamic alignment map gradient", "v");
        gradient(kept, address(v), address(x), address(g), address(dIn), gradients);
    }

    /** Checks the arguments of a gradient; returns where x is. */
    private long check(ForwardState kept, Tensor x, Tensor dOut, Tensor dIn) {
        String gradientOf = "dynamic alignment gradient";
        PatchGrid extents = kept.extents();
        x.require(Shape.of(extents.n(), extents.h(), extents.w(), shape.inChannels()), gradientOf, "x");
        dOut.require(shape.output(x.shape()), gradientOf, "dOut");
        if (dIn != null) {
            dIn.require(x.shape(), gradientOf, "dIn");
        }
        weights.requirePrepared();
        return address(x);
    }

    private static void requireSame(ForwardState kept, PatchGrid extents) {
        if (kept != null && !kept.extents().equals(extents)) {
            PatchGrid made = kept.extents();
            throw new IllegalArgumentException("dynamic alignment: the state was made for " + made.n() + " images of "
                    + made.h() + "×" + made.w() + ", the input has " + extents.n() + " of " + extents.h() + "×"
                    + extents.w());
        }
    }

    @Override
    public void release() {
        weights.release();
        if (tiles != null) {
            tiles.release();
        }
        if (tilesGradient != null) {
            tilesGradient.release();
        }
    }

    /** What was chosen, for {@code --verbose}. */
    @Override
    public String toString() {
        String forward = PatchGrid.direct(shape) ? "with weights one by one" : form(tiles != null);
        return "dynamic alignment on " + resources().name() + ": forward " + forward
                + ", back-projection of one target " + form(inRegisters(1)) + ", of several " + form(inRegisters(2))
                + ", gradient " + form(tilesGradient != null) + (shape.gramFormCancels() ? ", float32" : "")
                + ", " + shape;
    }

    private static String form(boolean inRegisters) {
        return inRegisters ? "with weights in registers" : "patch first";
    }
}
