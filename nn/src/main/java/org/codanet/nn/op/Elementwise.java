package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/** Small operations on whole tensors; shapes must agree in their number of elements. */
public interface Elementwise {
    /** {@code t = value}. */
    void fill(Tensor t, float value);

    /** {@code destination = source}. */
    void copy(Tensor source, Tensor destination);

    /** {@code destination += factor · source}. */
    void add(Tensor source, float factor, Tensor destination);

    /** {@code destination = factor · sign(source)}, with sign(0) = 0. */
    void sign(Tensor source, float factor, Tensor destination);

    /** {@code out} (1) receives {@code Σ |t|}. */
    void absoluteSum(Tensor t, Tensor out);

    /** Whether every value is finite; waits for the device. */
    boolean allFinite(Tensor t);
}
