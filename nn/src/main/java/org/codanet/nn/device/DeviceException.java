package org.codanet.nn.device;

/** A device failed. The message names the function, its status, what it was called on, and the device. */
public class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what failed, where, and what to do */
    public DeviceException(String message) {
        super(message);
    }

    /**
     * @param message what failed, where, and what to do
     * @param cause of the failure
     */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
