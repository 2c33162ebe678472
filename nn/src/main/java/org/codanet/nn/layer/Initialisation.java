package org.codanet.nn.layer;

import java.util.random.RandomGenerator;
import org.codanet.nn.device.Device;

/** Initial values of parameters. */
public final class Initialisation {
    private Initialisation() {}

    /**
     * Initialises the parameter with U(±{@link Parameter#initialBound}), the default of PyTorch's convolutions. One {@code nextFloat}
     * is drawn for each element, in row-major order of the device's layout, so the same generator state gives the same bits.
     */
    public static void uniform(Parameter parameter, Device device, RandomGenerator random) {
        float[] values = new float[Math.toIntExact(parameter.value().shape().elements())];
        float bound = parameter.initialBound();
        for (int i = 0; i < values.length; i++) {
            values[i] = (2 * random.nextFloat() - 1) * bound;
        }
        device.upload(values, parameter.value());
    }

    /** Initialises all parameters of a network, in order, from one generator. */
    public static void uniform(Sequential network, Device device, RandomGenerator random) {
        for (Parameter parameter : network.parameters()) {
            uniform(parameter, device, random);
        }
    }
}
