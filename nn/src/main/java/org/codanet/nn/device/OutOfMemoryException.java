package org.codanet.nn.device;

/** A device has no room, or its byte budget none, for what was asked: names the request, the rest and the largest holder. */
public final class OutOfMemoryException extends DeviceException {
    private static final long serialVersionUID = 1L;

    private final long requestedBytes;
    private final long availableBytes;
    private final long heldBytes;

    /**
     * @param message names the request, the rest and the largest holder
     * @param requestedBytes that were asked for
     * @param availableBytes that were left
     * @param heldBytes that the device had at that moment, {@link MemoryUse#reserved}
     */
    public OutOfMemoryException(String message, long requestedBytes, long availableBytes, long heldBytes) {
        super(message);
        this.requestedBytes = requestedBytes;
        this.availableBytes = availableBytes;
        this.heldBytes = heldBytes;
    }

    /**
     * The same refusal, with what the work that it ended could do instead.
     *
     * @param advice goes on after the sentence of {@code refusal}
     */
    public OutOfMemoryException(OutOfMemoryException refusal, String advice) {
        super(refusal.getMessage() + "; " + advice, refusal);
        this.requestedBytes = refusal.requestedBytes;
        this.availableBytes = refusal.availableBytes;
        this.heldBytes = refusal.heldBytes;
    }

    /** Bytes that were asked for. */
    public long requestedBytes() {
        return requestedBytes;
    }

    /** Bytes that were left. */
    public long availableBytes() {
        return availableBytes;
    }

    /** Bytes that the device can hold at all: what it held, and what was left. */
    public long capacityBytes() {
        return heldBytes + availableBytes;
    }
}
