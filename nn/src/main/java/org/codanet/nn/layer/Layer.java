package org.codanet.nn.layer;

import java.util.List;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * One layer of a network, with its parameters, on one device.
 *
 * <p>For a given input a layer is a linear map, possibly plus a constant. Contributions of a stack of layers add up exactly to the
 * output if no layer has such a constant: dynamic alignment and convolution without bias have none.
 *
 * <p>In a network of convolutions, batch normalisation and ReLUs this map is the gradient, because what the ReLUs let through and the
 * running statistics are constant near the input. {@link #backProject} is then the gradient of several outputs at once.
 */
public interface Layer {
    /** For example {@code 3 dynamic alignment}. Part of error messages. */
    String name();

    /** Extents of the output for an input (N, H, W, C). @throws IllegalArgumentException if the input does not fit */
    Shape outputShape(Shape input);

    /** The parameters in a fixed order; empty for a layer without weights. */
    List<Parameter> parameters();

    /** What training estimates from the activations, in a fixed order. It is stored with the weights, but has no gradient. */
    default List<Parameter> statistics() {
        return List.of();
    }

    /** Derives from the weights what passes of this purpose need. Call it after every change of the weights. */
    void prepare(Purpose purpose);

    /** Runs forward. {@code scope} owns the output and, unless the purpose is inference, the forward state. */
    Pass forward(Tensor x, Purpose purpose, Scope scope);

    /** Computes the gradient: adds to the parameters' gradients and, unless null, overwrites {@code dIn}. */
    void backward(Pass pass, Tensor dOut, Tensor dIn);

    /** {@link #backward} with respect to the input alone: leaves the parameters' gradients as they are, and needs none. */
    void inputGradient(Pass pass, Tensor dOut, Tensor dIn);

    /** Back-projects K targets {@code dOut} (N, K, Ho, Wo, Co) to the input: overwrites {@code dIn} (N, K, H, W, C). */
    void backProject(Pass pass, Tensor dOut, Tensor dIn);

    /**
     * {@link #backProject} by another rule for ReLUs. Layers without ReLUs have one rule only.
     *
     * @param baseline the pass of the baseline by the same layer; null unless the rule is {@link ReluRule#RESCALE}
     */
    default void backProject(Pass pass, ReluRule rule, Pass baseline, Tensor dOut, Tensor dIn) {
        backProject(pass, dOut, dIn);
    }

    /**
     * Applies the frozen linear map of the pass to {@code v}, which has the shape of the input: overwrites {@code out}.
     *
     * @throws UnsupportedOperationException if the layer cannot be part of a linear-map penalty
     */
    default void applyMap(Pass pass, Tensor v, Tensor out) {
        throw new UnsupportedOperationException(name() + ": this layer cannot be part of a linear-map penalty");
    }

    /**
     * Adds the gradient of {@code Σ g · applyMap(v)} to the parameters' gradients and, unless null, to {@code dIn}.
     *
     * @throws UnsupportedOperationException as {@link #applyMap}
     */
    default void mapBackward(Pass pass, Tensor v, Tensor g, Tensor dIn) {
        throw new UnsupportedOperationException(name() + ": this layer cannot be part of a linear-map penalty");
    }

    /**
     * The smallest m ≥ 1 such that {@link #backProject} of m, m + 1, … or {@code targets} targets runs the same algorithm and so
     * rounds in the same way, as {@code DynamicAlignment.minUniformTargets}.
     */
    int minUniformTargets(int targets);
}
