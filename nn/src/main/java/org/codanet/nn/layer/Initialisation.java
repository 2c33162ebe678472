package org.codanet.nn.layer;

import java.util.random.RandomGenerator;
import org.codanet.nn.device.Device;

/** First values of parameters. */
public final class Initialisation {
    private Initialisation() {}

    /**
     * Writes U(±{@link Parameter#initialBound}) into the parameter's value: the distribution that PyTorch's convolutions
     * start with. The same generator state gives the same bits; one {@code nextFloat} is drawn for each element, in the
     * row-major order of the device's layout.
     */
    public static void uniform(Parameter parameter, Device device, RandomGenerator random) {
        float[] values = new float[Math.toIntExact(parameter.value().shape().elements())];
        float bound = parameter.initialBound();
        for (int i = 0; i < values.length; i++) {
            values[i] = (2 * random.nextFloat() - 1) * bound;
        }
        device.upload(values, parameter.value());
    }

    /** {@link #uniform(Parameter, Device, RandomGenerator)} for every parameter of a network, in order, from one generator. */
    public static void uniform(Sequential network, Device device, RandomGenerator random) {
        for (Parameter parameter : network.parameters()) {
            uniform(parameter, device, random);
        }
    }
}
