package org.codanet.nn.op.alignment;

import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The dynamic alignment convolution: at every position each unit computes a weight from the patch it sees and applies it
 * to that patch. With p the patch (P), A (P×r), B_j (P×r) and b_j (P) of unit j:
 *
 * <pre>
 *   a   = Aᵀ p                        r numbers a position
 *   w_j = B_j a + b_j                 the dynamic weight; never written to memory
 *   s_j = w_j · p,  q_j = w_j · w_j
 *   y_j = s_j f_j                     SQ: f = √q / (1 + q)   L2: f = 1 / √q   WB: f = 1 / (‖B_j Aᵀ‖_F ‖p‖)
 * </pre>
 *
 * <p>{@code x} is (N, H, W, C), {@code y} (N, Ho, Wo, D). Weights are patch-major: {@code A} (k, k, C, r), {@code B}
 * (k, k, C, r, D), {@code b} (k, k, C, D), so that each is a matrix that a patch (ky, kx, c) multiplies from the left.
 * Where q is zero (WB: where p is zero) y and every gradient through that position are zero.
 *
 * <p>Source: Böhle, Fritz, Schiele, Convolutional Dynamic Alignment Networks, CVPR 2021, sections 3.1 to 3.3.
 */
public interface DynamicAlignment {
    /** What this operation was planned for. */
    DynamicAlignmentShape shape();

    /**
     * Reads the weights and derives what the passes need (packed copies, Gram matrices). Call it after every change of the
     * weights and before any other method; the tensors must stay open as long as the operation is used.
     */
    void prepare(Weights weights, Purpose purpose);

    /**
     * Room for what a forward pass of batch and image extents as in {@code x} leaves behind for the later passes; owned by
     * {@code scope}. {@link Purpose#INFERENCE} needs none: pass null to {@link #forward}.
     */
    State state(Scope scope, Shape x, Purpose purpose);

    /** Bytes of {@link #state} for an input of that shape. */
    long stateBytes(Shape x, Purpose purpose);

    /** Bytes that are derived from the weights and held beside them, for ways back with so many functionals at a time. */
    long preparedBytes(Purpose purpose, int functionals);

    /**
     * Bytes of working room for an input of that shape, which the operations of a device share: of a network's layers the
     * largest counts, not the sum.
     *
     * @param functionals pulled back at a time; 0 for a gradient alone
     */
    long workspaceBytes(Shape x, Purpose purpose, int functionals);

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
     * Pulls K linear functionals of y back to x through the frozen dynamic weights and norms:
     * {@code dIn = Σ_j dOut_j f_j w_j}, summed over the patches an input position is in. This is the explanation of the
     * paper, not the gradient.
     *
     * @param dOut (N, K, Ho, Wo, D)
     * @param dIn (N, K, H, W, C), overwritten
     */
    void backProject(State state, Tensor dOut, Tensor dIn);

    /**
     * The full gradient, through dynamic weights and norms.
     *
     * @param x what forward read
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
     * Applies the frozen linear map to another input: {@code out_j = f_j w_j · patch(v)}. The adjoint of {@link
     * #backProject} with K = 1.
     *
     * @param v (N, H, W, C)
     * @param out (N, Ho, Wo, D), overwritten
     */
    void applyMap(State state, Tensor v, Tensor out);

    /**
     * The gradient of {@code Σ g · applyMap(v)} with respect to the weights and to the x that made the map, v and g being
     * constants. The step of the linear-map regulariser (λ experiments of the paper, section 4.3).
     *
     * @param x what forward read
     * @param g (N, Ho, Wo, D)
     * @param dIn (N, H, W, C), added to; null if it is not needed
     * @param gradients of the weights, added to
     */
    void mapBackward(State state, Tensor x, Tensor v, Tensor g, Tensor dIn, Weights gradients);

    /** The three weights of a layer, or their gradients; {@code bias} is null for a layer without. */
    record Weights(Tensor a, Tensor b, Tensor bias) {
        /** These, checked against a shape. @throws IllegalArgumentException naming the first that differs */
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

    /** What one forward pass left behind; of use to the operation that made it alone. */
    interface State {
        /** Bytes held. */
        long bytes();
    }
}
