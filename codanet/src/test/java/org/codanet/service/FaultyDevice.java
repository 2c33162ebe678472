package org.codanet.service;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.testing.TestDevices;

/** Opens devices that hold up, delay or fail the upload of images when a test says so. */
final class FaultyDevice implements DeviceNets.Opener {
    /** An image that contains this value makes every batch fail that it is part of. */
    static final float POISON = 0.123456f;

    /** Milliseconds that each batch takes longer. */
    volatile int delayMillis;

    /** Batches wait for this latch. */
    volatile CountDownLatch gate = new CountDownLatch(0);

    /** Devices with a number up to this fail every batch. The first device has number 1. */
    volatile int brokenUpTo;

    /** Whether opening a device fails. */
    volatile boolean gone;

    /** Whether a poisoned image breaks the device that it was uploaded to. */
    volatile boolean poisonBreaksDevice;

    final AtomicInteger opened = new AtomicInteger();
    volatile Device last;

    private final int imageLength;

    /** @param imageLength floats of one image; shorter uploads are inputs of a pass */
    FaultyDevice(int imageLength) {
        this.imageLength = imageLength;
    }

    @Override
    public Devices.Choice open(String name, DeviceOptions options) {
        if (gone) {
            throw new DeviceException("device: it has fallen off the bus");
        }
        Device device = TestDevices.open(name);
        last = device;
        int number = opened.incrementAndGet();
        Device proxy = (Device) Proxy.newProxyInstance(
                Device.class.getClassLoader(), new Class<?>[] {Device.class}, (self, method, arguments) -> {
                    if (method.getName().equals("upload") && arguments[0] instanceof float[] values) {
                        interfere(number, values);
                    }
                    try {
                        return method.invoke(device, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        return new Devices.Choice(proxy, "for a test");
    }

    private void interfere(int number, float[] values) throws InterruptedException {
        if (values.length % imageLength != 0) {
            return;
        }
        if (!gate.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("the gate stayed closed");
        }
        Thread.sleep(delayMillis);
        if (number <= brokenUpTo) {
            throw new DeviceException("device: an illegal address was read");
        }
        for (float value : values) {
            if (value == POISON) {
                brokenUpTo = poisonBreaksDevice ? number : brokenUpTo;
                throw new DeviceException("device: it does not like this image");
            }
        }
    }
}
