package org.codanet.nn.device;

/**
 * A device has less free memory than a request needs, or its memory budget allows less. The message names the request, what is free,
 * and the scope that holds the most.
 */
public final class OutOfMemoryException extends DeviceException {
    private static final long serialVersionUID = 1L;

    private final long requestedBytes;
    private final long availableBytes;
    private final long heldBytes;

    /**
     * @param message names the request, what is free, and the scope that holds the most
     * @param requestedBytes size of the request
     * @param availableBytes what was free
     * @param heldBytes {@link MemoryUse#reserved} at that moment
     */
    public OutOfMemoryException(String message, long requestedBytes, long availableBytes, long heldBytes) {
        super(message);
        this.requestedBytes = requestedBytes;
        this.availableBytes = availableBytes;
        this.heldBytes = heldBytes;
    }

    /**
     * The same failure with advice for the user.
     *
     * @param advice appended to the message of {@code refusal}, after a semicolon
     */
    public OutOfMemoryException(OutOfMemoryException refusal, String advice) {
        super(refusal.getMessage() + "; " + advice, refusal);
        this.requestedBytes = refusal.requestedBytes;
        this.availableBytes = refusal.availableBytes;
        this.heldBytes = refusal.heldBytes;
    }

    /** Size of the request. */
    public long requestedBytes() {
        return requestedBytes;
    }

    /** Bytes that were free. */
    public long availableBytes() {
        return availableBytes;
    }

    /** Bytes that the device can hold in total: what it held and what was free. */
    public long capacityBytes() {
        return heldBytes + availableBytes;
    }
}
