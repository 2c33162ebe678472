package org.codanet.cli.serve;

import java.util.Map;
import org.codanet.service.ServiceException;

/** A request that is refused: a status, and one sentence for the client. */
final class HttpFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient Map<String, String> headers;

    HttpFailure(int status, String message) {
        this(status, message, Map.of());
    }

    HttpFailure(int status, String message, Map<String, String> headers) {
        super(message);
        this.status = status;
        this.headers = headers;
    }

    /** The status for a call that the service refused. */
    static HttpFailure of(ServiceException refusal) {
        String message = refusal.getMessage();
        return switch (refusal.outcome()) {
            case INVALID -> new HttpFailure(400, message);
            case UNKNOWN_MODEL -> new HttpFailure(404, message);
            case QUEUE_FULL -> new HttpFailure(429, message, Map.of("Retry-After", "1"));
            case DEADLINE, CLOSED, CANCELLED -> new HttpFailure(503, message, Map.of("Retry-After", "1"));
            case DEVICE_LOST, FAILED, SUCCESS -> new HttpFailure(503, message);
        };
    }

    int status() {
        return status;
    }

    Map<String, String> headers() {
        return headers == null ? Map.of() : headers;
    }
}
