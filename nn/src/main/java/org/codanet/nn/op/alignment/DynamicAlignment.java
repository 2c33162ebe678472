package org.codanet.nn.op.alignment;

import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The dynamic alignment convolution. At every position each unit computes a weight from the patch that it sees, and applies the weight to
 * that patch:
 *
 * <pre>
 *   a   = Aᵀ p                        the factors of a position (r)
 *   w_j = B_j a + b_j                 the dynamic weight (P); never written to memory
 *   s_j = w_j · p,  q_j = w_j · w_j   score and squared norm
 *   y_j = s_j f_j                     SQ: f = √q / (1 + q)   L2: f = 1 / √q   WB: f = 1 / (‖B_j Aᵀ‖_F ‖p‖)
 * </pre>
 *
 * <p>{@code x} is (N, H, W, C) and {@code y} (N, Ho, Wo, D). The weights are {@code A} (k, k, C, r), {@code B} (k, k, C, r, D) and {@code b}
 * (k, k, C, D), so each is a matrix that a patch (ky, kx, c) multiplies from the left. Where q is zero (for WB, where p is zero) y and
 * every gradient through that position are zero. The {@linkplain org.codanet.nn.op.alignment package description} derives all passes.
 *
 * <p>Source: Böhle, Fritz, Schiele, Convolutional Dynamic Alignment Networks, CVPR 2021, sections 3.1 to 3.3.
 */
public interface DynamicAlignment {
    /** What this operation was planned for. */
    DynamicAlignmentShape shape();

    /**
     * Reads the weights and derives from them what passes of this purpose need, such as packed copies and Gram matrices. Call it before
     * any other method and after every change of the weights. The tensors must stay open as long as the operation is used.
     */
    void prepare(Weights weights, Purpose purpose);

    /**
     * Creates a forward state for inputs of these extents, owned by {@code scope}. {@link #forward} fills it, and the later passes read it.
     * {@link Purpose#INFERENCE} needs none: pass null to {@link #forward}.
     */
    State state(Scope scope, Shape x, Purpose purpose);

    /** Bytes of {@link #state} for an input of that shape. */
    long stateBytes(Shape x, Purpose purpose);

    /** Bytes that are derived from the weights and held besides them, for back-projection of so many targets at a time. */
    long preparedBytes(Purpose purpose, int targets);

    /**
     * Bytes of workspace for an input of that shape. The operations of a device share one workspace, so the largest layer of a network
     * counts, not the sum.
     *
     * @param targets back-projected at a time; 0 for the gradient only
     */
    long workspaceBytes(Shape x, Purpose purpose, int targets);

    /**
     * The smallest m ≥ 1 such that {@link #backProject} of m, m + 1, … or {@code targets} targets runs the same algorithm. A
     * target's result has the same bits in every such group. In a smaller group another algorithm may run, which rounds
     * differently.
     *
     * <p>This covers the algorithms that the device itself selects. A vendor's library may still select a kernel by the extents
     * of a product, which grow with the number of targets.
     *
     * @param targets at least 1
     */
    int minUniformTargets(int targets);

    /** Writes y; fills {@code state} unless it is null. */
    void forward(Tensor x, Tensor y, State state);

    /**
     * Back-projects K targets through the frozen dynamic weights and scales: {@code dIn = Σ_j dOut_j f_j w_j}, added up over the patches
     * that an input position is in. This is the explanation of the paper, not the gradient.
     *
     * @param dOut (N, K, Ho, Wo, D)
     * @param dIn (N, K, H, W, C), overwritten
     */
    void backProject(State state, Tensor dOut, Tensor dIn);

    /**
     * Computes the full gradient, through the dynamic weights and their norms.
     *
     * @param x the input of the forward pass
     * @param dOut gradient with respect to y
     * @param dIn gradient with respect to x, overwritten; null if it is not needed
     * @param gradients of the weights, added to; null if they are not needed. The work for them is then skipped, and dIn has the
     *     same bits
     * @throws IllegalArgumentException if both {@code dIn} and {@code gradients} are null
     */
    void backward(State state, Tensor x, Tensor dOut, Tensor dIn, Weights gradients);

    /** @throws IllegalArgumentException if a call of {@link #backward} asks for no gradient at all */
    static void requireWanted(Tensor dIn, Weights gradients) {
        if (dIn == null && gradients == null) {
            throw new IllegalArgumentException(
                    "dynamic alignment gradient: dIn and gradients are both null, so nothing would be computed");
        }
    }

    /**
     * Applies the frozen linear map to another input: {@code out_j = f_j w_j · m}, where m is the patch of v. The adjoint of {@link
     * #backProject} with K = 1.
     *
     * @param v (N, H, W, C)
     * @param out (N, Ho, Wo, D), overwritten
     */
    void applyMap(State state, Tensor v, Tensor out);

    /**
     * Computes the gradient of {@code Σ g · applyMap(v)} with respect to the weights and to the input x that the map was computed from. v
     * and g are constants. The linear-map regulariser needs it (paper, section 4.3).
     *
     * @param x the input of the forward pass
     * @param g (N, Ho, Wo, D)
     * @param dIn (N, H, W, C), added to; null if it is not needed
     * @param gradients of the weights, added to
     */
    void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients);

    /** The weights of a layer, or their gradients. {@code bias} is null for a layer without bias. */
    record Weights(Tensor a, Tensor b, Tensor bias) {
        /** Returns these weights if they fit a shape. @throws IllegalArgumentException naming the first that does not */
        public Weights require(DynamicAlignmentShape shape, String operation) {
            a.require(shape.aShape(), operation, "A");
            b.require(shape.bShape(), operation, "B");
            if (shape.bias() != (bias != null)) {
                throw new IllegalArgumentException(operation + ": the layer has " + (shape.bias() ? "a" : "no")
                        + " bias, the weights " + (bias != null ? "one" : "none"));
            }
            if (bias != null) {
                bias.require(shape.biasShape(), operation, "b");
            }
            return this;
        }
    }

    /** What one forward pass saves for later passes. Only the operation that created it can use it. */
    interface State {
        /** Bytes held. */
        long bytes();
    }
}
