package org.codanet.nn.device;

/** A device has no room, or its byte budget none, for what was asked: names the request, the rest and the largest holder. */
public final class OutOfMemoryException extends DeviceException {
    private static final long serialVersionUID = 1L;

    private final long requestedBytes;
    private final long availableBytes;

    /**
     * @param message names the request, the rest and the largest holder
     * @param requestedBytes that were asked for
     * @param availableBytes that were left
     */
    public OutOfMemoryException(String message, long requestedBytes, long availableBytes) {
        super(message);
        this.requestedBytes = requestedBytes;
        this.availableBytes = availableBytes;
    }

    /** Bytes that were asked for. */
    public long requestedBytes() {
        return requestedBytes;
    }

    /** Bytes that were left. */
    public long availableBytes() {
        return availableBytes;
    }
}
