package org.codanet.nn.layer;

import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** A trained tensor with its gradient and Adam's moments, the last three only once {@link #forTraining} asked for them. */
public final class Parameter {
    private final String name;
    private final Tensor value;
    private final int fanIn;
    private Tensor gradient;
    private Tensor mean;
    private Tensor variance;

    /** @param fanIn inputs of one output of this weight: PyTorch's default initialisation is U(±1/√fanIn) */
    public Parameter(String name, Device device, Scope scope, Shape shape, int fanIn) {
        this.name = name;
        this.value = device.allocate(scope, shape);
        this.fanIn = fanIn;
    }

    /** Allocates gradient and moments, all zero, in {@code scope}; a second call does nothing. */
    public void forTraining(Device device, Scope scope) {
        if (gradient != null) {
            return;
        }
        gradient = zeros(device, scope);
        mean = zeros(device, scope);
        variance = zeros(device, scope);
    }

    private Tensor zeros(Device device, Scope scope) {
        Tensor tensor = device.allocate(scope, value.shape());
        device.elementwise().fill(tensor, 0);
        return tensor;
    }

    /** For example {@code 3.B}. */
    public String name() {
        return name;
    }

    /** The weights themselves, which an optimiser changes in place. */
    public Tensor value() {
        return value;
    }

    /** Bound of the default initialisation: values are drawn from U(±bound). */
    public float initialBound() {
        return (float) (1.0 / Math.sqrt(fanIn));
    }

    /** Added to by backward. @throws IllegalStateException before {@link #forTraining} */
    public Tensor gradient() {
        return trained(gradient);
    }

    /** Adam's first moment. @throws IllegalStateException before {@link #forTraining} */
    public Tensor mean() {
        return trained(mean);
    }

    /** Adam's second moment. @throws IllegalStateException before {@link #forTraining} */
    public Tensor variance() {
        return trained(variance);
    }

    private Tensor trained(Tensor tensor) {
        if (tensor == null) {
            throw new IllegalStateException("parameter " + name + " was not prepared for training");
        }
        return tensor;
    }
}
