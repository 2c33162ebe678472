package org.codanet.nn.op;

import org.codanet.nn.tensor.Tensor;

/** Simple operations on whole tensors. Source and destination must have equally many elements; their shapes may differ. */
public interface Elementwise {
    /** {@code t = value}. */
    void fill(Tensor t, float value);

    /** {@code destination = source}. */
    void copy(Tensor source, Tensor destination);

    /** {@code destination += factor · source}. */
    void add(Tensor source, float factor, Tensor destination);

    /** {@code destination = factor · sign(source)}, with sign(0) = 0. */
    void sign(Tensor source, float factor, Tensor destination);

    /** {@code out = Σ |t|}, of shape (1). */
    void absoluteSum(Tensor t, Tensor out);

    /** Whether every value is finite. Waits for the device. */
    boolean allFinite(Tensor t);
}
