package org.codanet.nn.layer;

import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** A weight tensor of a layer. {@link #forTraining} adds its gradient and the two moments of Adam. */
public final class Parameter {
    private final String name;
    private final Tensor value;
    private final int fanIn;
    private Tensor gradient;
    private Tensor mean;
    private Tensor variance;

    /**
     * A parameter with undefined values.
     *
     * @param fanIn number of inputs that one output of this weight reads; the default initialisation is U(±1/√fanIn)
     */
    public Parameter(String name, Device device, Scope scope, Shape shape, int fanIn) {
        this.name = name;
        this.value = device.allocate(scope, shape);
        this.fanIn = fanIn;
    }

    /** Allocates gradient and moments in {@code scope}, all zero. A second call does nothing. */
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

    /** The weights. An optimiser changes them in place. */
    public Tensor value() {
        return value;
    }

    /** The bound of the default initialisation U(±bound), as in PyTorch. */
    public float initialBound() {
        return (float) (1.0 / Math.sqrt(fanIn));
    }

    /** The gradient, to which {@link Layer#backward} adds. @throws IllegalStateException before {@link #forTraining} */
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
