package org.codanet.gpu.driver;

import org.codanet.nn.device.DeviceException;

/** A call of one of CUDA's libraries failed: function, status by name and number, on what, on which device. */
public final class CudaException extends DeviceException {
    private static final long serialVersionUID = 1L;

    private final String function;
    private final int status;

    CudaException(String function, int status, String name, Object subject, String device) {
        super(function + ": " + name + " (" + status + ") for " + subject + " on " + device);
        this.function = function;
        this.status = status;
    }

    /** What was called. */
    public String function() {
        return function;
    }

    /** What it returned. */
    public int status() {
        return status;
    }
}
