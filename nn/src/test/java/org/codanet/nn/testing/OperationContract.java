package org.codanet.nn.testing;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;

/**
 * Base of the contracts of single operations. A subclass opens its device, and each test compares that device with the reference device.
 * The reference device itself is tested against finite differences and golden values.
 */
public abstract class OperationContract {
    /** Opens the device under test. The test closes it. */
    protected abstract Device open();

    /**
     * Largest allowed error of a result, relative to the largest value of its tensor. The default is for float32. One operation has a
     * rounding error of 6e-8, and errors grow with the square root of the number of terms, which is some thousands here.
     */
    protected double tolerance() {
        return 1e-5;
    }

    /** The device under test with a scope. */
    protected final Workplace place() {
        return new Workplace(open());
    }

    /** The reference device with a scope. */
    protected static Workplace reference() {
        return new Workplace(Devices.open("reference", DeviceOptions.defaults()));
    }

    /** Fails if an element differs by more than this contract's tolerance. */
    protected final void assertClose(String what, float[] expected, float[] actual) {
        Close.to(what, expected, actual, tolerance());
    }
}
