package org.codanet.nn.testing;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;

/**
 * What the contracts of single operations share: a subclass opens its device, and each test compares it with the reference
 * device. What the reference computes is held against finite differences and golden values in its own tests.
 */
public abstract class OperationContract {
    /** Opens the device under test; closed by the test. */
    protected abstract Device open();

    /**
     * How far a result may be off, as a share of the largest value of its tensor. The default is for float32 arithmetic:
     * rounding is 6e-8 an operation and grows with the square root of the length of a sum, some thousands here.
     */
    protected double tolerance() {
        return 1e-5;
    }

    /** The device under test, with a scope. */
    protected final Workplace place() {
        return new Workplace(open());
    }

    /** The reference device, with a scope. */
    protected static Workplace reference() {
        return new Workplace(Devices.open("reference", DeviceOptions.defaults()));
    }

    /** Compares with this contract's tolerance. */
    protected final void assertClose(String what, float[] expected, float[] actual) {
        Close.to(what, expected, actual, tolerance());
    }
}
