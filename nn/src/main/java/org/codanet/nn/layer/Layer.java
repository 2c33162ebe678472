package org.codanet.nn.layer;

import java.util.List;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * One step of a network on one device. A stack of layers decomposes exactly as long as each of them is, for a given input,
 * a linear map without constant: dynamic alignment, convolution without bias, sum pooling.
 */
public interface Layer {
    /** For example {@code 3 dynamic alignment}; part of error messages. */
    String name();

    /** Extents of the output for an input (N, H, W, C). @throws IllegalArgumentException if the input does not fit */
    Shape outputShape(Shape input);

    /** In a fixed order; empty for a layer without weights. */
    List<Parameter> parameters();

    /** Derives from the weights what the passes need; call it after every change of the weights. */
    void prepare(Purpose purpose);

    /** Runs forward; output and everything kept live in {@code scope}. */
    Pass forward(Tensor x, Purpose purpose, Scope scope);

    /** The gradient: overwrites {@code dIn} unless null, adds to the parameters' gradients. */
    void backward(Pass pass, Tensor dOut, Tensor dIn);

    /** Pulls K functionals (N, K, Ho, Wo, Co) of the output back to the input: overwrites {@code dIn} (N, K, H, W, C). */
    void backProject(Pass pass, Tensor dOut, Tensor dIn);

    /** Applies this pass's frozen linear map to {@code v} (shape of the input): overwrites {@code out}. */
    void applyMap(Pass pass, Tensor v, Tensor out);

    /** Adds the gradient of {@code Σ g · applyMap(v)} to the parameters' gradients and, unless null, to {@code dIn}. */
    void mapBackward(Pass pass, Tensor v, Tensor g, Tensor dIn);

    /**
     * The smallest m ≥ 1 such that {@link #backProject} of m, m + 1, … or {@code targets} targets runs the same algorithm and so
     * rounds in the same way, as {@code DynamicAlignment.minUniformTargets}.
     */
    int minUniformTargets(int targets);

    /** Bytes that one pass keeps beside input and output. */
    long passBytes(Shape input, Purpose purpose);

    /** Bytes that are derived from the weights and held beside them, for ways back with so many functionals at a time. */
    long preparedBytes(Purpose purpose, int functionals);

    /**
     * Bytes of working room, which the layers of a network share: the largest counts, not the sum.
     *
     * @param functionals pulled back at a time; 0 for a gradient alone
     */
    long workspaceBytes(Shape input, Purpose purpose, int functionals);
}
