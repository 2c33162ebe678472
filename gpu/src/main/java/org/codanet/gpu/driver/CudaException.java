package org.codanet.gpu.driver;

import org.codanet.nn.device.DeviceException;

/**
 * A call of one of CUDA's libraries failed. The message contains the function, the name and number of the status, the subject and the
 * device.
 */
public final class CudaException extends DeviceException {
    private static final long serialVersionUID = 1L;

    private final String function;
    private final int status;

    CudaException(String function, int status, String name, Object subject, String device) {
        super(function + ": " + name + " (" + status + ") for " + subject + " on " + device);
        this.function = function;
        this.status = status;
    }

    /** The function that failed. */
    public String function() {
        return function;
    }

    /** The status that it returned. */
    public int status() {
        return status;
    }
}
